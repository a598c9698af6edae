"""JSON Schema 2020-12 of what readers give, no wider: the contract of a layout, and the words for that of any other."""

from collections.abc import Mapping
from typing import Any

from brownfield.contract import Contract, JsonSchema, RecordShape
from brownfield_files.layout.normal_form import Field, Layout, Part, RecordType
from brownfield_files.record.decode import INT_DIGITS


def contract_of(layout: Layout) -> Contract:
    """The record types of a layout with the schema of each."""
    return Contract(records={record.name: _record(record, layout) for record in layout.records})


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has all of these and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def text(*, null: bool = False) -> dict[str, Any]:
    """Text; with `null`, or nothing."""
    return {"type": ["string", "null"] if null else "string"}


def day(*, null: bool = False) -> dict[str, Any]:
    """A day, `2026-11-21`."""
    return {**text(null=null), "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def money(*, null: bool = False) -> dict[str, Any]:
    """An exact decimal, with as many decimals as were written."""
    return {**text(null=null), "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"}


def _record(record: RecordType, layout: Layout) -> RecordShape:
    told = "; ".join(f"{field} is {' or '.join(map(str, values))}" for field, values in record.when)
    places = {"first": "The first record. ", "last": "The last record. ", "fill": "Fills the file up. ", "body": ""}
    place = places[record.place]
    words = f"{place}Told by: {told}." if told else place.strip()
    return RecordShape(fields=_with_parent(record, layout), documentation=words)


def _with_parent(record: RecordType, layout: Layout) -> JsonSchema:
    schema = _object(record.parts)
    if record.parent:
        schema["properties"][record.parent] = _with_parent(layout.record(record.parent), layout)
        schema["required"].append(record.parent)
    return schema


def _object(parts: tuple[Part, ...]) -> JsonSchema:
    return closed({part.name: _part(part) for part in parts})


def _part(part: Part) -> JsonSchema:
    if isinstance(part, Field):
        schema = _value(part)
        if part.values:
            schema["description"] = "; ".join(f"{name}: {values}" for name, values in part.values)
        return schema
    least = part.least if part.counter else part.count
    items = _part(part.parts[0]) if part.plain else _object(part.parts)
    return {"type": "array", "items": items, "minItems": least, "maxItems": part.count}


def _value(field: Field) -> dict[str, Any]:
    if field.date is not None:
        return day(null=bool(field.date.none))
    if field.kind == "text":
        return {"type": "string", "maxLength": field.length // (2 if field.codec else 1)}
    if field.kind == "float":
        return {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"}
    whole = max(field.digits - field.scale, 0)
    if field.scale <= 0 and whole <= INT_DIGITS:
        low, high = _bounds(field)
        return {"type": "integer", "minimum": low, "maximum": high}
    return {"type": "string", "pattern": _pattern(field, whole)}


def _bounds(field: Field) -> tuple[int, int]:
    """The least and the greatest value of an integer field; a COMP-5 field holds whatever fits its bytes."""
    if field.native:
        bits = field.length * 8 - field.signed
        return (-(1 << bits) if field.signed else 0), (1 << bits) - 1
    most = (10**field.digits - 1) * 10**-field.scale
    return (-most if field.signed else 0), most


def _pattern(field: Field, whole: int) -> str:
    """Decimals with all their digits and no leading zero."""
    if field.native:  # its bytes hold more digits than its picture
        whole = len(str((1 << (field.length * 8)) - 1)) - field.scale
    sign = "-?" if field.signed else ""
    head = f"(0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    tail = rf"\.[0-9]{{{field.scale}}}" if field.scale > 0 else ""
    return f"^{sign}{head}{tail}$"
