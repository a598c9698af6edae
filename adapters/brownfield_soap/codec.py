"""One small function per record, written for it and compiled: what reads replies fast.

The interpreter in `decode` walks the model for every element. Here the walk is made once, into source like this, for a
record `Item` with a number, a price, barcodes and lots:

    def read(element, path):
        if element.keys(): hold_to_type(element, path)
        value = {}
        try:
            text = element.get('rev')
            if text is not None:
                value['rev'] = integer(text)
            for child in element:
                tag = child.tag
                text = child.text
                if tag == '{urn:wms}ItemNo' and 'ItemNo' not in value:
                    value['ItemNo'] = text if text and not len(child) else empty_0(child)
                elif tag == '{urn:wms}Barcode':
                    value.setdefault('Barcode', []).append(text if text and not len(child) else empty_1(child))
                elif tag == '{urn:wms}Lots' and 'Lots' not in value:
                    value['Lots'] = read_2(child, path + '/Lots') if len(child) or not is_nil(child) else nil(…)
                else:
                    return odd('{urn:wms}Item', element, path)
            value.setdefault('Barcode', [])
        except ValueError:
            return odd('{urn:wms}Item', element, path)
        if not value.keys() >= required:
            return odd('{urn:wms}Item', element, path)
        return value

The first line holds a record that has attributes to the type that its `xsi:type` names, should it name one.

The functions hold the straight road only. Whatever is not on it — an unknown element, one without its namespace, one
too many, one missing, a value that does not fit — makes the interpreter read that record (`odd`), and it finds the
words for what is wrong. So both give the same by construction, which a fuzz test holds. Records with wildcards,
groups or substitutions are left to the interpreter; the records within them are not. A family of types is a step
between: it looks at `xsi:type` and calls the function of the type that is there.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lxml import etree

from brownfield_soap import decode, scalar
from brownfield_soap.decode import Decoder, hold_to_type, is_nil, known_attributes, other_attributes
from brownfield_soap.model import ANY_TAG, Field, Model, Record, Scalar

Read = Callable[[etree._Element, str], Any]
FALLBACK = "return odd({key!r}, element, path)"


class Codec(Decoder):
    """A `Decoder` that reads records with compiled functions, made when a record is first met."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._compiled: dict[str, Read] = {}

    def reader(self, key: str) -> Read:
        """The function that reads a record, compiled on first use."""
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = self._made(key)
        return found

    def _content(self, content: Scalar | str, element: etree._Element, path: str) -> Any:
        if isinstance(content, Scalar):
            return super()._content(content, element, path)
        return self.reader(content)(element, path)

    def _made(self, key: str) -> Read:
        record = self.model.records[key]
        if record.variants:
            return partial(self._variant, key, record)
        if not straight(self.model, record):
            return partial(self._odd, key)
        names: dict[str, Any] = {
            "odd": self._odd,
            "required": required(record),
            "is_nil": is_nil,
            "nil": self._nil,
            "others": partial(other_attributes, known_attributes(record)),
            "hold_to_type": partial(hold_to_type, record),
        }
        code = compile(source(key, record, names, self.reader), f"<reader of {record.name}>", "exec")
        exec(code, names)  # noqa: S102  # the source holds nothing of the WSDL but names, each written by repr
        read: Read = names["read"]
        return read

    def _odd(self, key: str, element: etree._Element, path: str) -> Any:
        """What is not on the straight road, read by the interpreter."""
        return super()._content(key, element, path)


def straight(model: Model, record: Record) -> bool:
    """Whether a record can be read by tag alone: no wildcard, no group, no substitution, no tag twice."""
    elements = [field for field in record.fields if field.place == "element"]
    tags = {tag for field in elements for tag in decode.tags(model, field)}
    texts = [field for field in record.fields if field.place == "text"]
    return (
        ANY_TAG not in tags
        and tags == {field.tag for field in elements}
        and len(tags) == len(elements)
        and not any(field.place == "group" for field in record.fields)
        and not any(isinstance(field.type, Scalar) and field.type.is_node for field in record.fields)
        and not (elements and texts)
    )


def required(record: Record) -> frozenset[str]:
    """The members without which a record is odd. A list is always there."""
    return frozenset(
        field.name for field in record.fields if field.place == "element" and field.least and not field.repeated
    )


def source(key: str, record: Record, names: dict[str, Any], reader: Callable[[str], Read]) -> str:
    """The source of a record's function; `names` is filled with what the source refers to.

    Args:
        key: The record's key in the model.
        record: The record.
        names: The function's globals.
        reader: Gives the function of another record, asked for when it is first needed.
    """
    odd = FALLBACK.format(key=key)
    lines = ["def read(element, path):", "    if element.keys(): hold_to_type(element, path)"]
    lines += ["    value = {}", "    try:"]
    lines += [f"        {line}" for field in record.fields for line in _outside(field, names, odd)]
    lines += ["        for child in element:", "            tag = child.tag", "            text = child.text"]
    word = "if"
    for number, field in enumerate(field for field in record.fields if field.place == "element"):
        lines += [f"            {word} {_condition(field)}:", f"                {_store(field, number, names, reader)}"]
        word = "elif"
    lines += ["            else:", f"                {odd}"] if word == "elif" else [f"            {odd}"]
    for field in record.fields:
        if field.place == "element" and field.repeated:
            few = f"if len(value.setdefault({field.name!r}, [])) < {field.least}: {odd}"
            lines.append(f"        {few}" if field.least else f"        value.setdefault({field.name!r}, [])")
    lines += ["    except ValueError:", f"        {odd}"]
    lines += ["    if not value.keys() >= required:", f"        {odd}"] if required(record) else []
    items = record.items
    lines.append("    return value" if items is None else f"    return value[{items.name!r}]")
    return "\n".join(lines)


