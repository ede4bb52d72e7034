"""Somebody who listens to live events, as a browser would: one connection, read by a thread of its own."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from dev.processes import LOOPBACK

PATH = "/api/messages/stream"


@dataclass(frozen=True)
class Told:
    """An event; without a kind it is a block that has none, such as one that only moves the id."""

    kind: str
    id: str
    data: Any = None


def parse(text: str) -> list[Told]:
    """The blocks of a text (HTML Standard, section 9.2.6), as far as this API uses them."""
    return [_block(block) for block in text.split("\n\n") if block]


def _block(block: str) -> Told:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
    data = json.loads(fields["data"]) if "data" in fields else None
    return Told(fields.get("event", ""), fields.get("id", ""), data)


class Listening:
    """From when it is made until `close`, or until the server ends the stream."""

    def __init__(self, port: int, token: str, last_id: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        self._connection.connect()
        self._socket: socket.socket = self._connection.sock
        self._connection.request("GET", PATH, headers=headers | ({"Last-Event-ID": last_id} if last_id else {}))
        self._answer = self._connection.getresponse()
        self.status, self.headers = self._answer.status, self._answer.headers
        self.last_id = last_id
        self.told: list[Told] = []
        self.text = ""
        self.ended = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def wait_for(self, many: int, seconds: float = 5) -> list[Told]:
        """The events so far, once there are so many. Raises AssertionError."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= many, seconds), (many, self.told, self.text)
            return self.told[:]

    def ready(self) -> Listening:
        """Itself, once its first event is there."""
        self.wait_for(1)
        return self

    @property
    def texts(self) -> list[str]:
        """Of the messages that were told."""
        return [told.data["message"] for told in self.told if "message" in told.data]

    def _listen(self) -> None:
        block = ""
        with suppress(OSError, http.client.HTTPException, ValueError):
            while line := self._answer.readline():
                block += line.decode()
                if line == b"\n":
                    self._hear(block)
                    block = ""
        self.ended.set()

    def _hear(self, block: str) -> None:
        for told in parse(block):
            with self._changed:
                self.text += block
                self.last_id = told.id or self.last_id
                if told.kind:
                    self.told.append(told)
                    self._changed.notify_all()
