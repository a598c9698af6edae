"""The bytes of one document of a WSDL → its root, whatever is wrong with the bytes that can be set right without doubt.

No DTD is read, no entity is resolved, no network is reached. Where something was set right, a sentence says so.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from brownfield.contract import Rejected

WSDL = "http://schemas.xmlsoap.org/wsdl/"
XSD = "http://www.w3.org/2001/XMLSchema"
OLD_XSD = (
    "http://www.w3.org/1999/XMLSchema",
    "http://www.w3.org/2000/10/XMLSchema",
    "http://www.w3.org/2000/08/XMLSchema",
)
"""Namespaces of the drafts of XML Schema. What a WSDL uses of them means the same in the recommendation."""

OLD_ENCODING = tuple(f"http://www.w3.org/{date}/soap-encoding" for date in ("2001/09", "2001/12", "2002/06", "2002/12"))
ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"
ROOTS = frozenset({f"{{{WSDL}}}definitions", f"{{{XSD}}}schema"})

_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_UNDECLARED = re.compile(r"Namespace prefix (\S+) (?:for \S+ )?on \S+ is not defined")
_ROOT = re.compile(r"<(?![?!])[^\s/>]+")
MOST_PREFIXES = 20


@dataclass(slots=True)
class Document:
    """One file of a WSDL.

    Attributes:
        address: Its path or its http address.
        root: A `wsdl:definitions` or an `xs:schema`.
        notes: What was set right, one sentence each.
    """

    address: str
    root: etree._Element
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.address.rstrip("/").rpartition("/")[2] or self.address

    def note(self, node: etree._Element, words: str) -> None:
        """Writes down what was set right, with file and line."""
        self.notes.append(f"{self.name}, line {self.line(node)}: {words}.")

    def line(self, node: etree._Element) -> int:
        """Where an element stands in the file."""
        line: Any = node.sourceline
        return int(line or 0)

    def declare(self, prefixes: dict[str, str]) -> None:
        """Declares prefixes on the root, which lxml cannot do in place. Lines stay what they were."""
        text = etree.tostring(self.root, encoding="unicode", with_tail=False)
        told = "".join(f' xmlns:{prefix}="{space}"' for prefix, space in prefixes.items())
        found: etree._Element = etree.fromstring(_ROOT.sub(lambda tag: tag[0] + told, text, count=1), _parser())
        for old, new in zip(self.root.iter(), found.iter(), strict=True):
            new.sourceline = old.sourceline
        self.root = found


REPAIRS = frozenset({"doctype", "draft-namespace", "undeclared-prefix", "schema-root"})
"""The repairs that are made here; those of `doctor` are made once all documents are there."""


def document(content: bytes, address: str, *, unrepaired: frozenset[str] = frozenset()) -> Document:
    """The document that the bytes at an address hold.

    Args:
        content: The bytes.
        address: Where they come from.
        unrepaired: Names of the repairs that are not made.

    Raises:
        Rejected: They hold none; the message names file, line and cause.
    """
    text, notes = _modern(content, address, unrepaired)
    try:
        root = _parsed(text, address, None if "undeclared-prefix" in unrepaired else notes)
    except etree.XMLSyntaxError as error:
        raise refused(address, f"it is not well-formed XML: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise refused(address, f"it is not XML: {error}") from None
    info: Any = etree.ElementTree(root).docinfo
    if info.doctype:
        raise refused(address, "it carries a DOCTYPE, which is not read: remove it from a copy")
    if root.tag == "schema" and "schema-root" not in unrepaired:
        name = Document(address, root).name
        notes.append(f"{name}: the root `schema` has no namespace; it was read as an XML Schema. [schema-root]")
        root.tag = f"{{{XSD}}}schema"
    if etree.QName(root).localname == "description" and "wsdl" in str(etree.QName(root).namespace):
        raise refused(address, "it is a WSDL 2.0, and 1.1 is read: most servers have that too, at `?wsdl`")
    if root.tag not in ROOTS:
        raise refused(address, f"it is neither a WSDL 1.1 nor a schema: its root is {etree.QName(root).localname}")
    return Document(address, root, notes)


def refused(address: str, cause: str, *, line: int | None = None) -> Rejected:
    """The failure that says where, why and what to do next."""
    where = f"{address}, line {line}" if line else address
    next_step = "Save a complete WSDL with its imports to a folder, correct it, and give its path"
    return Rejected(f"The WSDL cannot be read: {where}: {cause}. {next_step}.", code="unreadable-wsdl")


def remove(node: etree._Element) -> None:
    """Takes an element out of its document."""
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )


def _parsed(content: bytes, address: str, notes: list[str] | None) -> etree._Element:
    """The root; a prefix that nothing declares is declared, when it is one that everybody uses for the same thing."""
    for _ in range(MOST_PREFIXES):
        try:
            return etree.fromstring(content, _parser())
        except etree.XMLSyntaxError as error:
            missing = _UNDECLARED.match(error.msg or "")
            space = USUAL.get(missing[1]) if missing else None
            if notes is None or missing is None or space is None:
                raise
            notes.append(f"{address.rpartition('/')[2]}, line {error.lineno}: the prefix `{missing[1]}` is declared "
                         f"nowhere; it was taken for {space}. [undeclared-prefix]")  # fmt: skip
            content = _declared(content, missing[1], space)
    raise refused(address, f"more than {MOST_PREFIXES} prefixes are declared nowhere")


def _declared(content: bytes, prefix: str, space: str) -> bytes:
    """The bytes with a prefix declared on the first element."""
    return re.sub(rb"<(?![?!])[^\s/>]+", lambda tag: tag[0] + f' xmlns:{prefix}="{space}"'.encode(), content, count=1)


USUAL = {
    **dict.fromkeys(("xs", "xsd", "s"), XSD),
    **dict.fromkeys(("wsdl",), WSDL),
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "http": "http://schemas.xmlsoap.org/wsdl/http/",
    "mime": "http://schemas.xmlsoap.org/wsdl/mime/",
    "soapenc": "http://schemas.xmlsoap.org/soap/encoding/",
    "wsaw": "http://www.w3.org/2006/05/addressing/wsdl",
    "wsam": "http://www.w3.org/2007/05/addressing/metadata",
    "wsp": "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
"""Prefixes whose meaning nobody doubts."""


def _modern(content: bytes, address: str, unrepaired: frozenset[str]) -> tuple[bytes, list[str]]:
    """The bytes without a DOCTYPE, the drafts' namespaces replaced by those of the recommendation.

    A file that needs an entity of its DOCTYPE is not well-formed without it, and is then refused.
    """
    name = address.rpartition("/")[2]
    notes = []
    doctype = None if "doctype" in unrepaired else _DOCTYPE.search(content[:65536])
    if doctype:
        content = content.replace(doctype[0], b"\n" * doctype[0].count(b"\n"), 1)
        notes.append(f"{name}: its DOCTYPE was left out; no entity is read. [doctype]")
    drafts = (*((one, XSD) for one in OLD_XSD), *((one, ENCODING_12) for one in OLD_ENCODING))
    for old, new in () if "draft-namespace" in unrepaired else drafts:
        if old.encode() in content:
            content = re.sub(re.escape(old.encode()) + rb"(?=[\"'])", new.encode(), content)
            notes.append(f"{name}: {old} is a draft; it was read as {new}. [draft-namespace]")
    return content, notes
