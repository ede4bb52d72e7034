"""Many connections that each ask again as soon as they are answered, driven by one thread that costs little."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from bench.caller import END_OF_HEAD, AnswerError, length_of
from dev.processes import LOOPBACK

STOP_WAITING_SECONDS = 30


@dataclass
class _Line:
    """One connection. `asked_at` is when its request went out."""

    socket: socket.socket
    asked_at: float = 0.0
    answer: bytes = b""

    def ask(self, request: bytes) -> None:
        self.answer = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Reads what is there. Raises AnswerError."""
        part = self.socket.recv(65_536)
        if not part:
            raise AnswerError("a connection was closed in the middle of an answer")
        self.answer += part
        head, end, body = self.answer.partition(END_OF_HEAD)
        if not end or len(body) < length_of(head):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise AnswerError(repr(self.answer[:300]))
        return True


@dataclass(frozen=True)
class Wave:
    """`in_time` requests were answered within `seconds`; `taken` is how long each took, those of after the end too."""

    seconds: float
    in_time: int
    taken: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        return self.in_time / self.seconds


def wave_of(seconds: float, in_time: int, taken: list[float]) -> Wave:
    """On a machine that is busy with something else, the first answer may come after the end: it counts alone."""
    return Wave(seconds, in_time, taken) if in_time > 0 else Wave(max(seconds, taken[0]), 1, taken)


def drive(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Wave:
    """Keeps so many requests under way. Raises AnswerError for the first that is not answered 200."""
    taken: list[float] = []
    with ExitStack() as closing_all, selectors.DefaultSelector() as ready:
        for _ in range(connections):
            opened = closing_all.enter_context(closing(socket.create_connection((LOOPBACK, port))))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(opened)
            ready.register(opened, selectors.EVENT_READ, line)
            line.ask(next(requests))
        begun = time.perf_counter()
        under_way, in_time = connections, 0
        while under_way:
            if time.perf_counter() > begun + seconds + STOP_WAITING_SECONDS:
                raise AnswerError(f"{under_way} requests were not answered at all")
            for key, _ in ready.select(timeout=1):
                line = key.data
                if not line.is_answered():
                    continue
                now = time.perf_counter()
                taken.append(now - line.asked_at)
                if now < begun + seconds:
                    in_time += 1
                    line.ask(next(requests))
                else:
                    under_way -= 1
    return wave_of(seconds, in_time, taken)
