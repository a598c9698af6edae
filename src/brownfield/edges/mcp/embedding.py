"""A schema put inside another one, with its references still leading to the same place."""

from typing import Any

from brownfield.contract import JsonSchema

_DEFINITIONS = "#/$defs/"
_OF_THE_ROOT = frozenset({"$defs", "$schema", "$id"})


def embed(schema: JsonSchema, name: str) -> tuple[JsonSchema, JsonSchema]:
    """A schema for use as the property `name` of an object.

    Its definitions are given apart, for the root of the object, so that `#/$defs/…` needs no change: not every
    client understands an embedded `$id`. A reference to the old root (`#`) leads to the property.

    Returns:
        The schema without its definitions, and the definitions.
    """
    moved = _moved(schema, f"#/properties/{name}")
    inner = {keyword: value for keyword, value in moved.items() if keyword not in _OF_THE_ROOT}
    return inner, moved.get("$defs", {})


def _moved(value: Any, place: str) -> Any:
    if isinstance(value, list):
        return [_moved(item, place) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        keyword: _reference(inner, place) if keyword == "$ref" and isinstance(inner, str) else _moved(inner, place)
        for keyword, inner in value.items()
    }


def _reference(reference: str, place: str) -> str:
    local = reference.startswith("#") and not reference.startswith(_DEFINITIONS)
    return place + reference[1:] if local else reference
