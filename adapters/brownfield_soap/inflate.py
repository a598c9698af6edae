"""The bytes of a reply as they come → its content, decompressed piece by piece and held to a cap."""

import zlib
from collections.abc import Iterable, Iterator

from brownfield.contract import Drifted

PIECE = 64 * 1024
"""Bytes that a compressed reply is inflated by at a time."""

MOST_MEMBERS = 1000
"""gzip members in one reply: a million empty ones would be nothing but work."""

GZIP = 16 + zlib.MAX_WBITS


def content(raw: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    """The content of a reply.

    Args:
        raw: Its bytes.
        encoding: The `Content-Encoding`.
        max_bytes: The most that may come, and the most that it may inflate to.

    Raises:
        Drifted: It is larger than allowed, or compressed in a way that cannot be read.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return _capped(raw, max_bytes)
    if encoding in ("gzip", "x-gzip"):
        return _capped(_inflated(_capped(raw, max_bytes)), max_bytes)
    raise Drifted("The reply is compressed in a way that was not asked for.")


def _capped(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise Drifted(f"The reply is larger than the {max_bytes} bytes that the connection allows.")
        yield chunk


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks inflated, in pieces. Several gzip members after each other are one content (RFC 1952, 2.2)."""
    inflater, members = zlib.decompressobj(GZIP), 1
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting:
                if inflater.eof and members < MOST_MEMBERS:
                    inflater, members = zlib.decompressobj(GZIP), members + 1
                elif inflater.eof:
                    raise Drifted(f"The reply is compressed in more than {MOST_MEMBERS} pieces.")
                yield inflater.decompress(waiting, PIECE)
                waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    except zlib.error:
        raise Drifted("The reply's compression is damaged.") from None
    if not inflater.eof:
        raise Drifted("The reply's compression is cut short.")
