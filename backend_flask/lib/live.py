"""Hints between the processes of the API, through LISTEN and NOTIFY of Postgres: who should look at which message.

A hint holds ids only, and may be lost: the table is the truth, and who listens looks at it now and then anyway.
"""

from __future__ import annotations

import json
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from contextvars import Context
from dataclasses import replace

import psycopg

from backend_flask.lib import deadline
from backend_flask.lib.db import CONNECT_TIMEOUT, BoundedConnection, Password, secret_of
from backend_flask.lib.ddb import Hint

log = logging.getLogger(__name__)

CHANNEL = "cruddur_live"
# What the connection that listens is called in pg_stat_activity.
APPLICATION = "cruddur-live"
MOST_WAITING = 10_000
MOST_AT_ONCE = 200
# After a statement, the hints of so long go into the next one. A statement for each would take a quarter of what a send
# takes; the first hint after a silence goes out at once.
GATHER_SECONDS = 0.05
TICK_SECONDS = 1.0
# A connection that has been silent for so long is asked whether it is there.
PING_SECONDS = 15.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
FAREWELL_SECONDS = 1.0
# For the members of a group: room for one whole attempt of the SDK, and a little more.
ASK_SECONDS = 4.0


def dump(hint: Hint) -> str:
    """A member's uuid takes 39 bytes, so 50 members stay far under the 8,000 that NOTIFY takes."""
    return json.dumps([hint.message_group_uuid, hint.message_uuid, hint.to, hint.is_marker], separators=(",", ":"))


def load(text: str) -> Hint:
    """Raises ValueError or TypeError if it is none."""
    group_uuid, message_uuid, to, is_marker = json.loads(text)
    if not all(isinstance(each, str) for each in (group_uuid, message_uuid, *to)):
        raise TypeError("an id that is no text")
    return Hint(group_uuid, message_uuid, tuple(to), bool(is_marker))


# Gives the hints to all who listen. May raise.
Send = Callable[[list[str]], object]
# The members of a message group. May raise.
MembersOf = Callable[[str], Collection[str]]


class Publisher:
    """Sends hints from a thread of its own, many at a time, so that a request never waits for it."""

    def __init__(self, send: Send, members_of: MembersOf, most: int = MOST_WAITING) -> None:
        self._send = send
        self._members_of = members_of
        self._waiting: queue.Queue[Hint | None] = queue.Queue(most)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._fails = False
        self.dropped = 0

    def publish(self, hint: Hint) -> None:
        """To be called after the commit. Never waits and never raises; what cannot be sent is dropped."""
        try:
            self._waiting.put_nowait(hint)
        except queue.Full:
            self.dropped += 1
            return
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Sends what is left, if that is soon done."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            with suppress(queue.Full):
                self._waiting.put(None, timeout=FAREWELL_SECONDS)
            thread.join(FAREWELL_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                # Not in the context of a request: its deadline and its counts are not those of the hints.
                self._thread = threading.Thread(target=Context().run, args=[self._run], daemon=True, name="live-hints")
                self._thread.start()

    def _run(self) -> None:
        while True:
            hints = [self._waiting.get()]
            while len(hints) < MOST_AT_ONCE and not self._waiting.empty():
                hints.append(self._waiting.get_nowait())
            self._publish([hint for hint in hints if hint is not None])
            if None in hints:
                return
            time.sleep(GATHER_SECONDS)

    def _publish(self, hints: list[Hint]) -> None:
        addressed = [hint for hint in map(self._addressed, hints) if hint is not None]
        if not addressed:
            return
        try:
            self._send([dump(hint) for hint in addressed])
        except Exception as error:  # noqa: BLE001  # whatever it is, the next hints may get through
            self._drop(len(addressed), error)
        else:
            self._fails = False

    def _addressed(self, hint: Hint) -> Hint | None:
        if hint.to is not None:
            return hint
        try:
            with deadline.within(ASK_SECONDS):
                return replace(hint, to=tuple(self._members_of(hint.message_group_uuid)))
        except Exception as error:  # noqa: BLE001  # as above
            self._drop(1, error)
            return None

    def _drop(self, many: int, error: Exception) -> None:
        """Says so, once until some get through."""
        self.dropped += many
        if not self._fails:
            log.warning("live_hints_dropped", extra={"error": type(error).__name__})
        self._fails = True


class Ear:
    """Hears the hints of all processes on a connection of its own, from `open` to `close`.

    `hear` is given each hint, `connected` is called whenever some may have been missed: after each connect. Both are
    called in the ear's thread, and must neither wait nor raise.
    """

    def __init__(
        self, url: str, password: Password | None, hear: Callable[[Hint], None], connected: Callable[[], None]
    ) -> None:
        self._url = url
        self._password = password
        self._hear = hear
        self._connected = connected
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._listens = threading.Event()

    def open(self, wait_seconds: float = 0) -> None:
        """Starts to listen, if it does not yet; and waits for that, but no longer than said."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=Context().run, args=[self._run], daemon=True, name="live-ear")
                self._thread.start()
        if not self._listens.is_set():
            self._listens.wait(wait_seconds)

    def stop(self) -> None:
        """Ends it soon, without waiting for that."""
        self._closed.set()

    def close(self) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(TICK_SECONDS + FAREWELL_SECONDS)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closed.is_set():
            try:
                with BoundedConnection.connect(
                    self._url,
                    autocommit=True,
                    connect_timeout=CONNECT_TIMEOUT,
                    application_name=APPLICATION,
                    **secret_of(self._password),
                ) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    pause = FIRST_PAUSE_SECONDS
                    self._listens.set()
                    self._connected()
                    self._listen(connection)
            except psycopg.Error as error:
                if pause == FIRST_PAUSE_SECONDS:
                    log.warning("live_ear_deaf", extra={"error": type(error).__name__})
            self._listens.clear()
            self._closed.wait(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _listen(self, connection: psycopg.Connection[object]) -> None:
        """Until it is closed. Raises psycopg.Error if the connection breaks."""
        heard_at = time.monotonic()
        while not self._closed.is_set():
            for notice in connection.notifies(timeout=TICK_SECONDS):
                heard_at = time.monotonic()
                self._pass_on(notice.payload)
            if time.monotonic() > heard_at + PING_SECONDS:
                connection.execute("")
                heard_at = time.monotonic()

    def _pass_on(self, payload: str) -> None:
        try:
            hint = load(payload)
        except (ValueError, TypeError):
            log.warning("live_hint_unknown")
            return
        self._hear(hint)
