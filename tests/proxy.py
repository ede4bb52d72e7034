"""A neighbour that can be cut off: a TCP proxy in front of a real one."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Proxy:
    """Listens on a port of its own and passes everything on, until told otherwise.

    - `refuse`: nobody listens, and what was connected is cut
    - `freeze`: connections are taken, and nothing is passed on: a host that hangs
    - `swallow`: requests are passed on, answers are not: the work is done, and nobody hears of it
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._forward, self._back = threading.Event(), threading.Event()
        self._sockets: list[socket.socket] = []
        self._asked: set[socket.socket] = set()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.answer()

    def answer(self) -> None:
        """As if nothing had ever happened."""
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.port)
        self._forward.set()
        self._back.set()

    def refuse(self) -> None:
        # Only a shutdown wakes up the thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def freeze(self) -> None:
        self._forward.clear()
        self._back.clear()

    def swallow(self) -> None:
        self._back.clear()

    def cut(self) -> None:
        """Ends all connections, once the neighbour has done what it was asked: ExtendDB 0.1.10 locks its database for
        good if its client hangs up in the middle of a write."""
        give_up = time.monotonic() + 0.5
        while self._asked and time.monotonic() < give_up:
            time.sleep(0.005)
        self._asked.clear()
        for connection in self._sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._sockets.clear()

    def close(self) -> None:
        self.refuse()
        self._forward.set()
        self._back.set()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=100)
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                threading.Thread(target=self._ask, args=[near, far], daemon=True).start()
                threading.Thread(target=self._tell, args=[near, far], daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        """Who asked may have gone by the time that it is passed on; the neighbour does not hear of that."""
        with contextlib.suppress(OSError):
            while data := near.recv(65_536):
                self._forward.wait()
                self._asked.add(far)
                far.sendall(data)

    def _tell(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65_536):
                self._asked.discard(far)
                self._back.wait()
                near.sendall(data)
        for connection in (near, far):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Stopwatch:
    """`with Stopwatch(5):` fails if the block takes longer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        took = time.monotonic() - self._started
        assert kind or took < self.seconds, f"took {took:.1f} s"
