"""Many who listen to live events, each on a connection of its own, held by one thread that costs little."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from bench.caller import END_OF_HEAD, AnswerError, request_of
from dev.processes import LOOPBACK
from tests.listening import PATH

READY, MESSAGE = b"event: ready", b"event: message"
PATIENCE_SECONDS = 30.0
_UUID_AFTER = b'data: {"uuid": "'
_UUID_BYTES = 36
AT_ONCE = 25


class Audience:
    """From when all are ready until `close`. Raises AnswerError if one is refused, or if events do not come."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self._ready = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._rests: dict[socket.socket, bytes] = {}
        self._changed = threading.Condition()
        self._begun = 0
        self._lost = 0
        # By message: when each of those who were told heard of it.
        self._heard: dict[str, list[float]] = {}
        self._is_over = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        try:
            # All at once would be more than the server signs in at once: it answers 503, and a client comes again.
            for begin in range(0, len(tokens), AT_ONCE):
                for token in tokens[begin : begin + AT_ONCE]:
                    self._connect(port, token)
                self._wait_until_begun()
        except (AnswerError, OSError):
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._sockets) - self._lost

    def __enter__(self) -> Audience:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        for each in self._sockets:
            each.close()
        self._ready.close()

    def heard(self, message_uuid: str, many: int = 1) -> list[float]:
        """When so many have heard of a message, by time.perf_counter."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._heard.get(message_uuid, ())) >= many, PATIENCE_SECONDS):
                raise AnswerError(f"{len(self._heard.get(message_uuid, ()))} of {many} have heard of a message")
            return self._heard[message_uuid]

    def _wait_until_begun(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._begun >= len(self._sockets), PATIENCE_SECONDS):
                raise AnswerError(f"{self._begun} of {len(self._sockets)} streams have begun")

    def _connect(self, port: int, token: str) -> None:
        opened = socket.create_connection((LOOPBACK, port), timeout=PATIENCE_SECONDS)
        opened.sendall(request_of("GET", PATH, token))
        opened.setblocking(False)
        self._sockets.append(opened)
        self._rests[opened] = b""
        self._ready.register(opened, selectors.EVENT_READ)

    def _listen(self) -> None:
        while not self._is_over:
            for key, _ in self._ready.select(timeout=0.1):
                found = key.fileobj
                assert isinstance(found, socket.socket)
                self._hear(found)

    def _hear(self, speaker: socket.socket) -> None:
        part = speaker.recv(65_536)
        now = time.perf_counter()
        if not part:
            self._ready.unregister(speaker)
            self._lost += 1
            return
        *blocks, self._rests[speaker] = (self._rests[speaker] + part).replace(END_OF_HEAD, b"\n\n").split(b"\n\n")
        with self._changed:
            for block in blocks:
                self._begun += READY in block
                if MESSAGE in block:
                    message_uuid = block.partition(_UUID_AFTER)[2][:_UUID_BYTES].decode()
                    self._heard.setdefault(message_uuid, []).append(now)
            self._changed.notify_all()
