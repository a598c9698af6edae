"""A model's types → JSON Schema 2020-12.

A record that is used more than once within a schema, or that contains itself, stands in `$defs`; all others are inline.
A family is `anyOf` its types, told apart by `@type` or `@element`.

The schema of a reply is cut where it would grow beyond `MOST_BYTES`: the records furthest from its root are then plain
objects, with the fingerprint of what they hold, so that a change within is still seen. Below a cut the decoder still
holds a reply to types, counts and required members; facets are checked above it only. The schema of a request is cut at
nothing but the types of a family, and the encoder holds each of these to a schema of its own.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from brownfield.contract import JsonSchema, fingerprint
from brownfield_soap import scalar
from brownfield_soap.answer import Answer
from brownfield_soap.model import NIL_MARK, Choice, Field, Mark, Model, Part, Record, Scalar, Variant

MOST_BYTES = 64 * 1024
"""About how large the schema of a reply may be, and what the types of families may add to that of a request."""

MOST_NAMES = 300
"""A family with more types than this is cut without naming those for which there is no room."""

Told = Mapping[Mark, tuple[str, bool]]
"""The marks that a value carries as one of a family: what each says, and whether it has to be there."""

NOTHING_TOLD: Told = {}


def input_schema(model: Model, part: Part | None) -> JsonSchema:
    """The schema of the fields that a call takes: an object that refuses unknown fields."""
    if part is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    if isinstance(part.type, Scalar):
        value = {"value": scalar.schema(part.type)}
        return {"type": "object", "properties": value, "required": ["value"], "additionalProperties": False}
    return record_schema(model, part.type)


def record_schema(model: Model, key: str) -> JsonSchema:
    """The schema of a record, or of a family, as a caller gives it."""
    writer = _Writer(model, key, closed=True)
    return writer.finish(writer.fields(key))


def output_schema(model: Model, answer: Answer) -> JsonSchema:
    """The schema of the fields that come back; see `answer` for which these are."""
    writer = _Writer(model, answer.type, closed=False, encoded=answer.encoded)
    if answer.form == "nothing":
        return {"type": "object", "properties": {}}
    if answer.form == "fields":
        return writer.finish(_maybe_empty(writer.fields(str(answer.type)), optional=answer.optional))
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
    if optional and "anyOf" in found:
        found["anyOf"] = [*found["anyOf"], {"maxProperties": 0}]
    elif optional and found.get("required"):
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

    def __init__(self, model: Model, root: Scalar | str, *, closed: bool, encoded: bool = False) -> None:
        self._model = model
        self._closed = closed
        self._encoded = encoded
        self._whole = _whole(model, root, closed=closed)
        self._uses = _uses(model, root, self._whole)
        self._names: dict[tuple[str, str], str] = {}
        self._defs: dict[str, JsonSchema] = {}

    def finish(self, root: JsonSchema) -> JsonSchema:
        """The whole schema, with the definitions it refers to."""
        return {**root, "$defs": self._defs} if self._defs else root

    def content(self, content: Scalar | str, told: Told = NOTHING_TOLD) -> JsonSchema:
        """The schema of a type, inline or by reference; `told` are the marks that it carries as a family's type."""
        if isinstance(content, Scalar):
            return _described(scalar.schema(content), content.documentation)
        record = self._model.records[content]
        if content not in self._whole:
            return {"type": "array" if record.items else "object", "x-cut": _shape(self._model, content)}
        if self._uses[content] < 2:
            return self._inline(content, told)
        return {"$ref": f"#/$defs/{self._defined(content, told)}"}

    def fields(self, key: str, told: Told = NOTHING_TOLD) -> JsonSchema:
        """The schema of a record's members, or of a family."""
        record = self._model.records[key]
        return self._family(key, record, told) if record.variants else self._object(record, told)

    def _inline(self, key: str, told: Told) -> JsonSchema:
        record = self._model.records[key]
        return self.fields(key, told) if record.items is None else self._array(record, record.items)

    def _object(self, record: Record, told: Told) -> JsonSchema:
        found: JsonSchema = {"type": "object"}
        rules = (rule for choice in record.choices for rule in _told(choice)) if self._closed else ()
        words = " ".join(filter(None, [record.documentation, *rules]))
        if words:
            found["description"] = words
        found["properties"] = {**_marks(told), **{field.name: self._field(field) for field in record.fields}}
        required = [*_required(told), *(field.name for field in record.fields if self._always(field))]
        if required:
            found["required"] = required
        if self._closed:
            found["additionalProperties"] = False
        return found

    def _family(self, key: str, family: Record, told: Told) -> JsonSchema:
        """Any of a family's types. Those for which there is no room are named, unless that is too long as well."""
        found, cut = [], []
        for name, variant in family.variants.items():
            if isinstance(variant.type, str) and variant.type not in self._whole:
                cut.append(name)
            else:
                must = not (self._closed and name == family.unmarked)
                found.append(self._variant(variant, {**told, family.mark: (name, must)}))
        if cut:
            named = {"enum": cut} if len(cut) <= MOST_NAMES else {"type": "string"}
            marks, required = {**_marks(told), family.mark: named}, [*_required(told), family.mark]
            rest = {"type": "object", "properties": marks, "required": required}
            found.append({**rest, "x-cut": _shape(self._model, key)})
        return {"anyOf": found}

    def _variant(self, variant: Variant, told: Told) -> JsonSchema:
        """One type of a family. What is no object in JSON is the `value` of one."""
        if isinstance(variant.type, str):
            return self.content(variant.type, told)
        one = self.content(variant.type)
        if not variant.type.is_node:
            closed = {"additionalProperties": False} if self._closed else {}
            one = {"type": "object", "properties": {"value": one}, "required": ["value"], **closed}
        marks, required = {**_marks(told), **one["properties"]}, [*_required(told), *one["required"]]
        return {**one, "properties": marks, "required": required}

    def _nil(self, found: JsonSchema, content: Scalar | str) -> JsonSchema:
        """The schema that also allows a nil element with attributes, where the type has any."""
        attributes = self._model.records[content].attributes if isinstance(content, str) else ()
        if not attributes:
            return found
        marks = {NIL_MARK: {"const": True}, **{field.name: self._field(field) for field in attributes}}
        must = [NIL_MARK, *(field.name for field in attributes if field.least and self._closed)]
        closed = {"additionalProperties": False} if self._closed else {}
        return {"anyOf": [found, {"type": "object", "properties": marks, "required": must, **closed}]}

    def _always(self, field: Field) -> bool:
        if field.wildcard:
            return field.least > 0 and self._closed
        return field.least > 0 or (field.repeated and not self._closed)

    def _defined(self, key: str, told: Told) -> str:
        record, form = self._model.records[key], (key, repr(sorted(told.items())))
        if form not in self._names:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", record.name)  # a reference is a URI
            name, number = plain, 1
            while name in self._names.values():
                number += 1
                name = f"{plain}{number}"
            self._names[form] = name
            self._defs[name] = {}
            self._defs[name] = self._inline(key, told)
        return self._names[form]

    def _array(self, record: Record, items: Field) -> JsonSchema:
        return _described(self._field(items), record.documentation)

    def _field(self, field: Field) -> JsonSchema:
        if field.place == "attributes":
            return {"type": "object", "additionalProperties": {"type": "string"}}
        one = self.content(field.type)
        if field.fixed is not None and isinstance(field.type, Scalar):
            one = _fixed(one, field.type, field.fixed)
        if field.nillable or (self._encoded and field.place == "element"):
            one = self._nil(nullable(one), field.type)
        if field.repeated:
            one = {"type": "array", "items": one, **_bounds(field, closed=self._closed)}
        elif field.default is not None and isinstance(field.type, Scalar):
            one = _defaulted(one, field.type, field.default)
        return _described(one, field.documentation)


