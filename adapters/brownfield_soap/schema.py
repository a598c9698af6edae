"""A model's types → JSON Schema 2020-12.

A record that is used more than once within a schema, or that contains itself, stands in `$defs`; all others are inline.
The schema of a reply is cut where it would grow beyond `MOST_BYTES`: the records furthest from its root are then plain
objects, with the fingerprint of what they hold, so that a change within is still seen. Below a cut the decoder still
holds a reply to types, counts and required members; facets are checked above it only. The schema of a request is never
cut, for it is what refuses unknown fields.
"""

from collections import Counter
from dataclasses import asdict

from brownfield.contract import JsonSchema, fingerprint
from brownfield_soap import scalar
from brownfield_soap.answer import Answer
from brownfield_soap.model import Field, Model, Part, Record, Scalar

MOST_BYTES = 64 * 1024
"""About how large the schema of a reply may be."""


def input_schema(model: Model, part: Part | None) -> JsonSchema:
    """The schema of the fields that a call takes: an object that refuses unknown fields."""
    if part is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    writer = _Writer(model, part.type, closed=True)
    if isinstance(part.type, Scalar):
        value = {"value": scalar.schema(part.type)}
        return {"type": "object", "properties": value, "required": ["value"], "additionalProperties": False}
    return writer.finish(writer.object(model.records[part.type]))


def output_schema(model: Model, answer: Answer) -> JsonSchema:
    """The schema of the fields that come back; see `answer` for which these are."""
    writer = _Writer(model, answer.type, closed=False)
    if answer.form == "nothing":
        return {"type": "object", "properties": {}}
    if answer.form == "fields":
        return writer.finish(_maybe_empty(writer.object(model.records[str(answer.type)]), optional=answer.optional))
    name = "items" if answer.form == "items" else "value"
    content = writer.content(answer.type)
    if answer.optional:
        content.pop("minItems", None)
    if answer.step and answer.step.nillable and name == "value":
        content = nullable(content)
    required = ["items"] if name == "items" else [] if answer.step and answer.step.least == 0 else ["value"]
    return writer.finish({"type": "object", "properties": {name: content}, "required": required})


def _maybe_empty(found: JsonSchema, *, optional: bool) -> JsonSchema:
    """Where the result may be absent, the fields are all there or none is."""
    if optional and found.get("required"):
        found["anyOf"] = [{"required": found.pop("required")}, {"maxProperties": 0}]
    return found


def nullable(found: JsonSchema) -> JsonSchema:
    """The schema that also allows null."""
    if isinstance(found.get("type"), str) and "const" not in found and "allOf" not in found:
        found = {**found, "type": [found["type"], "null"]}
        return {**found, "enum": [*found["enum"], None]} if "enum" in found else found
    return {"anyOf": [found, {"type": "null"}]}


class _Writer:
    """Writes one schema; remembers which records it refers to."""

    def __init__(self, model: Model, root: Scalar | str, *, closed: bool) -> None:
        self._model = model
        self._closed = closed
        self._whole = set(model.records) if closed else _whole(model, root)
        self._uses = _uses(model, root, self._whole)
        self._names: dict[str, str] = {}
        self._defs: dict[str, JsonSchema] = {}

    def finish(self, root: JsonSchema) -> JsonSchema:
        """The whole schema, with the definitions it refers to."""
        return {**root, "$defs": self._defs} if self._defs else root

    def content(self, content: Scalar | str) -> JsonSchema:
        """The schema of a type, inline or by reference."""
        if isinstance(content, Scalar):
            return _described(scalar.schema(content), content.documentation)
        record = self._model.records[content]
        if content not in self._whole:
            return {"type": "array" if record.items else "object", "x-cut": _shape(self._model, content)}
        if record.items is not None and self._uses[content] < 2:
            return self._array(record, record.items)
        if self._uses[content] < 2:
            return self.object(record)
        return {"$ref": f"#/$defs/{self._defined(content, record)}"}

    def object(self, record: Record) -> JsonSchema:
        """The schema of a record's members."""
        found: JsonSchema = {"type": "object"}
        words = " ".join(filter(None, [record.documentation, *map(_one_of, record.choices if self._closed else ())]))
        if words:
            found["description"] = words
        found["properties"] = {field.name: self._field(field) for field in record.fields}
        required = [field.name for field in record.fields if self._always(field)]
        if required:
            found["required"] = required
        if self._closed:
            found["additionalProperties"] = False
        return found

    def _always(self, field: Field) -> bool:
        return field.least > 0 or (not self._closed and field.repeated)

    def _defined(self, key: str, record: Record) -> str:
        if key not in self._names:
            name, number = record.name, 1
            while name in self._names.values():
                number += 1
                name = f"{record.name}{number}"
            self._names[key] = name
            self._defs[name] = {}
            items = record.items
            self._defs[name] = self.object(record) if items is None else self._array(record, items)
        return self._names[key]

    def _array(self, record: Record, items: Field) -> JsonSchema:
        return _described(self._field(items), record.documentation)

    def _field(self, field: Field) -> JsonSchema:
        one = self.content(field.type)
        if field.fixed is not None and isinstance(field.type, Scalar):
            one = _fixed(one, field.type, field.fixed)
        if field.nillable:
            one = nullable(one)
        if field.repeated:
            one = {"type": "array", "items": one, **_bounds(field)}
        elif field.default is not None and isinstance(field.type, Scalar):
            one = _defaulted(one, field.type, field.default)
        return _described(one, field.documentation)


