"""How an answer leaves: head and body in one piece, sent while the other threads go on.

One piece is one waking of the client. uvloop keeps the interpreter's lock while it sends, and a client on the same
machine is woken within that call: of eight at a time, a sixth of all that the lock allows went there.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


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
    """Uvicorn's, on such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See `asyncio.Protocol`."""
        self._joined = Joined(transport)
        super().connection_made(cast("asyncio.Transport", self._joined))

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        super().connection_lost(exc)
        self._joined.release()


def _what(transport: asyncio.Transport) -> tuple[int, int, int]:
    found = transport.get_extra_info("socket")
    return found.fileno(), found.family, found.type