def _marks(told: Told) -> JsonSchema:
    return {mark: {"const": name} for mark, (name, _) in told.items()}


def _required(told: Told) -> list[str]:
    return [mark for mark, (_, must) in told.items() if must]


def _told(choice: Choice, *, within: bool = False) -> Iterator[str]:
    """A choice in words: `oneOf` would say it in JSON Schema, but callers of tools may not have it at the top."""
    branches = [branch for branch in choice.branches if branch.names]
    if len(branches) > 1:
        most = " at most" if within or choice.holds(frozenset()) else ""
        yield f"Give one{most}: {', or '.join(' with '.join(branch.names) for branch in branches)}."
    elif branches[0].needed:
        yield f"Give none of {', '.join(branches[0].names)}, or {' with '.join(branches[0].needed)} at least."
    for branch in branches:
        for one in branch.choices:
            yield from _told(one, within=True)


def _whole(model: Model, root: Scalar | str, *, closed: bool) -> set[str]:
    """The records that are written in full, as long as there is room: level by level from the root, families last."""
    found: set[str] = set()
    left = _grow(model, [root] if isinstance(root, str) else [], found, None if closed else MOST_BYTES)
    room = MOST_BYTES if left is None else left
    waiting = [key for key in found if model.records[key].variants]
    while waiting and room > 0:
        for variant in model.records[waiting.pop(0)].variants.values():
            before = set(found)
            if isinstance(variant.type, str) and room > 0:
                room = _grow(model, [variant.type], found, room) or 0
            waiting.extend(key for key in found - before if model.records[key].variants)
    return found


def _grow(model: Model, level: list[str], found: set[str], room: int | None) -> int | None:
    """Adds the records of a level and those below, a level at a time, while there is room; gives the room that is left.

    Of a family only the type that is meant when none is named is added. The first level of all is always added.
    """
    while level := [key for key in dict.fromkeys(level) if key not in found]:
        size = sum(_bytes(field) for key in level for field in model.records[key].fields)
        if room is not None and size > room and found:
            return 0
        room = None if room is None else max(room - size, 0)
        found.update(level)
        level = [below for key in level for below in _below(model.records[key])]
    return room


def _below(record: Record) -> Iterator[str]:
    meant = [record.variants[record.unmarked].type] if record.unmarked else []
    for one in (*(field.type for field in record.fields), *meant):
        if isinstance(one, str):
            yield one


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
        record = model.records[key]
        variants = {name: asdict(variant) for name, variant in record.variants.items()}
        model.shapes[own] = fingerprint([[asdict(field) for field in record.fields], variants])
    return model.shapes[own]


def _uses(model: Model, root: Scalar | str, whole: set[str]) -> Counter[str]:
    """How often each record is referred to from the root by what is written in full, the root's own use included."""
    uses: Counter[str] = Counter()
    waiting = [root] if isinstance(root, str) else []
    while waiting:
        key = waiting.pop()
        uses[key] += 1
        if uses[key] == 1 and key in whole:
            waiting.extend(one for one in model.records[key].types if isinstance(one, str))
    return uses


def _bounds(field: Field, *, closed: bool) -> JsonSchema:
    """How many there may be. What a wildcard of a reply holds is kept, however much it is: a system may add."""
    bounds: JsonSchema = {}
    if field.wildcard and not closed:
        return bounds
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
