"""multipart/related (RFC 2387) both ways: a root, and parts that it refers to by `cid:`. Bytes in, bytes out.

What a server sends is taken apart by the letter: the boundary of the header, parts of a bounded number, a root that
`start` names. Whatever is not so is `Drifted`; nothing is guessed.
"""

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from brownfield.contract import Drifted

MOST_PARTS = 1000
LONGEST_HEAD = 16 * 1024
"""Bytes of the headers of one part."""

PARAMETER = re.compile(r';\s*([A-Za-z0-9-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046, 5.1.1."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        id: Its Content-ID without the brackets, empty when it has none.
        kind: Its Content-Type.
        content: Its bytes, the transfer encoding undone.
    """

    id: str
    kind: str
    content: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Package:
    """A root and what it may refer to, by id."""

    root: Part
    parts: Mapping[str, Part]


def parameters(content_type: str) -> dict[str, str]:
    """The parameters of a media type, their names in lower case."""
    found = PARAMETER.finditer(content_type[:4096])
    return {one[1].lower(): re.sub(r"\\(.)", r"\1", one[2]) if one[3] is None else one[3] for one in found}


def unpacked(content_type: str, body: bytes | bytearray) -> Package:
    """The parts of a reply.

    Raises:
        Drifted: It is no multipart/related, or something in it is missing or too much.
    """
    given = parameters(content_type)
    boundary = given.get("boundary", "")
    if not BOUNDARY.fullmatch(boundary):
        raise Drifted("The reply has attachments and no boundary between them.")
    parts = [_part(piece) for piece in _pieces(memoryview(body), body, boundary.encode())]
    start = given.get("start", "").strip("<>")
    root = next((part for part in parts if part.id == start), None) if start else next(iter(parts), None)
    if root is None:
        raise Drifted("The reply has attachments, and the part that it begins with is not among them.")
    named = [part.id for part in parts if part.id]
    if len(set(named)) != len(named):
        raise Drifted("The reply has two attachments of the same name.")
    return Package(root, {part.id: part for part in parts if part.id and part is not root})


def _pieces(view: memoryview, body: bytes | bytearray, boundary: bytes) -> Iterator[memoryview]:
    """What lies between the boundaries, each of which begins a line."""
    mark = b"--" + boundary
    at = 0 if body.startswith(mark) else body.find(b"\r\n" + mark) + 2
    if at == 1:
        raise Drifted("The reply has attachments, and its boundary is nowhere.")
    for _ in range(MOST_PARTS + 1):
        begin = at + len(mark)
        if body[begin : begin + 2] == b"--":
            return
        end = body.find(b"\r\n" + mark, begin)
        if end < 0:
            raise Drifted("The reply's attachments are cut short.")
        line = body.find(b"\r\n", begin, begin + 100)  # white space may follow a boundary
        if line < 0 or body[begin:line].strip():
            raise Drifted("The reply's attachments cannot be told apart.")
        yield view[line + 2 : end]
        at = end + 2
    raise Drifted(f"The reply has more than {MOST_PARTS} attachments.")


def _part(piece: memoryview) -> Part:
    head = bytes(piece[: LONGEST_HEAD + 4])
    end = -2 if head.startswith(b"\r\n") else head.find(b"\r\n\r\n")
    if end == -1:
        raise Drifted("An attachment of the reply has no end to its headers.")
    headers = _headers(head[: max(end, 0)])
    content = _decoded(piece[end + 4 :], headers.get("content-transfer-encoding", "binary").strip().lower())
    return Part(headers.get("content-id", "").strip().strip("<>"), headers.get("content-type", ""), content)


def _headers(head: bytes) -> dict[str, str]:
    lines = re.sub(rb"\r\n[ \t]+", b" ", head).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _decoded(content: memoryview, encoding: str) -> bytes | memoryview:
    if encoding in ("binary", "8bit", "7bit"):
        return content
    if encoding != "base64":
        raise Drifted("An attachment of the reply is encoded in a way that is not read.")
    try:
        return base64.b64decode(bytes(content).translate(None, b"\r\n\t "), validate=True)
    except binascii.Error:
        raise Drifted("An attachment of the reply is no base64.") from None


def packed(root: Part, parts: list[Part], more: Mapping[str, str]) -> tuple[str, bytes]:
    """A root and its parts → the Content-Type and the body of a request. `more` are parameters beside the usual."""
    boundary = "brownfield-" + os.urandom(16).hex()  # 128 random bits: in no part
    lines: list[bytes | memoryview] = []
    for part in (root, *parts):
        head = f"Content-Type: {part.kind}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{part.id}>"
        lines += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), part.content, b"\r\n"]
    outer = kind("multipart/related", boundary=boundary, start=f"<{root.id}>", **more)
    return outer, b"".join([*lines, f"--{boundary}--\r\n".encode()])


def kind(media: str, **given: str) -> str:
    """A media type with parameters, each quoted (RFC 2045, 5.1)."""
    quoted = {name: re.sub(r'([\\"])', r"\\\1", value) for name, value in given.items()}
    return media + "".join(f'; {name}="{value}"' for name, value in quoted.items())
