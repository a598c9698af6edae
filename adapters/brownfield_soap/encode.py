"""Plain JSON values → the XML of a request, driven by the model. A reply can be written too, for a stub.

The values have met the operation's input schema before they come here, so this only has to place them. zeep's own
`create_message` is not used: it leaves out 0 and false where they stand in an `xs:choice`, and says nothing.
"""

import re
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any

from lxml import etree

from brownfield.contract import Fields, Rejected
from brownfield_soap import scalar
from brownfield_soap.check import Check
from brownfield_soap.model import ANY_TAG, NIL_MARK, Choice, Field, Model, Part, Record, Scalar, Variant
from brownfield_soap.schema import record_schema

XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPE = f"{{{XSI}}}type"
XSD = "http://www.w3.org/2001/XMLSchema"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything that XML 1.0 cannot hold: control characters, surrogates, U+FFFE and U+FFFF."""


class Encoder:
    """Writes the elements of one model. Holds no state between calls but the checks of the types it has met."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._checks: dict[str, Check] = {}

    def part(self, part: Part, fields: Fields, into: etree._Element) -> None:
        """Adds the element of `part` with `fields` to a Body or a Header.

        A part that is the Body itself (a document message of several parts) adds its members directly.

        Raises:
            Rejected: A value cannot be written; the message says which, without quoting it. Nothing was sent.
        """
        writer = self._encoded if part.encoded else self
        element = into if part.tag == into.tag else etree.SubElement(into, part.tag)
        if part.encoded:
            element.set(f"{{{etree.QName(into).namespace}}}encodingStyle", ENCODING)
        try:
            if isinstance(part.type, Scalar):
                writer._content(part.type, fields.get("value"), element, part.name)
            elif self._model.records[part.type].variants:
                writer._content(part.type, fields, element, part.name)
            else:
                writer._members(self._model.records[part.type], fields, element, part.name)
        except RecursionError:
            raise Rejected(f"{part.name} is nested too deeply. Nothing was sent.", code="invalid-field") from None

    @cached_property
    def _encoded(self) -> "EncodedEncoder":
        return EncodedEncoder(self._model)

    def _members(self, record: Record, fields: Mapping[str, Any], into: etree._Element, path: str) -> None:
        unknown = fields.keys() - {field.name for field in record.fields}
        if unknown:
            raise Rejected(f"{path} holds what the contract does not know. Nothing was sent.", code="invalid-field")
        given = {name for name, value in fields.items() if value != []}
        for choice in record.choices:
            if not choice.holds(given):
                raise Rejected(f"{path}: {_broken(choice, given)}. Nothing was sent.", code="invalid-field")
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
        elif field.place == "attributes":
            set_attributes(value, into, path)
        elif field.place == "text":
            into.text = "" if value is None else text(field.type, value, path)  # type: ignore[arg-type]
        elif field.wildcard:
            self._node(value, into, path)
        else:
            self._content(field.type, value, etree.SubElement(into, self._tag(field, value, path)), path)

    def _tag(self, field: Field, value: Any, path: str) -> str:
        """The name of a member's element: in a substitution group the value tells it."""
        family = self._model.records[field.type] if isinstance(field.type, str) else None
        if family is not None and family.mark == "@element" and value is not None:
            return self._variant(family, value, path).tag
        return field.name if field.tag == ANY_TAG else field.tag

    def _content(self, content: Scalar | str, value: Any, element: etree._Element, path: str) -> None:
        if value is None:
            element.set(f"{{{XSI}}}nil", "true")
        elif isinstance(content, str) and isinstance(value, Mapping) and NIL_MARK in value:
            self._nil(self._model.records[content], value, element, path)
        elif isinstance(content, Scalar) and content.is_node:
            self._any(value, element, path)
        elif isinstance(content, Scalar):
            element.text = text(content, value, path)
        elif self._model.records[content].variants:
            self._family(self._model.records[content], value, element, path)
        else:
            self._record(self._model.records[content], value, element, path)

    def _nil(self, record: Record, value: Mapping[str, Any], element: etree._Element, path: str) -> None:
        """A nil element with attributes."""
        element.set(f"{{{XSI}}}nil", "true")
        for field in record.attributes:
            if field.name in value:
                self._field(field, value[field.name], element, f"{path}/{field.name}")

    def _family(self, family: Record, value: Any, element: etree._Element, path: str) -> None:
        """A value of one of a family's types. A request's schema may have no room for it, so it is checked here."""
        variant = self._variant(family, value, path)
        fields = {name: one for name, one in value.items() if name != family.mark}
        if family.mark == "@type" and family.mark in value:
            set_name(element, TYPE, variant.tag)
        if isinstance(variant.type, Scalar) and not variant.type.is_node:
            self._content(variant.type, fields.get("value"), element, path)
            return
        if isinstance(variant.type, str) and not self._model.records[variant.type].variants:
            self._hold(variant.type, fields, path)
        self._content(variant.type, fields, element, path)

    def _variant(self, family: Record, value: Any, path: str) -> Variant:
        name = value.get(family.mark, family.unmarked) if isinstance(value, Mapping) else None
        variant = family.variants.get(name) if isinstance(name, str) else None
        if variant is None:
            raise Rejected(f"{path}: {family.mark} names none of its types. Nothing was sent.", code="invalid-field")
        return variant

    def _hold(self, key: str, fields: Mapping[str, Any], path: str) -> None:
        """Holds a value to the schema of its own type."""
        check = self._checks.get(key)
        if check is None:
            check = self._checks[key] = Check(record_schema(self._model, key))
        fault = check.fault(fields)
        if fault is not None:
            raise Rejected(f"{path}: {fault}. Nothing was sent.", code="invalid-field")

    def _record(self, record: Record, value: Any, element: etree._Element, path: str) -> None:
        items = record.items
        if record.array_type is not None:
            mark_array(element, record.array_type, len(value))
        self._members(record, value if items is None else {items.name: value}, element, path)

    def _node(self, value: Mapping[str, Any], into: etree._Element, path: str) -> None:
        if not is_node(value):
            raise Rejected(f"{path} is no node: see its schema. Nothing was sent.", code="invalid-field")
        try:
            element = etree.SubElement(into, str(value["@name"]))
        except ValueError:
            raise Rejected(f"{path}: @name is no XML name", code="invalid-field") from None
        self._any(value, element, path)

    def _any(self, value: Mapping[str, Any], element: etree._Element, path: str) -> None:
        """Fills an element with what a node holds, of which `@xml` says most."""
        if "@xml" in value:
            take_over(parsed(value["@xml"], path), element)
            return
        set_attributes(value.get("@attributes", {}), element, path)
        if "@text" in value:
            element.text = legal(value["@text"], path)
        for child in value.get("@children", []):
            self._node(child, element, path)


