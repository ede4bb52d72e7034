"""Live events in one process: who listens, and what each is told.

A hint comes from whichever process has made a change. The message that it names is read once, and told to all listeners
here whom it concerns. Whatever goes wrong on this way only makes them look for themselves: see `live_stream`.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

from backend_flask.errors import RateLimited, Unavailable
from backend_flask.lib import deadline
from backend_flask.lib.ddb import Hint
from backend_flask.lib.ddb_changes import Happened
from backend_flask.lib.ddb_items import Message
from backend_flask.lib.live import Publisher

log = logging.getLogger(__name__)

MAX_STREAMS_OF_A_USER = 10
# Who reads slower than this many events come in is to come back and catch up.
MOST_UNTOLD = 200
READERS = 8
MOST_UNREAD = 1000
# Room for one whole attempt of the SDK, and a little more.
READ_SECONDS = 4.0
# All who listen look at the table at once when the hints were interrupted, within so many seconds.
SPREAD_SECONDS = 3.0
RETRY_AFTER_SECONDS = 5
COMPLAIN_SECONDS = 10.0
# Those who come back all at once must not take the table away from everybody else.
LOOKS_AT_ONCE = 16
# Until it is a stream's turn to look. Less than a heartbeat, together with the look.
TURN_SECONDS = 4.0

# The message as it is now, or None if it has expired or was never there. May raise.
Read = Callable[[str, str], Message | None]


class Hears(Protocol):
    """Calls `hear` and `connected`: see `lib.live.Ear`."""

    def open(self, wait_seconds: float = 0) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


class Listener:
    """One stream of one user: what waits to be told to it, and when it is to look for itself, by time.monotonic."""

    def __init__(self, user_uuid: str) -> None:
        self.user_uuid = user_uuid
        self.is_over = False
        self.look_at = 0.0
        self._untold: deque[Happened] = deque()
        self._changed = threading.Condition(threading.Lock())

    def tell(self, happened: Happened) -> None:
        """Never waits. Ends the stream if too much waits already: the client comes back and misses nothing."""
        with self._changed:
            if self.is_over:
                return
            self._untold.append(happened)
            self.is_over = len(self._untold) > MOST_UNTOLD
            self._changed.notify()

    def look(self, within_seconds: float = 0.0) -> None:
        """Makes the stream look at the table, at some time within so many seconds."""
        with self._changed:
            at = time.monotonic() + random.uniform(0, within_seconds)  # noqa: S311
            self.look_at = min(self.look_at, at)
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self.is_over = True
            self._changed.notify()

    def wait(self, until: float, *, for_what_is_untold: bool = True) -> None:
        """Until then, or until there is something to do sooner."""
        with self._changed:
            while not self.is_over and not (for_what_is_untold and self._untold):
                left = min(until, self.look_at) - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def take(self) -> list[Happened]:
        """What waits to be told, which waits no longer."""
        with self._changed:
            taken = list(self._untold)
            self._untold.clear()
        return taken


class Hub:
    """The listeners of this process. `ear` makes what hears the hints, `most` is how many listeners there may be."""

    def __init__(
        self, ear: Callable[[Callable[[Hint], None], Callable[[], None]], Hears], read: Read, most: int
    ) -> None:
        self._ear = ear(self.hear, self.look)
        self._read = read
        self._most = most
        self._lock = threading.Lock()
        self._listeners: dict[str, set[Listener]] = {}
        self._count = 0
        self._is_over = False
        self._unread: list[queue.Queue[Hint | None]] = []
        self._complain_at = 0.0
        self._turns = threading.BoundedSemaphore(LOOKS_AT_ONCE)

    def __len__(self) -> int:
        return self._count

    def join(self, user_uuid: str) -> Listener:
        """From now on, the user is told. Raises RateLimited or Unavailable if there are too many streams."""
        with self._lock:
            own = self._listeners.get(user_uuid, set())
            if len(own) >= MAX_STREAMS_OF_A_USER:
                raise RateLimited(RETRY_AFTER_SECONDS)
            if self._is_over or self._count >= self._most:
                raise Unavailable(RETRY_AFTER_SECONDS)
            listener = Listener(user_uuid)
            self._listeners[user_uuid] = own | {listener}
            self._count += 1
        try:
            # Usually it does already. What is hinted at before it does is found by the look that follows.
            self._ear.open(wait_seconds=1)
        except RuntimeError:
            # No thread could be started.
            self.leave(listener)
            raise Unavailable(RETRY_AFTER_SECONDS) from None
        return listener

    def leave(self, listener: Listener) -> None:
        """May be said again."""
        with self._lock:
            own = self._listeners.get(listener.user_uuid, set())
            if listener in own:
                self._count -= 1
                self._listeners[listener.user_uuid] = own - {listener}
                if len(own) == 1:
                    del self._listeners[listener.user_uuid]

    def end(self) -> None:
        """Ends all streams, and lets nobody in any more."""
        with self._lock:
            self._is_over = True
        self._ear.stop()
        for listener in self._everybody():
            listener.end()

    def close(self) -> None:
        self.end()
        self._ear.close()
        for unread in self._unread:
            with suppress(queue.Full):
                unread.put_nowait(None)

    def look(self) -> None:
        """Makes all look at the table: hints may have been missed."""
        for listener in self._everybody():
            listener.look(SPREAD_SECONDS)

    def hear(self, hint: Hint) -> None:
        """Never waits."""
        listeners = self._of(hint.to or ())
        if not listeners:
            return
        if hint.is_marker:
            for listener in listeners:
                listener.tell(Happened.marker(hint.message_group_uuid, hint.message_uuid, hint.message_uuid))
            return
        try:
            self._readers()[hash(hint.message_group_uuid) % READERS].put_nowait(hint)
        except queue.Full:
            self._let_look(listeners)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until few enough look at the table at once. Raises Unavailable if that takes too long."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise Unavailable(RETRY_AFTER_SECONDS)
        try:
            yield
        finally:
            self._turns.release()

    def look_failed(self, error: Exception) -> None:
        """A stream could not look at the table, and will try again."""
        if self._may_complain():
            log.warning("live_look_failed", extra=self._told_of(error))

    def _may_complain(self) -> bool:
        """Not if there was something to log just now: what is away for one is away for all."""
        now = time.monotonic()
        if now < self._complain_at:
            return False
        self._complain_at = now + COMPLAIN_SECONDS
        return True

    def _told_of(self, error: Exception) -> dict[str, object]:
        return {"error": type(error).__name__, "streams": self._count}

    def _readers(self) -> list[queue.Queue[Hint | None]]:
        """Messages of one group are read one after the other, so that they are told in their order."""
        with self._lock:
            while len(self._unread) < READERS:
                unread: queue.Queue[Hint | None] = queue.Queue(MOST_UNREAD)
                self._unread.append(unread)
                run = Context().run
                threading.Thread(target=run, args=[self._read_all, unread], daemon=True, name="live-reader").start()
        return self._unread

    def _read_all(self, unread: queue.Queue[Hint | None]) -> None:
        while (hint := unread.get()) is not None:
            self._tell_of(hint)

    def _tell_of(self, hint: Hint) -> None:
        listeners = self._of(hint.to or ())
        if not listeners:
            return
        try:
            with deadline.within(READ_SECONDS):
                message = self._read(hint.message_group_uuid, hint.message_uuid)
            if message is not None:
                self._tell(listeners, message)
        except Exception as error:  # noqa: BLE001  # whatever it is, a look at the table makes up for it
            if self._may_complain():
                log.warning("live_read_failed", extra=self._told_of(error))
            self._let_look(listeners)

    def _tell(self, listeners: Iterable[Listener], message: Message) -> None:
        """Those who may see it."""
        happened, now = Happened.of(message), time.time()
        for listener in listeners:
            if message.is_shown_to(listener.user_uuid, now):
                listener.tell(happened)

    def _let_look(self, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            listener.look(SPREAD_SECONDS)

    def _of(self, user_uuids: Iterable[str]) -> list[Listener]:
        return [listener for each in user_uuids for listener in self._listeners.get(each, ())]

    def _everybody(self) -> list[Listener]:
        with self._lock:
            return [listener for own in self._listeners.values() for listener in own]


@dataclass(frozen=True)
class Live:
    """What a running app has for live events. `catch_up` gives what has happened to a user after an instant, in
    milliseconds since the epoch, oldest first; raises TooMuchMissed."""

    hub: Hub
    publisher: Publisher
    catch_up: Callable[[str, int], list[Happened]]

    def close(self) -> None:
        self.publisher.close()
        self.hub.close()
