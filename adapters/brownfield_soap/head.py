"""HTTP/1.1 messages: the head of a request as bytes, and a reply as it comes.

llhttp knows the protocol and it alone decides what is a message and where it ends. What old servers are known for is
let pass: lines that end in a line feed alone, and a length beside chunks, which then count.
"""

import re
from collections.abc import Iterable

import httptools

LONGEST_HEAD = 100 * 1024
"""Bytes that the head of a reply, or what stands between its chunks, may have."""
MOST_WORDS = 10
"""Words on the way (“100 Continue”) before a reply: each would be read for nothing, until the deadline."""

METHOD = re.compile(rb"[A-Z]+")
TARGET = re.compile(rb"[\x21-\x7e]+")
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(rb"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
"""RFC 9110, 5.5, without what is not ASCII."""

Headers = list[tuple[str, str]]


class Garbled(Exception):
    """What came is no HTTP, or not all of it came."""


def written(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request.

    Raises:
        ValueError: Some of it cannot be written in HTTP: a line break in a value would begin another header.
    """
    lines = [b"%b %b HTTP/1.1" % (_held(METHOD, method), _held(TARGET, target))]
    lines += [b"%b: %b" % (_held(NAME, name), _held(VALUE, value)) for name, value in headers]
    return b"\r\n".join((*lines, b"", b""))


def _held(form: re.Pattern[bytes], text: str) -> bytes:
    encoded = text.encode("ascii")
    if form.fullmatch(encoded) is None:
        raise ValueError("not HTTP")
    return encoded


class Incoming:
    """One reply as it comes.

    Attributes:
        status: The HTTP status; 0 until the head is whole.
        headers: In the order that they came, names in lower case.
        complete: Whether the whole reply is here.
        last: Whether the server takes no other request on this line, or said more than it was asked.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.complete = False
        self.last = True
        self._pieces: list[bytes] = []
        self._silent = 0
        self._words = 0
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_chunked_length=True)

    def feed(self, data: bytes) -> None:
        """Read on; no data are the end of the connection.

        Raises:
            Garbled: It is no HTTP, longer than it may be, or ends too early.
        """
        if not data:
            self._end()
            return
        self._silent += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.complete:
                raise Garbled from None
            self.last = True  # what came behind the reply is none
        if self._silent > LONGEST_HEAD and not self.complete:
            raise Garbled

    def taken(self) -> list[bytes]:
        """What came of the body since it was asked last."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def _end(self) -> None:
        """The end of the connection is the end of a reply that says no other."""
        said = dict(self.headers)
        if not self.status or "content-length" in said or "chunked" in said.get("transfer-encoding", "").lower():
            raise Garbled
        self.complete = True

    def on_message_begin(self) -> None:
        """Called by the parser, as all that follows: bytes behind the reply would be read as the next answer."""
        self.last = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which nobody asked for."""
        if self.status == 0:
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1").strip()))

    def on_headers_complete(self) -> None:
        """The head is whole: of the reply, or of a word on the way (“100 Continue”)."""
        if self.complete:
            return
        self._silent = 0
        if self._parser.get_status_code() < 200:
            self.headers = []
            self._words += 1
            if self._words > MOST_WORDS:
                raise Garbled
            return
        self.status = self._parser.get_status_code()
        names = {name for name, _ in self.headers}
        # RFC 9112, 6.1: of a length beside chunks another reader may have believed the other one.
        self.last = not self._parser.should_keep_alive() or {"content-length", "transfer-encoding"} <= names

    def on_body(self, piece: bytes) -> None:
        """Some of the body."""
        if not self.complete:
            self._silent = 0
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The end of the reply, or of a word on the way."""
        self.complete = self.status != 0
