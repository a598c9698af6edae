"""HTTP for one connection: a bounded keep-alive pool, one deadline over everything, one cap on bytes.

httpcore2 is the layer under httpx2. It follows no redirects and reads no proxy variables, and it lets each single read
of a socket be held to what is left of the deadline, so that a reply that drips byte by byte is given up in time.
"""

import contextlib
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpcore2

from brownfield.contract import Drifted, Failure, Unavailable, Uncertain

QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux only, and the kernel forgets it: it is set before each read."""

PIECE = 64 * 1024
"""Bytes that a compressed reply is inflated by at a time."""

_call = threading.local()


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole reply: its status, its header names in lower case, its decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Deadline:
    """The moment at which a call is given up, for the sockets used by this thread until the block ends."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.seconds = seconds

    def __enter__(self) -> Self:
        _call.deadline = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _call.deadline = None

    def left(self) -> float:
        """Seconds left; a small positive number at least, so that a socket never blocks for ever."""
        return max(self.end - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self.end


def _timeout(given: float | None) -> float | None:
    deadline: Deadline | None = getattr(_call, "deadline", None)
    return given if deadline is None else deadline.left()


class _Stream(httpcore2.NetworkStream):
    """A socket whose every operation is held to what is left of the calling thread's deadline."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._acknowledge()
        deadline: Deadline | None = getattr(_call, "deadline", None)
        if deadline is not None and deadline.over:
            raise httpcore2.ReadTimeout("deadline")
        return self._inner.read(max_bytes, _timeout(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _timeout(timeout))

    def _acknowledge(self) -> None:
        """Sends acknowledgements at once. A server that waits for one before its next packet otherwise loses 40 ms."""
        if QUICKACK is not None and (found := self._inner.get_extra_info("socket")) is not None:
            with contextlib.suppress(OSError, AttributeError):
                found.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _timeout(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


Allow = Callable[[str, list[str]], list[str]]
"""A host and its addresses → those of them that may be connected to."""


class _Backend(httpcore2.SyncBackend):
    """Opens sockets that keep to the deadline, to allowed addresses only.

    The address that was allowed is the one that is connected to: a name that means another address a moment later
    (“DNS rebinding”) changes nothing.
    """

    def __init__(self, allow: Allow | None) -> None:
        self._allow = allow

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        if self._allow is not None:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            host = self._allow(host, [str(one[4][0]) for one in found])[0]
        return _Stream(super().connect_tcp(host, port, _timeout(timeout), local_address, socket_options))


@dataclass(frozen=True, slots=True)
class Wire:
    """How a connection reaches its system.

    Attributes:
        keep_alive: Whether sockets are kept for the next call.
        certificate: The client's certificate, PEM, or None.
        key: Its private key, PEM, or None when it lies in the same file.
        proxy: The address of an HTTP proxy, or None. No variable of the environment is read.
    """

    keep_alive: bool = True
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = None

    def tls(self) -> ssl.SSLContext:
        """The context for TLS.

        Raises:
            Unavailable: The certificate cannot be read.
        """
        context = ssl.create_default_context()
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key)
            except OSError as error:  # an SSLError is one
                reason = error.strerror or "it is no PEM certificate with its key"
                raise Unavailable(f"The client certificate cannot be read: {reason}. Nothing was sent.") from None
        return context


class Transport:
    """The pool of one connection. Used by several threads at once."""

    def __init__(self, concurrency: int, allow: Allow | None = None, wire: Wire | None = None) -> None:
        self._concurrency = concurrency
        self._allow = allow
        self._wire = wire or Wire()
        self._making = threading.Lock()
        self._made: httpcore2.ConnectionPool | None = None

    @property
    def _pool(self) -> httpcore2.ConnectionPool:
        """The pool, made when it is first needed: only then is a certificate read."""
        with self._making:
            if self._made is None:
                self._made = httpcore2.ConnectionPool(
                    ssl_context=self._wire.tls(),
                    proxy=httpcore2.Proxy(self._wire.proxy) if self._wire.proxy else None,
                    max_connections=max(self._concurrency, 1),
                    max_keepalive_connections=None if self._wire.keep_alive else 0,
                    keepalive_expiry=30.0,
                    network_backend=_Backend(self._allow),
                )
            return self._made

    def close(self) -> None:
        """Closes every socket."""
        if self._made is not None:
            self._made.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> HttpReply:
        """Sends one request, once, and reads the whole reply.

        Args:
            method: `POST` or `GET`.
            url: Where to.
            seconds: Deadline over connect, sending and receiving.
            max_bytes: Largest body, after decompression.
            headers: Request headers.
            content: Request body.

        Raises:
            Unavailable: Nothing was sent.
            Uncertain: The request was sent, at least in part, and no whole reply came.
            Drifted: The reply is larger than allowed, or compressed in a way that cannot be read.
        """
        with self.open(method, url, seconds=seconds, max_bytes=max_bytes, headers=headers, content=content) as exchange:
            return exchange.whole()

    def open(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> "Exchange":
        """Sends one request, once, and reads the head of the reply. See `request`; whoever opens it has to close it."""
        deadline = Deadline(seconds)
        sent = threading.Event()

        def trace(event: str, _info: object) -> None:
            if event.endswith("send_request_headers.started"):
                sent.set()

        pairs = [*(headers or {}).items(), ("Accept-Encoding", "gzip")]
        pairs += [] if self._wire.keep_alive else [("Connection", "close")]
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), deadline.left())
        extensions: dict[str, Any] = {"timeout": timeout, "trace": trace}
        stack = contextlib.ExitStack()
        try:
            with deadline:
                reply = self._pool.stream(method, url, headers=pairs, content=content, extensions=extensions)
                return Exchange(stack.enter_context(reply), deadline, max_bytes, stack)
        except Failure:
            raise
        except (*NETWORK_ERRORS, OSError, ValueError) as error:
            raise _lost(error, deadline, sent=sent.is_set()) from None


class Exchange:
    """A reply under way: its head is here, its body is still coming.

    Attributes:
        status: The HTTP status.
        headers: Header names in lower case.
    """

    def __init__(
        self, reply: httpcore2.Response, deadline: Deadline, max_bytes: int, stack: contextlib.ExitStack
    ) -> None:
        self.status = reply.status
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
        self._deadline = deadline
        self._stack = stack
        inflated = _inflated(reply.iter_stream(), self.headers.get("content-encoding", ""))
        self._chunks = _capped(inflated, deadline, max_bytes)

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, decompressed, held to the deadline and the cap, whichever thread asks.

        Raises:
            Uncertain: The connection was lost, or the deadline has passed.
            Drifted: The body is larger than allowed, or compressed in a way that cannot be read.
        """
        while True:
            try:
                with self._deadline:
                    chunk = next(self._chunks, None)
            except (*NETWORK_ERRORS, OSError) as error:
                raise _lost(error, self._deadline, sent=True) from None
            if chunk is None:
                return
            yield chunk

    def whole(self) -> HttpReply:
        """The whole reply. Raises like `chunks`."""
        return HttpReply(self.status, self.headers, b"".join(self.chunks()))

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return HttpReply(self.status, self.headers, b"").media_type

    def close(self) -> None:
        """Gives the connection back when the whole body was read, and closes it otherwise. May be called twice."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


NETWORK_ERRORS = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)


def _lost(error: Exception, deadline: Deadline, *, sent: bool) -> Unavailable | Uncertain:
    """What a lost exchange means: nothing happened as long as no byte of the request had left."""
    late = isinstance(error, httpcore2.TimeoutException) or deadline.over
    if sent:
        how = f"no whole answer came within {deadline.seconds:g} s" if late else "the connection was lost"
        return Uncertain(f"The request was sent, and then {how}: it may have been carried out.")
    how = f"could not be reached within {deadline.seconds:g} s" if late else "could not be reached"
    return Unavailable(f"The system {how} ({_reason(error)}). Nothing was sent.")


def _reason(error: Exception) -> str:
    """The operating system's words for it, never an address or a header."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or 'handshake failed'}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(error).__name__


def _capped(chunks: Iterable[bytes], deadline: Deadline, max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        if deadline.over:
            raise httpcore2.ReadTimeout("deadline")
        yield chunk


def _inflated(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The chunks decompressed, piece by piece: a small reply may inflate without end."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Drifted("The reply is compressed in a way that was not asked for.")
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            yield inflater.decompress(chunk, PIECE)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, PIECE)
    except zlib.error:
        raise Drifted("The reply's compression is damaged.") from None
    if not inflater.eof:
        raise Drifted("The reply's compression is cut short.")


def _too_large(max_bytes: int) -> Drifted:
    return Drifted(f"The reply is larger than the {max_bytes} bytes that the connection allows.")
