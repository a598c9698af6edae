"""What servers that use SOAP encoding (SOAP 1.1, section 5) say beside the contract, set right before a reply is read.

They give every element an `xsi:type`, and many make names up: PHP says `SOAP-ENC:Array`, SOAP::Lite says
`namesp1:Item`, and base64Binary for each text that is not ASCII. A type that the contract does not know tells nothing.
"""

import base64
import binascii
from collections.abc import Iterator

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap.model import ANY_TAG, Field, Model

TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
BASE_64 = frozenset(
    {
        "{http://www.w3.org/2001/XMLSchema}base64Binary",
        "{http://schemas.xmlsoap.org/soap/encoding/}base64",
        "{http://schemas.xmlsoap.org/soap/encoding/}base64Binary",
    }
)


def write_out(body: etree._Element) -> None:
    """Gives every `xsi:type` its name in Clark notation, in place: what it stands on may be moved."""
    for element in _typed(body):
        prefix, _, local = str(element.get(TYPE)).strip().rpartition(":")
        space = element.nsmap.get(prefix or None)
        if space and not prefix.startswith("{"):
            element.set(TYPE, f"{{{space}}}{local}")


class Habits:
    """What to make of the types that an encoded reply names, for one model."""

    def __init__(self, model: Model) -> None:
        fields = [field for record in model.records.values() for field in record.fields]
        self._known = {record.type for record in model.records.values() if record.type}
        self._binary = {_local(field.tag) for field in fields if _is_binary(field)}

    def settle(self, root: etree._Element) -> None:
        """Takes types away that the contract does not know, and the base64 of what it declares as text.

        Raises:
            Drifted: What the contract declares as text is base64 of something that is none.
        """
        write_out(root)
        for element in _typed(root):
            name = str(element.get(TYPE))
            if name in BASE_64 and not self._binary & {_local(str(element.tag)), ANY_TAG}:
                element.text = _text(element)
            if name not in self._known:
                del element.attrib[TYPE]


def _typed(root: etree._Element) -> Iterator[etree._Element]:
    return (element for element in root.iter("{*}*") if TYPE in element.attrib)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_binary(field: Field) -> bool:
    return not isinstance(field.type, str) and field.type.kind == "base64Binary"


def _text(element: etree._Element) -> str:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        where = _local(str(element.tag))
        raise Drifted(f"The reply is outside the contract: {where} is base64 where it has text.") from None
