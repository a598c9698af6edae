"""The bytes of a reply as they come → its tree: no DTD, no entity, no network, and no more tags than can be held."""

import re
from typing import Any

from lxml import etree

from brownfield.contract import Drifted

ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
ENCODINGS = re.compile(rb"utf-?8|utf-?16(?:[lb]e)?|(?:us-)?ascii|latin1|iso-8859-\d+|windows-125\d", re.IGNORECASE)
"""What a reply may be encoded in: in all of them a tag begins with the byte that `Tree` counts."""

ENVELOPE = re.compile(rb"^[^<]*(?:<\?xml[^>]{0,200}>\s*)?<(?:[\w.-]+:)?Envelope(?=[\s>])[^>]*(?=>)")
XSI = b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

BYTES_PER_MARK = 192


class Tree:
    """The tree of a reply, built while its bytes come.

    A tree takes some 120 bytes for a tag or an attribute, whatever its size on the wire. So the bytes that begin them
    are counted, and there may be one for each 192 bytes that a reply may have: at the default 64 MiB, 349,525, which
    is a tree of some 45 MB. Rows that are taken out of the tree while it grows are forgotten.
    """

    def __init__(self, parser: etree.XMLParser, max_bytes: int) -> None:
        self.empty = True
        self._parser = parser
        self._most = max(max_bytes // BYTES_PER_MARK, 10_000)
        self._marks = 0
        self._begun = False

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes.

        Raises:
            Drifted: There are more tags than allowed, or the encoding is none of those that are read.
            etree.XMLSyntaxError: They are no XML.
        """
        if not chunk:
            return
        if self.empty:
            self.empty = False
            _refuse_encoding(chunk)
            chunk = _with_xsi(chunk)
        self._marks += chunk.count(b"<") + 2 * chunk.count(b"=")
        if self._marks > self._most:
            raise Drifted(f"The reply has more than {self._most} tags that are held at once. `max_bytes` bounds them.")
        self._parser.feed(chunk)

    def forget(self) -> None:
        """What was read so far has been taken out of the tree."""
        self._marks = 0

    def root(self) -> etree._Element:
        """The root, once all bytes have come.

        Raises:
            Drifted: The reply carries a DOCTYPE, which no SOAP message may.
            etree.XMLSyntaxError: They were no XML, or not all of it.
        """
        root = self._parser.close()
        refuse_doctype(root)
        return root


def options() -> dict[str, Any]:
    """Options of a parser that reads no DTD, resolves no entity, reaches no network and keeps libxml2's limits."""
    return {
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
    }


def refuse_doctype(element: etree._Element) -> None:
    """Raises `Drifted` when the element's document carries a DOCTYPE."""
    info: Any = element.getroottree().docinfo
    if info.doctype:
        raise Drifted("The reply carries a DOCTYPE, which a SOAP message may not. It was not read.")


def _with_xsi(beginning: bytes) -> bytes:
    """The beginning of a reply, `xsi` declared: node says `xsi:nil` without. Where it is declared it is left alone."""
    tag = ENVELOPE.match(beginning)
    if tag is None or b"xmlns:xsi" in tag[0]:
        return beginning
    return tag[0] + XSI + beginning[tag.end() :]


def _refuse_encoding(beginning: bytes) -> None:
    declared = ENCODING.match(beginning)
    if declared is not None and not ENCODINGS.fullmatch(declared[1]):
        raise Drifted("The reply is outside the contract: it is in a character encoding that is not read.")
