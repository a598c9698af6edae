"""Binary values as attachments, both ways; in the contract's JSON they are always base64 text.

* MTOM (SOAP Message Transmission Optimization Mechanism): an element of type base64Binary holds an `xop:Include` of a
  part in place of its text.
* SwA with `swaRef` (WS-I Attachments Profile 1.0, 4.4): the element's text is the `cid:` of a part.

Which elements these are is told by the model for what we send, and for a `swaRef` that we read.
"""

import base64
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap import multipart
from brownfield_soap.model import SWA_REF, Field, Model, Record, Scalar
from brownfield_soap.multipart import Package, Part

XOP = "http://www.w3.org/2004/08/xop/include"
INCLUDE = f"{{{XOP}}}Include"
ROOT = "root@brownfield"

MOST_INCLUDES = 10_000
"""References to attachments in one reply: a part may be included more than once."""


def may_hold_binaries(model: Model, content: Scalar | str) -> bool:
    """Whether a type can have base64 anywhere in it."""
    seen: set[str] = set()
    waiting = [content]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, Scalar):
            if kind.kind == "base64Binary":
                return True
        elif kind not in seen:
            seen.add(kind)
            waiting += _fields(model, model.records[kind]).values()
    return False


def binaries(model: Model, content: Scalar | str, element: etree._Element) -> Iterator[tuple[etree._Element, Scalar]]:
    """The elements below one of a type whose text is base64, and the type of each."""
    waiting = [(content, element)]
    while waiting:
        kind, here = waiting.pop()
        if isinstance(kind, Scalar):
            if kind.kind == "base64Binary" and here.text:
                yield here, kind
            continue
        fields = _fields(model, model.records[kind])
        waiting += [(fields[""], here)] if "" in fields else []
        children = here.iterchildren("*", reversed=True)  # the last in is the first out: document order
        waiting += [(fields[name], child) for child in children if (name := str(child.tag)) in fields]


def _fields(model: Model, record: Record) -> dict[str, Scalar | str]:
    """The types of a record's elements by tag, of its text by the empty tag; groups and variants unfolded."""
    found: dict[str, Scalar | str] = {}
    waiting: list[Record] = [record]
    while waiting:
        one = waiting.pop()
        waiting += [model.records[v.type] for v in one.variants.values() if isinstance(v.type, str)]
        for field in one.fields:
            if field.place == "group":
                waiting.append(model.records[str(field.type)])
            elif field.place in ("element", "text"):
                found[_tag(field)] = field.type
    return found


def _tag(field: Field) -> str:
    return field.tag if field.place == "element" else ""


def referred(found: Iterator[tuple[etree._Element, Scalar]]) -> list[Part]:
    """Takes the binaries of type swaRef out of an envelope and leaves their `cid:` as text."""
    parts: list[Part] = []
    for element, kind in found:
        if kind.name == SWA_REF:
            parts.append(_part("ref", parts, element))
            element.text = f"cid:{parts[-1].id}"
    return parts


def optimised(found: Iterator[tuple[etree._Element, Scalar]], least: int) -> list[Part]:
    """Takes binaries of some bytes at least out of an envelope and leaves an `xop:Include` of each."""
    parts: list[Part] = []
    for element, kind in found:
        if kind.name != SWA_REF and len(element.text or "") * 3 // 4 >= least:
            parts.append(_part("part", parts, element))
            element.text = None
            etree.SubElement(element, INCLUDE, nsmap={"xop": XOP}).set("href", f"cid:{parts[-1].id}")
    return parts


def _part(word: str, before: list[Part], element: etree._Element) -> Part:
    return Part(f"{word}{len(before) + 1}@brownfield", "application/octet-stream", base64.b64decode(element.text or ""))


def packed(
    headers: Mapping[str, str], content: bytes, parts: list[Part], *, mtom: bool
) -> tuple[dict[str, str], bytes]:
    """An envelope and its parts → HTTP headers and a body.

    Args:
        headers: Those of the envelope alone: its Content-Type goes to the root part.
        content: The envelope.
        parts: What it refers to.
        mtom: Whether it is an XOP package (XOP 1.0, section 4); else it is SOAP with attachments.
    """
    kind = headers["Content-Type"]
    media = kind.partition(";")[0]
    root = Part(ROOT, multipart.kind("application/xop+xml", charset="utf-8", type=kind) if mtom else kind, content)
    given = {"type": "application/xop+xml", "start-info": media} if mtom else {"type": media}
    if action := multipart.parameters(kind).get("action"):
        given["action"] = action
    outer, body = multipart.packed(root, parts, given)
    return {**headers, "Content-Type": outer}, body


def included(envelope: etree._Element, package: Package, max_bytes: int) -> None:
    """Puts the parts of a reply where its `xop:Include`s stand, as base64 text.

    Raises:
        Drifted: A part is not there, an Include is not alone in its element, or what is included is too large.
    """
    size, found = 0, list(islice(envelope.iter(INCLUDE), MOST_INCLUDES + 1))
    if len(found) > MOST_INCLUDES:
        raise Drifted(f"The reply includes attachments more than {MOST_INCLUDES} times.")
    for include in found:
        owner = include.getparent()
        if owner is None or len(owner) != 1 or (owner.text or "").strip() or (include.tail or "").strip():
            raise Drifted("The reply is outside the contract: an attachment is included beside other content.")
        content = _referred(package, include.get("href", ""))
        size += len(content)
        _refuse_large(size, max_bytes)
        owner.remove(include)
        owner.text = base64.b64encode(content).decode("ascii")


def refilled(found: Iterator[tuple[etree._Element, Scalar]], package: Package, max_bytes: int) -> None:
    """Puts the parts that a reply's swaRefs name in their place, as base64 text. Raises like `included`."""
    size = 0
    for element, kind in found:
        text = (element.text or "").strip()
        if kind.name == SWA_REF:
            content = _referred(package, text)
            size += len(content)
            _refuse_large(size, max_bytes)
            element.text = base64.b64encode(content).decode("ascii")


def _referred(package: Package, reference: str) -> bytes | memoryview:
    if not reference.startswith("cid:"):
        raise Drifted("The reply is outside the contract: it refers to an attachment in a way that is not read.")
    part = package.parts.get(unquote(reference[4:]))
    if part is None:
        raise Drifted("The reply is outside the contract: it refers to an attachment that is not there.")
    return part.content


def _refuse_large(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise Drifted(f"The reply's attachments are larger than the {max_bytes} bytes that the connection allows.")
