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
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpcore2

from brownfield.contract import Drifted, Failure, Unavailable, Uncertain
from brownfield_rest.setting import RestSettings

PIECE = 64 * 1024
"""Bytes that a compressed reply is inflated by at a time."""
LOST = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
    ValueError,
)

_call = threading.local()


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, once.

    Attributes:
        method: In capitals.
        url: Where to.
        headers: Names and values.
        body: The content, or None.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A whole reply: its status, its media type without parameters, its decompressed body."""

    status: int
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which a call is given up.

    Attributes:
        seconds: How long it was from the call's start.
        end: The moment, on the monotonic clock.
    """

    seconds: float
    end: float

    @property
    def left(self) -> float:
        """Seconds left; a small positive number at least, so that a socket never blocks for ever."""
        return max(self.end - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self.end


def _timeout(given: float | None) -> float | None:
    deadline: Deadline | None = getattr(_call, "deadline", None)
    return given if deadline is None else deadline.left


class _Stream(httpcore2.NetworkStream):
    """A socket whose every operation is held to what is left of the calling thread's deadline."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        deadline: Deadline | None = getattr(_call, "deadline", None)
        if deadline is not None and deadline.over:
            raise httpcore2.ReadTimeout("deadline")
        return self._inner.read(max_bytes, _timeout(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _timeout(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _timeout(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    """Opens sockets that keep to the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        options = [*(socket_options or ()), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        return _Stream(super().connect_tcp(host, port, _timeout(timeout), local_address, options))


class Transport:
    """The pool of one connection. Used by several threads at once."""

    def __init__(self, concurrency: int, settings: RestSettings | None = None) -> None:
        self._concurrency = max(concurrency, 1)
        self._settings = settings
        self._making = threading.Lock()
        self._made: httpcore2.ConnectionPool | None = None

    @property
    def _pool(self) -> httpcore2.ConnectionPool:
        """The pool, made when it is first needed: only then is a certificate read."""
        settings = self._settings
        with self._making:
            if self._made is None:
                self._made = httpcore2.ConnectionPool(
                    ssl_context=_tls(settings),
                    proxy=httpcore2.Proxy(settings.proxy) if settings and settings.proxy else None,
                    max_connections=self._concurrency,
                    max_keepalive_connections=0 if settings and not settings.keep_alive else None,
                    keepalive_expiry=30.0,
                    network_backend=_Backend(),
                )
            return self._made

    def close(self) -> None:
        """Closes every socket."""
        if self._made is not None:
            self._made.close()

    def send(self, request: Request, *, seconds: float, max_bytes: int) -> Response:
        """Sends one request, once, and reads the whole reply.

        Args:
            request: What is sent.
            seconds: Deadline over connect, sending and receiving.
            max_bytes: Largest body, after decompression.

        Raises:
            Unavailable: Nothing was sent.
            Uncertain: The request was sent, at least in part, and no whole reply came.
            Drifted: The reply is larger than allowed, or compressed in a way that cannot be read.
        """
        deadline = _call.deadline = Deadline(seconds, time.monotonic() + seconds)
        sent = threading.Event()
        try:
            with contextlib.closing(_exchange(self._pool, request, deadline, sent)) as parts:
                return _whole(parts, deadline, max_bytes)
        except Failure:
            raise
        except LOST as error:
            raise _lost(error, deadline, sent=sent.is_set()) from None
        finally:
            _call.deadline = None


def _exchange(
    pool: httpcore2.ConnectionPool, request: Request, deadline: Deadline, sent: threading.Event
) -> Generator[Any, None, None]:
    """The reply's head, then the pieces of its body."""

    def trace(event: str, _info: object) -> None:
        if event.endswith("send_request_headers.started"):
            sent.set()

    headers = [*request.headers, ("Accept-Encoding", "gzip")]
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), deadline.left)
    extensions: dict[str, Any] = {"timeout": timeout, "trace": trace}
    with pool.stream(request.method, request.url, headers=headers, content=request.body, extensions=extensions) as got:
        yield got
        yield from got.iter_stream()


def _whole(parts: Iterator[Any], deadline: Deadline, max_bytes: int) -> Response:
    head = next(parts)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head.headers}
    body = bytearray()
    for piece in _inflated(parts, headers.get("content-encoding", "")):
        body += piece
        if len(body) > max_bytes:
            raise Drifted(f"The reply is larger than the {max_bytes} bytes that the connection allows.")
        if deadline.over:
            raise httpcore2.ReadTimeout("deadline")
    return Response(head.status, headers.get("content-type", "").partition(";")[0].strip().lower(), bytes(body))


def _inflated(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces decompressed, bit by bit: a small reply may inflate without end."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Drifted("The reply is compressed in a way that was not asked for.")
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in pieces:
            yield inflater.decompress(piece, PIECE)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, PIECE)
    except zlib.error:
        raise Drifted("The reply's compression is damaged.") from None
    if not inflater.eof:
        raise Drifted("The reply's compression is cut short.")


def _tls(settings: RestSettings | None) -> ssl.SSLContext:
    """The context for TLS, with the certificates that the settings name."""
    if settings is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=settings.authorities)
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.certificate_key)
    except OSError as error:  # an SSLError is one
        reason = error.strerror or "it is no PEM certificate, or not with its key"
        raise Unavailable(f"A certificate cannot be read: {reason}. Nothing was sent.") from None
    return context


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
