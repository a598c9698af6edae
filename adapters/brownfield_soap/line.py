"""One socket that speaks HTTP/1.1 with one server, one exchange after the other.

h11 knows the protocol and h11 alone decides what is a message. This file moves its bytes: a request leaves in one
piece, and no single wait is longer than what is left of the deadline, so that a server that drips is given up in time.
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterator

import h11

QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux only, and the kernel forgets it: it is set before each read."""

AT_ONCE = 64 * 1024
"""Bytes asked of a socket at a time."""

LONGEST_HEAD = 100 * 1024
"""Bytes that the head of a reply, or a line between its chunks, may have."""


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
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)

    def send(self, request: h11.Request, content: bytes, deadline: Deadline) -> None:
        """Sends a request whole.

        Raises:
            OSError: The socket failed or the deadline has passed; any number of bytes may have left.
        """
        head, body = self._http.send(request), self._http.send(h11.Data(content))
        self._http.send(h11.EndOfMessage())
        waiting = memoryview(b"".join((head or b"", body or b"")))
        try:
            while waiting:
                self.socket.settimeout(deadline.left())
                waiting = waiting[self.socket.send(waiting) :]
        except ConnectionError:
            # A server may refuse a large request before it has read it: what it said is there to be read.
            if not self._has_spoken():
                raise

    def head(self, deadline: Deadline) -> h11.Response:
        """The head of the reply.

        Raises:
            OSError: The socket failed or the deadline has passed.
            h11.RemoteProtocolError: What came is no HTTP, or nothing came.
        """
        while not isinstance(event := self._next(deadline), h11.Response):
            pass  # “100 Continue” and other words on the way
        return event

    def body(self, deadline: Deadline) -> Iterator[bytes]:
        """The body of the reply, as it comes. Raises like `head`."""
        while isinstance(event := self._next(deadline), h11.Data):
            yield bytes(event.data)

    def ready_again(self) -> bool:
        """Whether the exchange is over and the server takes another on this line.

        Bytes behind the reply would be read as the answer to the next request: such a line is not used again.
        """
        over = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not over or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        return True

    def fresh(self, seconds: float) -> bool:
        """Whether a line that was put aside can be used: not for too long, and the server did not hang up meanwhile."""
        return time.monotonic() - self.idle_since < seconds and not self._has_spoken()

    def close(self) -> None:
        """Closes the socket. May be called twice."""
        with contextlib.suppress(OSError):
            self.socket.close()

    def _next(self, deadline: Deadline) -> h11.Event | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(self._read(deadline))
        return event  # type: ignore[return-value]  # NEED_DATA is never returned

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
