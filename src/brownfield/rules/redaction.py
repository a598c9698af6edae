"""What leaves the house: hidden fields, personal fields, the allow-list, and text from the far side made safe."""

import copy
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import Any

from brownfield.contract import Fields, JsonSchema, canonical

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
        document = _edit(document, tuple(path.split(".")), None)
    return document


def commit(arguments: Fields, personal: Collection[str], token: Callable[[str], str]) -> dict[str, Any]:
    """Arguments for the audit: the value of each personal field becomes `{"commitment": …}`.

    A number commits as its digits and anything nested as its canonical JSON, so that a question about account 4471
    finds it however it was sent. A null hides nothing and stays.
    """

    def committed(value: Any) -> Any:
        if isinstance(value, list):
            return [committed(item) for item in value]
        return None if value is None else {"commitment": token(_text(value))}

    document: dict[str, Any] = dict(arguments)
    for path in personal:
        document = _edit(document, tuple(path.split(".")), committed)
    return document


def keep(document: Any, schema: JsonSchema) -> Any:
    """A document without the fields that its schema does not name, wherever the schema is closed."""
    return _kept(document, [schema], schema.get("$defs", {}))


def plain(text: str, limit: int = 80) -> str:
    r"""Text from the far side, quoted for a sentence: `"A-100"`.

    Whatever a reader cannot see, or what moves what he sees, is written out (`\u202e`, `\n`); quotes and backslashes
    are escaped. At most `limit` characters stand between the quotes.
    """
    if _HARMLESS.fullmatch(text) and len(text) <= limit:
        return f'"{text}"'
    shown, room = "", limit - 1
    for at, character in enumerate(text):
        piece = _visible(character)
        last = at == len(text) - 1
        if len(shown) + len(piece) > room + last:
            return f'"{shown}…"'
        shown += piece
    return f'"{shown}"'


_HARMLESS = re.compile(r"[ !#-\[\]-~]*")
"""ASCII that can be seen, without quote and backslash: nearly all there is, and quickly known."""
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that show nothing though their category does not say so (Unicode: Default_Ignorable_Code_Point)."""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


def _visible(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    category = unicodedata.category(character)
    odd_space = category == "Zs" and character != " "
    if category not in _HIDDEN_CATEGORIES and not odd_space and not _IGNORABLE.match(character):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def _edit(document: Any, path: Path, change: Callable[[Any], Any] | None) -> Any:
    """The document with the values at `path` changed, or taken out when `change` is None."""
    if isinstance(document, list):
        return [_edit(item, path, change) for item in document]
    if not isinstance(document, dict) or path[0] not in document:
        return document
    first, *rest = path
    if rest:
        return document | {first: _edit(document[first], tuple(rest), change)}
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
            changed[keyword] = _edit(schema[keyword], path, None)
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


def _kept(document: Any, schemas: list[Any], definitions: JsonSchema) -> Any:
    layers = [layer for schema in schemas for layer in _layers(schema, definitions, frozenset())]
    if isinstance(document, list):
        items = [layer["items"] for layer in layers if "items" in layer]
        return [_kept(item, items, definitions) for item in document]
    if not isinstance(document, dict):
        return document
    closed = any(layer.get("additionalProperties") is False for layer in layers)
    kept: dict[str, Any] = {}
    for name, value in document.items():
        naming = [inner for layer in layers for inner in _naming(layer, name)]
        if naming or not closed:
            kept[name] = _kept(value, naming, definitions)
    return kept


def _layers(schema: Any, definitions: JsonSchema, seen: frozenset[str]) -> Iterator[JsonSchema]:
    """The schema and all that say something about the same value: its reference, its alternatives."""
    if not isinstance(schema, dict):
        return
    yield schema
    reference = str(schema.get("$ref", ""))
    target = _target(schema, definitions)
    if target is not None and reference not in seen:
        yield from _layers(target, definitions, seen | {reference})
    for keyword in _BRANCHES:
        for branch in schema.get(keyword, ()):
            yield from _layers(branch, definitions, seen)


def _naming(layer: JsonSchema, name: str) -> Iterator[Any]:
    """What a layer says of a field of this name; nothing when it does not name it."""
    if name in layer.get("properties", {}):
        yield layer["properties"][name]
    yield from (inner for pattern, inner in layer.get("patternProperties", {}).items() if re.search(pattern, name))
    if isinstance(layer.get("additionalProperties"), dict):
        yield layer["additionalProperties"]