def _one_of(choice: tuple[tuple[str, ...], ...]) -> str:
    """A choice as a sentence: `oneOf` would say it in JSON Schema, but callers of tools may not have it at the top."""
    return f"Give one at most: {', or '.join(' with '.join(branch) for branch in choice)}."


def _whole(model: Model, root: Scalar | str) -> set[str]:
    """The records that are written in full: level by level from the root, as long as there is room."""
    found: set[str] = set()
    level = [root] if isinstance(root, str) else []
    room = MOST_BYTES
    while level:
        room -= sum(_bytes(field) for key in level for field in model.records[key].fields)
        if room < 0 and found:
            break
        found.update(level)
        members = [field.type for key in level for field in model.records[key].fields if isinstance(field.type, str)]
        level = [key for key in dict.fromkeys(members) if key not in found]
    return found


def _bytes(field: Field) -> int:
    """About what a member takes: its name, its words, its values."""
    size = 100 + len(field.name) + len(field.documentation)
    if isinstance(field.type, Scalar):
        facets = field.type.facets
        size += len(field.type.documentation) + sum(len(text) + 3 for text in (*facets.enumeration, *facets.patterns))
        size += 200 if field.type.kind in scalar.LEXICAL else 0
    return size


def _shape(model: Model, root: str) -> str:
    """The fingerprint of a record and of everything that it reaches."""
    if root not in model.shapes:
        reached = sorted(_uses(model, root, set(model.records)))
        model.shapes[root] = fingerprint([_own_shape(model, key) for key in reached])[:16]
    return model.shapes[root]


def _own_shape(model: Model, key: str) -> str:
    """The fingerprint of a record's own members, by its key with a space before it, which no key has."""
    own = f" {key}"
    if own not in model.shapes:
        model.shapes[own] = fingerprint([asdict(field) for field in model.records[key].fields])
    return model.shapes[own]


def _uses(model: Model, root: Scalar | str, whole: set[str]) -> Counter[str]:
    """How often each record is referred to from the root by what is written in full, the root's own use included."""
    uses: Counter[str] = Counter()
    waiting = [root] if isinstance(root, str) else []
    while waiting:
        key = waiting.pop()
        uses[key] += 1
        if uses[key] == 1 and key in whole:
            waiting.extend(field.type for field in model.records[key].fields if isinstance(field.type, str))
    return uses


def _bounds(field: Field) -> JsonSchema:
    bounds = {}
    if field.least > 0:
        bounds["minItems"] = field.least
    if field.most is not None:
        bounds["maxItems"] = field.most
    return bounds


def _described(found: JsonSchema, words: str) -> JsonSchema:
    """The schema with the far side's words before what was already said."""
    if not words:
        return found
    return {**found, "description": f"{words} {found.get('description', '')}".strip()}


def _fixed(found: JsonSchema, kind: Scalar, text: str) -> JsonSchema:
    try:
        return {"const": scalar.read(kind, text)}
    except ValueError:
        return found


def _defaulted(found: JsonSchema, kind: Scalar, text: str) -> JsonSchema:
    try:
        return {**found, "default": scalar.read(kind, text)}
    except ValueError:
        return found