class EncodedEncoder(Encoder):
    """Writes what SOAP encoding wants: every element says its type (SOAP 1.1, section 5.1)."""

    def _content(self, content: Scalar | str, value: Any, element: etree._Element, path: str) -> None:
        name = encoded_type(content if isinstance(content, Scalar) else self._model.records[content])
        if name and element.get(TYPE) is None:
            set_name(element, TYPE, name)
        super()._content(content, value, element, path)


def encoded_type(content: Scalar | Record) -> str:
    """The name of a type for `xsi:type`; empty when it has none, or when the value tells it."""
    if isinstance(content, Record):
        return f"{{{ENCODING}}}Array" if content.array_type else "" if content.variants else content.type
    if content.name:
        return content.name
    return "" if content.is_node or content.kind in ("list", "union") else f"{{{XSD}}}{content.kind}"


def _broken(choice: Choice, given: Set[str]) -> str:
    """How the members that are given break a choice."""
    own = choice.names & given
    told = ", ".join(sorted(own))
    branch = next((one for one in choice.branches if own <= set(one.names)), None)
    if branch is None:
        return f"{told}: only one may be given"
    if not own:
        return f"one of {', '.join(sorted(choice.names))} has to be given"
    missing = [name for name in branch.needed if name not in own]
    if missing:
        return f"with {told}, {' and '.join(missing)} has to be given"
    return _broken(next(one for one in branch.choices if not one.holds(own)), own)


def parsed(words: str, path: str) -> etree._Element:
    """The element that the text of a node's `@xml` is.

    Raises:
        Rejected: It is not well-formed, or carries a DOCTYPE.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root: etree._Element = etree.fromstring(legal(words, path), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Rejected(f"{path}: @xml is not well-formed. Nothing was sent.", code="invalid-field") from None
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise Rejected(f"{path}: @xml carries a DOCTYPE. Nothing was sent.", code="invalid-field")
    return root


def take_over(source: etree._Element, element: etree._Element) -> None:
    """Gives an element the attributes, the text and the children of another."""
    for name, words in source.attrib.items():
        element.set(name, words)
    element.text = source.text
    element.extend(list(source))


def set_name(element: etree._Element, attribute: str, name: str) -> None:
    """Sets an attribute to a name in Clark notation; its prefix is declared where it is not."""
    qualified: Any = etree.QName(name)
    element.set(attribute, qualified)


def set_attributes(attributes: Mapping[str, str], element: etree._Element, path: str) -> None:
    """Sets attributes by their names in Clark notation. The value of an `xsi:type` in it gets a prefix."""
    for name, words in attributes.items():
        try:
            if name == TYPE and words.startswith("{"):
                set_name(element, name, words)
            else:
                element.set(name, legal(words, path))
        except ValueError:
            raise Rejected(f"{path}: an attribute's name is no XML name", code="invalid-field") from None


def is_node(value: Any) -> bool:
    """Whether a value at any depth has the shape of `scalar.NODE`."""
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("@name"), str)
        and isinstance(value.get("@text", ""), str)
        and isinstance(value.get("@xml", ""), str)
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
    """The `arrayType` of a SOAP-encoded array."""
    attribute = f"{{{ENCODING}}}arrayType"
    set_name(element, attribute, array_type)
    element.set(attribute, f"{element.get(attribute)}[{length}]")
