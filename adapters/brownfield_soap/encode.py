"""Plain JSON values → the XML of a request, driven by the model.

The values have met the operation's input schema before they come here, so this only has to place them. zeep's own
`create_message` is not used: it leaves out 0 and false where they stand in an `xs:choice`, and says nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from brownfield.contract import Fields, Rejected
from brownfield_soap import scalar
from brownfield_soap.model import ANY_TAG, Field, Model, Part, Record, Scalar

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything that XML 1.0 cannot hold: control characters, surrogates, U+FFFE and U+FFFF."""


class Encoder:
    """Writes request elements of one model. Holds no state between calls."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def part(self, part: Part, fields: Fields, into: etree._Element) -> None:
        """Adds the element of `part` with `fields` to a Body or a Header.

        A part that is the Body itself (a document message of several parts) adds its members directly.

        Raises:
            Rejected: A value cannot be written; the message says which, without quoting it. Nothing was sent.
        """
        element = into if part.tag == into.tag else etree.SubElement(into, part.tag)
        try:
            if isinstance(part.type, Scalar):
                self._content(part.type, fields.get("value"), element, part.name)
            else:
                self._members(self._model.records[part.type], fields, element, part.name)
        except RecursionError:
            raise Rejected(f"{part.name} is nested too deeply. Nothing was sent.", code="invalid-field") from None

    def _members(self, record: Record, fields: Mapping[str, Any], into: etree._Element, path: str) -> None:
        for choice in record.choices:
            given = {name for branch in choice for name in branch if name in fields}
            if not any(given <= set(branch) for branch in choice):
                names = ", ".join(sorted(given))
                raise Rejected(f"{path}: {names}: only one may be given. Nothing was sent.", code="invalid-field")
        for field in record.fields:
            if field.name not in fields:
                continue
            value, here = fields[field.name], f"{path}/{field.name}"
            for one in value if field.repeated else [value]:
                self._field(field, one, into, here)

    def _field(self, field: Field, value: Any, into: etree._Element, path: str) -> None:
        if field.place == "group":
            self._members(self._model.records[str(field.type)], value, into, path)
        elif field.place == "attribute" and isinstance(field.type, Scalar):
            into.set(field.tag, text(field.type, value, path))
        elif field.place == "text":
            self._content(field.type, value, into, path)
        elif field.tag == ANY_TAG and field.type == Scalar("anyType"):
            into.append(self._node(value, path))
        else:
            tag = field.name if field.tag == ANY_TAG else field.tag
            self._content(field.type, value, etree.SubElement(into, tag), path)

    def _content(self, content: Scalar | str, value: Any, element: etree._Element, path: str) -> None:
        if value is None:
            element.set(f"{{{XSI}}}nil", "true")
        elif isinstance(content, Scalar) and content.kind == "anyType":
            self._any(value, element, path)
        elif isinstance(content, Scalar):
            element.text = text(content, value, path)
        else:
            self._record(self._model.records[content], value, element, path)

    def _record(self, record: Record, value: Any, element: etree._Element, path: str) -> None:
        items = record.items
        if record.array_type is not None:
            mark_array(element, record.array_type, len(value))
        self._members(record, value if items is None else {items.name: value}, element, path)

    def _node(self, value: Mapping[str, Any], path: str) -> etree._Element:
        if not is_node(value):
            raise Rejected(f"{path} is no node: see its schema. Nothing was sent.", code="invalid-field")
        try:
            element = etree.Element(str(value["@name"]))
        except ValueError:
            raise Rejected(f"{path}: @name is no XML name", code="invalid-field") from None
        self._any(value, element, path)
        return element

    def _any(self, value: Mapping[str, Any], element: etree._Element, path: str) -> None:
        for name, words in value.get("@attributes", {}).items():
            try:
                element.set(name, legal(words, path))
            except ValueError:
                raise Rejected(f"{path}: an attribute's name is no XML name", code="invalid-field") from None
        if "@text" in value:
            element.text = legal(value["@text"], path)
        for child in value.get("@children", []):
            element.append(self._node(child, path))


def is_node(value: Any) -> bool:
    """Whether a value at any depth has the shape of `scalar.NODE`."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("@name"), str)
        and isinstance(value.get("@text", ""), str)
        and isinstance(value.get("@children", []), list)
        and isinstance(value.get("@attributes", {}), Mapping)
        and all(isinstance(words, str) for words in value.get("@attributes", {}).values())
    )


def text(kind: Scalar, value: Any, path: str) -> str:
    """The XML text of a value.

    Raises:
        Rejected: The value is none of the type, or XML cannot hold it.
    """
    try:
        return legal(scalar.write(kind, value), path)
    except ValueError as error:
        raise Rejected(f"{path} {error}. Nothing was sent.", code="invalid-field") from None


def legal(words: str, path: str) -> str:
    """`words`, when XML can hold every character of it."""
    if ILLEGAL.search(words):
        raise Rejected(f"{path} holds a character that XML cannot carry. Nothing was sent.", code="invalid-field")
    return words


def mark_array(element: etree._Element, array_type: str, length: int) -> None:
    """The `arrayType` of a SOAP-encoded array. The prefix is declared on the envelope."""
    name = etree.QName(array_type)
    prefix = next((known for known, space in element.nsmap.items() if space == name.namespace and known), None)
    if prefix is not None:
        element.set(f"{{{ENCODING}}}arrayType", f"{prefix}:{name.localname}[{length}]")
