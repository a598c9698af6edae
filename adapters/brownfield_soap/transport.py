"""HTTP for one connection: a bounded pool of kept sockets, one deadline over everything, one cap on bytes.

    Transport.open → Line (a kept one, or a new one by `wire`) → send, head → Exchange → chunks (`inflate`)

A request is sent once, whatever comes of it. Redirects are not followed, cookies are not kept, and no variable of the
environment is read.
"""

import contextlib
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from brownfield.contract import Failure, Unavailable, Uncertain
from brownfield_soap import inflate
from brownfield_soap.head import Garbled, Incoming, written
from brownfield_soap.line import Deadline, Line
from brownfield_soap.wire import Allow, Target, Wire

KEPT_SECONDS = 30.0
"""How long a socket that nobody uses is kept."""

Request = Callable[[bytes, Mapping[str, str]], bytes]
"""The body and more headers → the head of a call's request."""

Introduce = Callable[[Line, Callable[[Mapping[str, str]], bytes], Deadline], Mapping[str, str]]
"""A new line and what writes a request without a body → the headers that the call's request has to carry on it."""

LOST = (OSError, Garbled)


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


class Transport:
    """The pool of one connection. Used by several threads at once.

    Args:
        concurrency: Sockets at a time.
        allow: Which addresses may be connected to; None for all.
        wire: How the system is reached.
        introduce: What makes a new line known to the server; None where nothing has to.
        make_room: Asked, when all sockets are in use, to free those that the calling thread holds itself.
    """

    def __init__(
        self,
        concurrency: int,
        allow: Allow | None = None,
        wire: Wire | None = None,
        introduce: Introduce | None = None,
        make_room: Callable[[], None] | None = None,
    ) -> None:
        self._allow = allow
        self._introduce = introduce
        self._wire = wire or Wire()
        self._make_room = make_room
        self._most = max(concurrency, 1)
        self._free = threading.BoundedSemaphore(self._most)
        self._turn = threading.Lock()
        self._kept: defaultdict[tuple[str, str, int], list[Line]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None

    def close(self) -> None:
        """Closes every socket that is not in use. May be called twice; a later request opens new ones."""
        with self._turn:
            kept, self._kept = self._kept, defaultdict(list)
        for line in (line for lines in kept.values() for line in lines):
            line.close()

    def reach(self, url: str, deadline: Deadline) -> None:
        """Opens a socket to a server, TLS and the proxy included, and closes it. No request is sent.

        Raises:
            Unavailable: It cannot be reached, or it is not whom it should be.
        """
        target = Target.of(url)
        try:
            self._wire.dial(target, self._context(target), self._allow, deadline).close()
        except (*LOST, ValueError) as error:
            late = isinstance(error, TimeoutError) or deadline.over
            reason = "it did not answer in time" if late else _reason(error)
            raise Unavailable(f"Nothing answers at {target.host}:{target.port}: {reason}.") from None

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> HttpReply:
        """Sends one request, once, and reads the whole reply.

        Args:
            method: `POST` or `GET`.
            url: Where to.
            deadline: Held over connecting, sending and receiving.
            max_bytes: Largest body, as it comes and after decompression.
            headers: Request headers.
            content: Request body.

        Raises:
            Unavailable: Nothing was sent.
            Uncertain: The request was sent, at least in part, and no whole reply came.
            Drifted: The reply is larger than allowed, or compressed in a way that cannot be read.
        """
        with self.open(
            method, url, deadline=deadline, max_bytes=max_bytes, headers=headers, content=content
        ) as exchange:
            return exchange.whole()

    def open(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> "Exchange":
        """Sends one request, once, and reads the head of the reply. See `request`; whoever opens it has to close it."""
        target = Target.of(url)
        request = partial(self._request, method, target, headers or {})
        whole = request(content, {})
        with contextlib.ExitStack() as held:
            line, more = self._line(target, request, deadline, held)
            try:
                line.send(request(content, more) if more else whole, content, deadline)
                reply = line.head(deadline)
            except LOST as error:
                raise lost(error, deadline) from None
            return Exchange(line, reply, deadline, max_bytes, held.pop_all())

    def _request(
        self, method: str, target: Target, headers: Mapping[str, str], content: bytes, more: Mapping[str, str]
    ) -> bytes:
        own = [("Accept-Encoding", "gzip")]
        own += [] if self._wire.keep_alive else [("Connection", "close")]
        own += [("Content-Length", str(len(content)))] if method == "POST" else []
        try:
            headed = [("Host", target.authority), *headers.items(), *more.items(), *own]
            return written(method, self._wire.path(target), headed)
        except ValueError:
            raise Unavailable("The request cannot be written as HTTP. Nothing was sent.") from None

    def _line(
        self, target: Target, request: Request, deadline: Deadline, held: contextlib.ExitStack
    ) -> tuple[Line, Mapping[str, str]]:
        """A line to the target, kept or new, and what the request has to carry on a new one.

        When `held` is closed, the line is kept for the next call or closed.
        """
        try:
            self._take_turn(deadline)
            held.callback(self._free.release)
            kept = self._fresh(target)
            line = kept or self._wire.dial(target, self._context(target), self._allow, deadline)
            held.callback(self._put_aside, target, line)
            if kept or self._introduce is None:
                return line, {}
            return line, self._introduce(line, partial(request, b""), deadline)
        except Failure:
            raise
        except (*LOST, ValueError) as error:  # a ValueError is a name that cannot be asked for
            raise _unreached(error, deadline) from None

    def _take_turn(self, deadline: Deadline) -> None:
        if self._free.acquire(blocking=False):
            return
        if self._make_room is not None:
            self._make_room()
        if not self._free.acquire(timeout=deadline.left()):
            raise Unavailable(
                f"All {self._most} sockets of the connection were in use for {deadline.seconds:g} s. Nothing was sent."
            )

    def _fresh(self, target: Target) -> Line | None:
        """The line that was used last, if the server still holds it."""
        while True:
            with self._turn:
                kept = self._kept[target.origin]
                line = kept.pop() if kept else None
            if line is None or line.fresh(KEPT_SECONDS):
                return line
            line.close()

    def _put_aside(self, target: Target, line: Line) -> None:
        if not self._wire.keep_alive or not line.ready_again():
            line.close()
            return
        line.idle_since = time.monotonic()
        with self._turn:
            self._kept[target.origin].append(line)

    def _context(self, target: Target) -> ssl.SSLContext | None:
        """The context for TLS, made when it is first needed: only then is a certificate read."""
        if target.scheme == "http" and self._wire.certificate is None:
            return None
        with self._turn:
            if self._tls is None:
                self._tls = self._wire.tls()
            return self._tls


class Exchange:
    """A reply under way: its head is here, its body is still coming.

    Attributes:
        status: The HTTP status.
        headers: Header names in lower case.
    """

    def __init__(
        self, line: Line, reply: Incoming, deadline: Deadline, max_bytes: int, held: contextlib.ExitStack
    ) -> None:
        self.status = reply.status
        self.headers = dict(reply.headers)
        self._deadline = deadline
        self._held = held
        self._content = _content(line, deadline, self.headers.get("content-encoding", ""), max_bytes)

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes, decompressed, held to the deadline and the cap, whichever thread asks.

        Raises:
            Uncertain: The connection was lost, or the deadline has passed.
            Drifted: The body is larger than allowed, or compressed in a way that cannot be read.
        """
        try:
            yield from self._content
        except LOST as error:
            raise lost(error, self._deadline) from None

    def whole(self) -> HttpReply:
        """The whole reply. Raises like `chunks`."""
        return HttpReply(self.status, self.headers, b"".join(self.chunks()))

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return HttpReply(self.status, self.headers, b"").media_type

    def close(self) -> None:
        """Gives the line back when the whole body was read, and closes it otherwise. May be called twice."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _content(line: Line, deadline: Deadline, encoding: str, max_bytes: int) -> Iterator[bytes]:
    yield from inflate.content(line.body(deadline), encoding, max_bytes)


def lost(error: Exception, deadline: Deadline) -> Uncertain:
    """What a request means that was sent, at least in part, and has no whole answer."""
    late = isinstance(error, TimeoutError) or deadline.over
    how = f"no whole answer came within {deadline.seconds:g} s" if late else "the connection was lost"
    return Uncertain(f"The request was sent, and then {how}: it may have been carried out.")


def _unreached(error: Exception, deadline: Deadline) -> Unavailable:
    late = isinstance(error, TimeoutError) or deadline.over
    how = f"could not be reached within {deadline.seconds:g} s" if late else "could not be reached"
    return Unavailable(f"The system {how} ({_reason(error)}). Nothing was sent.")


def _reason(error: Exception) -> str:
    """The operating system's words for it, never an address or a header."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or 'handshake failed'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
