"""How an answer leaves: head and body in one piece, sent while the other threads go on. And what comes before a call.

One piece is one waking of the client. uvloop keeps the interpreter's lock while it sends, and a client on the same
machine is woken within that call: of eight at a time, a sixth of all that the lock allows went there.

Whoever connects is nobody yet: how many may, how long they take to say what they want, and in how many bytes, has
bounds.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 1024
"""Bytes of a request's head, or of what stands between the chunks of its body and behind them."""
PATIENCE = 30.0
"""Seconds in which a head has to come: of the first since the connection, of a later one since its first bytes."""
MOST = 400
"""Connections at once: each has two descriptors, and of those a process often has 1,024."""


class Joined:
    """A transport that sends what is written first with what follows it in the same turn of the loop.

    Args:
        transport: What has the socket, and sends what the socket does not take at once.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # A copy, so that no number of a socket that was closed meanwhile is written to.
        self._socket: socket.socket = socket.fromfd(*_what(transport))
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Send data with what waits; what is first waits for the end of this turn."""
        self._waiting.append(data)
        if len(self._waiting) > 1:
            self._send()
        else:
            asyncio.get_running_loop().call_soon(self._send)

    def close(self) -> None:
        """Send what waits, then close."""
        self._send()
        self._transport.close()

    def release(self) -> None:
        """Give up the copy, and what waits: the connection is over, and its transport takes no more."""
        self._waiting.clear()
        self._socket.close()

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)

    def _send(self) -> None:
        waiting, self._waiting = b"".join(self._waiting), []
        if waiting and self._transport.get_write_buffer_size() == 0:
            with suppress(OSError):  # the transport finds out too, and ends the connection
                waiting = waiting[self._socket.send(waiting) :]
        if waiting:
            self._transport.write(waiting)


class Protocol(HttpToolsProtocol):
    """Uvicorn's, on such a transport, which keeps nothing without a bound for somebody it does not know."""

    _late: asyncio.TimerHandle | None = None
    _unheard = 0
    """Bytes since the last that were the end of a head, or a body's."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        self._joined = Joined(transport)
        super().connection_made(cast("asyncio.Transport", self._joined))
        self._wait()
        if len(self.connections) > MOST:
            self._refuse(b"503 Service Unavailable")

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        super().connection_lost(exc)
        self._heard()
        self._joined.release()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._unheard += len(data)
        super().data_received(data)
        if self._unheard > LONGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large")
        elif self._unheard and self._late is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Called by the parser, as what follows."""
        self._heard()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of a body: how much of it there may be is for whoever reads it."""
        self._heard()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a body, which may have come alone."""
        self._heard()
        super().on_message_complete()

    def _heard(self) -> None:
        self._unheard = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _wait(self) -> None:
        self._late = self.loop.call_later(PATIENCE, self._refuse, b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        """Hang up, and say why where no answer is half said."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % status)
        self.transport.close()


def _what(transport: asyncio.Transport) -> tuple[int, int, int]:
    found = transport.get_extra_info("socket")
    return found.fileno(), found.family, found.type