def _outside(field: Field, names: dict[str, Any], odd: str) -> list[str]:
    """Attributes and text content, which are read before the children."""
    if field.place == "attributes":
        return ["rest = others(element)", f"if rest: value[{field.name!r}] = rest"]
    if field.place not in ("attribute", "text") or not isinstance(field.type, Scalar):
        return []
    read = _reading(field.type, names, "text")
    if field.place == "text":
        return ["text = element.text or ''", f"if len(element): {odd}", f"value[{field.name!r}] = {read}"]
    missing = [f"else: {odd}"] if field.least else []
    return [f"text = element.get({field.tag!r})", f"if text is not None: value[{field.name!r}] = {read}", *missing]


def _condition(field: Field) -> str:
    once = "" if field.repeated else f" and {field.name!r} not in value"
    return f"tag == {field.tag!r}{once}"


def _store(field: Field, number: int, names: dict[str, Any], reader: Callable[[str], Read]) -> str:
    if isinstance(field.type, Scalar):
        names[f"empty_{number}"] = _empty(field.type)
        read = f"{_reading(field.type, names, 'text')} if text and not len(child) else empty_{number}(child)"
    else:
        names[f"read_{number}"] = _late(field.type, reader)
        here = f"child, path + {'/' + field.name!r}"
        read = f"read_{number}({here}) if len(child) or not is_nil(child) else nil({field.type!r}, {here})"
    if field.repeated:
        return f"value.setdefault({field.name!r}, []).append({read})"
    return f"value[{field.name!r}] = {read}"


def _empty(kind: Scalar) -> Callable[[etree._Element], Any]:
    """Reads an element without text: it is nil, or its value is the empty text. One with elements in it is odd."""

    def read(element: etree._Element) -> Any:
        if len(element):
            raise ValueError
        return None if is_nil(element) else scalar.read(kind, "")

    return read


def _late(key: str, reader: Callable[[str], Read]) -> Read:
    """The function of another record, which may not be compiled yet: records may contain themselves."""
    return lambda element, path: reader(key)(element, path)  # noqa: PLW0108  # looked up when it is called


def _reading(kind: Scalar, names: dict[str, Any], text: str) -> str:
    """The expression that reads a simple type. One that has no fast way is read by `scalar.read`."""
    if kind.kind == "string":
        return text
    limited = "totalDigits" in kind.facets.limits or (kind.kind == "decimal" and kind.facets.limits)
    if kind.kind in FAST and not limited:
        names[kind.kind] = FAST[kind.kind]
        return f"{kind.kind}({text})"
    name = f"scalar_{len(names)}"
    names[name] = _limited(kind) if kind.kind == "decimal" else partial(scalar.read, kind)
    return f"{name}({text})"


def _limited(kind: Scalar) -> Callable[[str], Any]:
    """Reads a decimal with limits: plain text that is within them for certain at once, all other by `scalar.read`."""
    limits = kind.facets.limits
    plain = re.compile("[0-9]{0,%d}(?<=[0-9])(?:[.][0-9]{0,%d})?" % _room(limits)).fullmatch  # noqa: UP031  # braces are taken
    ranged = any("clusive" in name for name in limits)

    def read(text: str) -> Any:
        return text if not ranged and plain(text) else scalar.read(kind, text)

    return read


def _room(limits: Mapping[str, str]) -> tuple[int, int]:
    """How many digits before and after the point are within the limits for certain."""
    after = min(int(limits.get("fractionDigits", 15)), 15)
    return max(min(int(limits.get("totalDigits", 30)), 30) - after, 0), after


def _matching(pattern: str) -> Callable[[str], str]:
    """Text that matches as it is. With spaces around it, it is odd."""
    match = re.compile(pattern).fullmatch

    def same(text: str) -> str:
        if match(text) is None:
            raise ValueError
        return text

    return same


def _integer(text: str) -> int:
    if len(text) < 18 and text.isascii() and text.isdecimal():
        return int(text)
    if _INTEGER(text) is None:
        raise ValueError
    return int(text)


_INTEGER = re.compile("[+-]?[0-9]{1,18}").fullmatch
_BOOLEAN = {"true": True, "false": False, "1": True, "0": False}


def _boolean(text: str) -> bool:
    found = _BOOLEAN.get(text)
    if found is None:
        raise ValueError
    return found


FAST: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    **{name: _matching(pattern) for name, pattern in scalar.LEXICAL.items() if name != "duration"},
    **dict.fromkeys(scalar.INTEGERS, _integer),
}
"""Simple types by the name of their built-in, as functions that take good text as it comes and fail at any other."""
