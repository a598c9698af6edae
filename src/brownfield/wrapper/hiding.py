"""Fields that a caller must not see: out of the schema, so that no trace is left, and out of the document."""

import copy
from collections.abc import Callable, Collection, Iterator
from typing import Any

from brownfield.contract import Failure, JsonSchema, Rejected

Path = tuple[str, ...]
_BRANCHES = ("allOf", "anyOf", "oneOf")
_LOCAL = "#/$defs/"


def hide_schema(schema: JsonSchema, hidden: Collection[str]) -> JsonSchema:
    """A schema without the fields at `hidden` (`customer.email`), lists looked through.

    A definition on the way to a hidden field is copied into its place, because others may use it whole; one that
    nothing uses any more goes too, so that no trace of the field is left (R4).
    """
    for path in sorted(hidden):
        schema = _without(schema, tuple(path.split(".")), schema.get("$defs", {}))
    return _used(schema)


def hide(document: Any, hidden: Collection[str]) -> Any:
    """A document without the fields at `hidden`, lists looked through."""
    for path in hidden:
        document = edit(document, tuple(path.split(".")), None)
    return document


def hushed(failure: Failure, hidden: Collection[str]) -> Failure:
    """What a system's no may say where fields are hidden: its code, and its detail without them.

    Its words are the system's own, and nobody can tell which of them repeat a hidden value (R4).
    """
    if not hidden or not isinstance(failure, Rejected):
        return failure
    said = "the system said no; its words are not told, for they may repeat what is hidden"
    return Rejected(said, code=failure.code, detail=hide(failure.detail, hidden), undeclared=failure.undeclared)


def edit(document: Any, path: Path, change: Callable[[Any], Any] | None) -> Any:
    """The document with the values at `path` changed, or taken out when `change` is None."""
    if isinstance(document, list):
        return [edit(item, path, change) for item in document]
    if not isinstance(document, dict) or path[0] not in document:
        return document
    first, *rest = path
    if rest:
        return document | {first: edit(document[first], tuple(rest), change)}
    if change is None:
        return {name: value for name, value in document.items() if name != first}
    return document | {first: change(document[first])}


def _without(schema: Any, path: Path, definitions: JsonSchema, seen: frozenset[str] = frozenset()) -> Any:
    """The schema without the field at `path`; `seen` holds the references followed since the last field."""
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _without_behind(schema, path, definitions, seen)
    changed = dict(schema)
    for keyword in _BRANCHES:
        if keyword in schema:
            changed[keyword] = [_without(branch, path, definitions, seen) for branch in schema[keyword]]
    if "items" in schema:
        changed["items"] = _without(schema["items"], path, definitions, seen)
    for keyword in ("examples", "default"):
        if keyword in schema:
            changed[keyword] = edit(schema[keyword], path, None)
    if path[0] in schema.get("properties", {}):
        changed["properties"] = _without_property(schema["properties"], path, definitions)
    if len(path) == 1 and path[0] in schema.get("required", ()):
        changed["required"] = [name for name in schema["required"] if name != path[0]]
    return changed


def _without_behind(schema: JsonSchema, path: Path, definitions: JsonSchema, seen: frozenset[str]) -> JsonSchema:
    """What a reference leads to, without the field; the reference itself where there is no such field."""
    target = _target(schema, definitions)
    if target is None or schema["$ref"] in seen:
        return schema
    whole = copy.deepcopy(target) | {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    less: JsonSchema = _without(whole, path, definitions, seen | {schema["$ref"]})
    return schema if less == whole else less


def _without_property(properties: JsonSchema, path: Path, definitions: JsonSchema) -> JsonSchema:
    first, *rest = path
    if rest:
        return properties | {first: _without(properties[first], tuple(rest), definitions)}
    return {name: inner for name, inner in properties.items() if name != first}


def _target(schema: JsonSchema, definitions: JsonSchema) -> JsonSchema | None:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith(_LOCAL):
        return None
    found = definitions.get(reference.removeprefix(_LOCAL))
    return found if isinstance(found, dict) else None


def _used(schema: JsonSchema) -> JsonSchema:
    """The schema without the definitions that nothing in it reaches."""
    if "$defs" not in schema:
        return schema
    body = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    waiting, seen = list(_references(body)), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen and name in schema["$defs"]:
            seen.add(name)
            waiting.extend(_references(schema["$defs"][name]))
    kept = {name: definition for name, definition in schema["$defs"].items() if name in seen}
    return body | ({"$defs": kept} if kept else {})


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_LOCAL):
            yield reference.removeprefix(_LOCAL)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
