"""Multi-references of SOAP-encoded replies → a plain tree: `<a href="#1"/>` … `<multiRef id="1">` (SOAP 1.1, 5.4).

A reference takes what it refers to as its own content. A cycle has no plain tree, and references to references double
without end: both are given up at a cap.
"""

from copy import deepcopy

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap.encoded import write_out

MOST_ELEMENTS = 200_000
MOST_DEPTH = 100
ENCODING_12 = "{http://www.w3.org/2003/05/soap-encoding}"
OWN = frozenset({"id", "href", "root", f"{ENCODING_12}id", f"{ENCODING_12}ref"})
"""Attributes that belong to the reference and not to the value."""


def is_referred(element: etree._Element) -> bool:
    """Whether an element beside the answer is there to be referred to."""
    return element.get("id") is not None or element.get(f"{ENCODING_12}id") is not None


def resolve(body: etree._Element) -> None:
    """Replaces every reference below a Body by what it refers to, in place.

    Raises:
        Drifted: A reference leads nowhere, in a circle, or to more than can be read.
    """
    write_out(body)
    targets = {str(name): one for one in body.iter("{*}*") if (name := one.get("id") or one.get(f"{ENCODING_12}id"))}
    sizes = {name: sum(1 for _ in one.iter()) for name, one in targets.items()}
    plain = {name: deepcopy(one) for name, one in targets.items()}
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(one, ()) for one in body.iter("{*}*") if _refers_to(one)]
    copied = 0
    while waiting:
        element, through = waiting.pop()
        name = _refers_to(element)
        if name not in targets:
            raise Drifted("The reply is outside the contract: it refers to an id that is not there.")
        if name in through or len(through) == MOST_DEPTH:
            raise Drifted("The reply cannot be read: its references lead in a circle.")
        copied += sizes[name]
        if copied > MOST_ELEMENTS:
            raise Drifted(f"The reply cannot be read: its references unfold to more than {MOST_ELEMENTS} elements.")
        _take(element, deepcopy(plain[name]))
        waiting.extend((one, (*through, name)) for one in element.iter("{*}*") if _refers_to(one))


def _refers_to(element: etree._Element) -> str | None:
    """The id that an element refers to."""
    href = element.get("href")
    if href is not None and href.startswith("#"):
        return href[1:]
    return element.get(f"{ENCODING_12}ref")


def _take(element: etree._Element, value: etree._Element) -> None:
    """Makes the content of `value` that of `element`."""
    for own in OWN & {str(name) for name in element.attrib}:
        del element.attrib[own]
    for name, text in value.attrib.items():
        if name not in ("id", "root", f"{ENCODING_12}id"):
            element.set(name, text)
    element.text = value.text
    element.extend(list(value))
