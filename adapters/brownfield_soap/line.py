"""One socket that speaks HTTP/1.1 with one server, one exchange after the other.

A request leaves in one piece, and no single wait is longer than what is left of the deadline, so that a server that
drips is given up in time.
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterator

from brownfield_soap.head import Incoming

QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux only, and the kernel forgets it: it is set before each read."""

AT_ONCE = 64 * 1024
"""Bytes asked of a socket at a time."""


class Deadline:
    """The moment at which an exchange is given up.

    Attributes:
        seconds: How long it had from the beginning.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: There are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._end


class Line:
    """A connected socket. Used by one thread at a time.

    Attributes:
        socket: Plain, or with TLS on it.
        idle_since: When it was last put aside, on the clock of `time.monotonic`.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.idle_since = 0.0
        self._sent = False
        self._reply = Incoming()

    def send(self, head: bytes, content: bytes, deadline: Deadline) -> None:
        """Sends a request whole.

        Raises:
            OSError: The socket failed or the deadline has passed; any number of bytes may have left.
        """
        self._sent, self._reply = False, Incoming()
        waiting = memoryview(head + content)
        try:
            while waiting:
                self.socket.settimeout(deadline.left())
                waiting = waiting[self.socket.send(waiting) :]
            self._sent = True
        except ConnectionError:
            # A server may refuse a large request before it has read it: what it said is there to be read.
            if not self._has_spoken():
                raise

    def head(self, deadline: Deadline) -> Incoming:
        """The reply, its head here.

        Raises:
            OSError: The socket failed or the deadline has passed.
            Garbled: What came is no HTTP, or nothing came.
        """
        while not self._reply.status:
            self._reply.feed(self._read(deadline))
        return self._reply

    def body(self, deadline: Deadline) -> Iterator[bytes]:
        """The body of the reply, as it comes. Raises like `head`."""
        yield from self._reply.taken()
        while not self._reply.complete:
            self._reply.feed(self._read(deadline))
            yield from self._reply.taken()

    def ready_again(self) -> bool:
        """Whether the exchange is over and the server takes another on this line."""
        return self._sent and self._reply.complete and not self._reply.last

    def fresh(self, seconds: float) -> bool:
        """Whether a line that was put aside can be used: not for too long, and the server did not hang up meanwhile."""
        return time.monotonic() - self.idle_since < seconds and not self._has_spoken()

    def close(self) -> None:
        """Closes the socket. May be called twice."""
        with contextlib.suppress(OSError):
            self.socket.close()

    def _read(self, deadline: Deadline) -> bytes:
        if QUICKACK is not None and self.socket.family != socket.AF_UNIX:
            # Acknowledged at once: a server that waits for it before its next packet otherwise loses 40 ms.
            self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        self.socket.settimeout(deadline.left())
        return self.socket.recv(AT_ONCE)

    def _has_spoken(self) -> bool:
        """Whether there is something to read: the end of the connection, or bytes that nobody asked for."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(0))
