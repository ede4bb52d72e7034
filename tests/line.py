"""A TCP line between the code and a server, for tests of what a network does."""

from __future__ import annotations

import contextlib
import select
import socket
import threading


class Line:
    """A TCP line to a server that a test can freeze or cut."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._forgotten: set[socket.socket] = set()
        self._ended = threading.Event()
        self.frozen = False
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def cut(self) -> None:
        """Ends all connections, as a restart of the server does."""
        for end in list(self._pairs):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Carries nothing any more for the connections of now, and does not say so: a firewall's way."""
        self._forgotten |= set(self._pairs)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        for end in [*self._pairs, self._listener]:
            end.close()

    def _serve(self) -> None:
        # On a frozen line there is always something to read.
        while not self._ended.wait(0.01 if self.frozen else 0):
            ready, _, _ = select.select([self._listener, *(set(self._pairs) - self._forgotten)], [], [], 0.01)
            for end in [] if self.frozen else ready:
                if end is self._listener:
                    self._accept()
                elif end in self._pairs:
                    self._forward(end)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(self._address)
        self._pairs |= {near: far, far: near}

    def _forward(self, end: socket.socket) -> None:
        other = self._pairs[end]
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(65536)
        if data:
            other.sendall(data)
            return
        for each in (end, other):
            del self._pairs[each]
            each.close()
