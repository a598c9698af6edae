"""A SAML assertion that was issued to us, sent as it is: whoever bears it is who it says (SAML Token Profile 1.1)."""

from datetime import datetime
from typing import Any

from lxml import etree

from brownfield.contract import Unavailable

SPACES = ("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion")


def assertion(text: str, now: datetime) -> bytes:
    """The assertion in a secret. It is signed by whoever issued it, so nothing in it is changed: not even a prefix.

    Raises:
        Unavailable: The secret holds none, or it is not good now. It is not quoted, and nothing was sent.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        found = etree.fromstring(text.strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unavailable("The secret `assertion` is no XML. Nothing was sent.") from None
    info: Any = found.getroottree().docinfo
    if info.doctype or found.tag not in [f"{{{space}}}Assertion" for space in SPACES]:
        raise Unavailable("The secret `assertion` is no SAML assertion. Nothing was sent.")
    conditions = found.find("{*}Conditions")
    if conditions is not None and not _holds(conditions, now):
        raise Unavailable("The SAML assertion is not good now: have a new one issued. Nothing was sent.")
    return etree.tostring(found, encoding="utf-8", with_tail=False)


def _holds(conditions: etree._Element, now: datetime) -> bool:
    """Whether a moment lies between `NotBefore` and `NotOnOrAfter`."""
    begin, end = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    try:
        return (begin is None or datetime.fromisoformat(begin) <= now) and (
            end is None or now < datetime.fromisoformat(end)
        )
    except (ValueError, TypeError):
        return False
