"""A schema of an OpenAPI document → JSON Schema 2020-12 in our normal form.

* What we send is closed: an object takes the fields that it names. What comes back is open, see `exact` for the rest.
* `number` without a binary format is exact, so it travels as a string whose content is JSON; `float` and `double` stay.
* `allOf` becomes one object. `oneOf` becomes `anyOf`: which of several fits is the system's to decide.
* `readOnly` fields are not sent, `writeOnly` fields do not come back.
* Referred objects stand in `$defs`. The schema of a reply is cut where it would grow beyond `MOST_BYTES`.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import jsonschema_rs

from brownfield.contract import JsonSchema, canonical, fingerprint
from brownfield_rest.document import Document, Node

MOST_BYTES = 32 * 1024
"""About how large the schema of a reply may be."""
MOST_INPUT = 512 * 1024
DECIMAL = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
BINARY = frozenset({"float", "double"})
Side = Literal["input", "output"]

_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COPIED = (
    *_NUMERIC, "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    "format", "default", "const", "title", "description",
)  # fmt: skip
_OLDER = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_LEAST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_MOST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_FIRST = frozenset({"title", "description", "examples", "default"})
"""Words: the outermost are the nearest to the place."""


class Unsupported(Exception):
    """An operation that this adapter cannot call, and why. Internal to the adapter."""


class Writer:
    """Writes one schema; remembers what it refers to.

    Args:
        document: Where references lead.
        side: Which way the values go.
    """

    def __init__(self, document: Document, side: Side) -> None:
        self._document = document
        self._side = side
        self._names: dict[str, str] = {}
        self._waiting: deque[str] = deque()
        self._inlined: tuple[str, ...] = ()

    def finish(self, root: JsonSchema) -> JsonSchema:
        """The whole schema, with the definitions that it refers to."""
        found: dict[str, JsonSchema] = {}
        size = len(canonical(root))
        while self._waiting:
            pointer = self._waiting.popleft()
            schema = self._cut(pointer) if self._side == "output" and size > MOST_BYTES else self.inline(pointer)
            found[self._names[pointer]] = schema
            size += len(canonical(schema))
            if size > MOST_INPUT:
                raise Unsupported(f"its schema is larger than {MOST_INPUT} bytes")
        return {**root, "$defs": found} if found else root

    def inline(self, pointer: str) -> JsonSchema:
        """What a reference leads to, in its place."""
        if pointer in self._inlined:
            raise Unsupported(f"{pointer} is made of itself")
        self._inlined += (pointer,)
        try:
            return self.schema(self._document.at(pointer), inline=True)
        finally:
            self._inlined = self._inlined[:-1]

    def schema(self, given: Any, *, inline: bool = False) -> JsonSchema:
        """The normal form of a schema; a referred one by reference, unless it is to stand here or is small."""
        if not isinstance(given, Mapping):
            return {"not": {}} if given is False else {}
        pointer = given.get("$ref")
        if isinstance(pointer, str):
            beside = {} if self._document.old else {k: v for k, v in given.items() if k != "$ref"}
            if beside:
                return merged([self._content(beside), self.inline(pointer)])
            return self.inline(pointer) if inline or self._small(pointer) else self._reference(pointer)
        return self._content(given)

    def _small(self, pointer: str) -> bool:
        target = self._document.at(pointer)
        words = ("properties", "items", "allOf", "anyOf", "oneOf", "additionalProperties", "$ref")
        return not isinstance(target, Mapping) or not any(word in target for word in words)

    def _reference(self, pointer: str) -> JsonSchema:
        if pointer not in self._names:
            base = name = re.sub(r"[^A-Za-z0-9_]+", "_", pointer.rpartition("/")[2]).strip("_") or "schema"
            number = 1
            while name in self._names.values():
                number += 1
                name = f"{base}{number}"
            self._names[pointer] = name
            self._waiting.append(pointer)
        return {"$ref": f"#/$defs/{self._names[pointer]}"}

    def _cut(self, pointer: str) -> JsonSchema:
        target = self._document.at(pointer)
        kind = target.get("type") if isinstance(target, Mapping) else None
        return {**({"type": kind} if isinstance(kind, str) else {}), "x-cut": fingerprint(target)}

    def _content(self, given: Node) -> JsonSchema:
        own = self._own(given)
        parts = given.get("allOf") or ()
        found = _asked(merged([own, *(self.schema(part, inline=True) for part in parts)])) if parts else own
        for word in ("anyOf", "oneOf"):
            if given.get(word):
                found = self._either(found, given[word])
        return nullable(found) if self._document.old and given.get("nullable") is True else found

    def _either(self, own: JsonSchema, alternatives: Iterable[Any]) -> JsonSchema:
        """One of several. What stands beside them belongs to each, or a closed one would refuse it."""
        if own.get("properties"):
            return {"anyOf": [_asked(merged([own, self.schema(one, inline=True)])) for one in alternatives]}
        beside = {word: value for word, value in own.items() if word not in {"additionalProperties", "type"}}
        return {**beside, "anyOf": [self.schema(one) for one in alternatives]}

    def _own(self, given: Node) -> JsonSchema:
        """The keywords that stand in this schema itself."""
        found: JsonSchema = {word: given[word] for word in _COPIED if word in given}
        if self._document.old:
            _modern(found)
        kind = _kind(given)
        if kind is not None:
            found["type"] = kind
        if isinstance(given.get("enum"), list):
            found["enum"] = list(given["enum"])
        if isinstance(given.get("pattern"), str):
            found |= _pattern(given["pattern"], str(found.get("description", "")))
        if "example" in given or "examples" in given:
            found["examples"] = given.get("examples") or [given.get("example")]
        if "items" in given:
            found["items"] = self.schema(given["items"])
        if given.get("properties") or "additionalProperties" in given or _is(kind, "object"):
            found |= self._object(given)
        elif isinstance(given.get("required"), list):
            found["required"] = [str(name) for name in given["required"]]
        return decimal(found) if _exact(found) else found

    def _object(self, given: Node) -> JsonSchema:
        wrong = "readOnly" if self._side == "input" else "writeOnly"
        fields = {
            str(name): self.schema(field)
            for name, field in (given.get("properties") or {}).items()
            if not (isinstance(field, Mapping) and self._document.follow(field).get(wrong) is True)
        }
        found: JsonSchema = {"type": _kind(given) or "object", "properties": fields} if fields else {}
        required = [name for name in given.get("required") or () if name in fields]
        if required:
            found["required"] = required
        rest = given.get("additionalProperties")
        if rest is not None:
            found["additionalProperties"] = self.schema(rest) if rest is not False else False
        elif given.get("patternProperties"):
            found["additionalProperties"] = {}
        elif self._side == "input" and (fields or not given.get("allOf")):
            found["additionalProperties"] = False if fields else {}
        return found


def merged(parts: list[JsonSchema]) -> JsonSchema:
    """One schema that a value meets when it meets all of them."""
    found: JsonSchema = {}
    for part in parts:
        for word, value in part.items():
            found[word] = value if word not in found or found[word] == value else _both(word, found[word], value)
    return found


def _both(word: str, one: Any, other: Any) -> Any:
    """What holds when a keyword is given twice."""
    if word == "properties":
        shared = {name: merged([one[name], other[name]]) for name in one.keys() & other.keys()}
        return {**one, **other, **shared}
    if word == "required":
        return list(dict.fromkeys([*one, *other]))
    if word == "additionalProperties":
        return False if one is False or other is False else merged([one, other])
    if word == "enum":
        return [value for value in one if value in other]
    if word == "type":
        return _common(one, other)
    if word in _LEAST | _MOST:
        return min(one, other) if word in _LEAST else max(one, other)
    if word in _FIRST:
        return one
    if word == "items":
        return merged([one, other])
    raise Unsupported(f"its schema joins two different `{word}`")


def _common(one: Any, other: Any) -> Any:
    kinds = [[value] if isinstance(value, str) else value for value in (one, other)]
    shared = [kind for kind in kinds[0] if kind in kinds[1]]
    if not shared:
        raise Unsupported("its schema joins types that no value has at once")
    return shared[0] if len(shared) == 1 else shared


def _asked(found: JsonSchema) -> JsonSchema:
    """Without demands for fields that go the other way only."""
    if "properties" not in found or "required" not in found:
        return found
    required = [name for name in found["required"] if name in found["properties"]]
    rest = {word: value for word, value in found.items() if word != "required"}
    return {**rest, "required": required} if required else rest


def nullable(found: JsonSchema) -> JsonSchema:
    """The schema that also allows null."""
    if isinstance(found.get("type"), str) and not {"const", "allOf", "anyOf"} & found.keys():
        more = {"enum": [*found["enum"], None]} if "enum" in found and None not in found["enum"] else {}
        return {**found, "type": [found["type"], "null"], **more}
    return {"anyOf": [found, {"type": "null"}]}


def decimal(found: JsonSchema) -> JsonSchema:
    """A number that keeps its digits: a string that holds it, with the number's own rules as that of its content."""
    kept = {word: value for word, value in found.items() if word not in {*_NUMERIC, "format", "type"}}
    for word in ("enum", "examples"):
        if word in kept:
            kept[word] = [value if value is None else str(value) for value in kept[word]]
    for word in ("const", "default"):
        if kept.get(word) is not None:
            kept[word] = str(kept[word])
    rules = {"type": "number", **{word: found[word] for word in _NUMERIC if word in found}}
    kind = "string" if found["type"] == "number" else ["string", "null"]
    return kept | {"type": kind, "pattern": DECIMAL, "contentMediaType": "application/json", "contentSchema": rules}


def _kind(given: Node) -> Any:
    """The type as it is written; null alone and lists of one are made plain."""
    kind = given.get("type")
    if isinstance(kind, list):
        return kind[0] if len(kind) == 1 else list(kind)
    return kind if isinstance(kind, str) else None


def _exact(found: JsonSchema) -> bool:
    kind = found.get("type")
    return (kind == "number" or (isinstance(kind, list) and set(kind) == {"number", "null"})) and (
        found.get("format") not in BINARY
    )


def _is(kind: Any, name: str) -> bool:
    return kind == name or (isinstance(kind, list) and name in kind)


def _modern(found: JsonSchema) -> None:
    """Write the bounds of 3.0, where `exclusiveMinimum` is true or false, as JSON Schema has them."""
    for inclusive, exclusive in _OLDER.items():
        if found.pop(exclusive, False) is True and inclusive in found:
            found[exclusive] = found.pop(inclusive)


def _pattern(pattern: str, words: str) -> JsonSchema:
    """A pattern that can be checked in linear time; any other is told in words, and left for the system to check."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except (ValueError, jsonschema_rs.ValidationError):
        return {"description": f"{words} Must match {pattern}".strip()}
    return {"pattern": pattern}
