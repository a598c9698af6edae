"""What differs between the pinned contract and the live one, in words: a walk through two schemas at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from brownfield.contract import Contract, JsonSchema, OperationShape, RecordShape, canonical
from brownfield.rules.drift import SEVERITY, Breaks, Change
from brownfield.rules.phrase import listed, name
from brownfield.rules.redaction import plain
from brownfield.wrapper.lock import shape_of, text_of

Side = Literal["input", "output", "record", "fault"]
Part = OperationShape | RecordShape

_TEXTS = ("title", "description", "examples", "$comment")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_ALTERNATIVES = ("anyOf", "oneOf", "allOf", "prefixItems")
_WALKED = frozenset(
    {
        *_TEXTS,
        *_UPPER,
        *_LOWER,
        *_ALTERNATIVES,
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "items",
        "contentSchema",
        "$defs",
        "$ref",
    }
)


def compare(pinned: Contract, live: Contract) -> tuple[Change, ...]:
    """All differences, by subject and place."""
    pairs: list[tuple[Mapping[str, Part], Mapping[str, Part]]] = [
        (pinned.operations, live.operations),
        (pinned.records, live.records),
    ]
    return tuple(
        change
        for old, new in pairs
        for subject in sorted({*old, *new})
        for change in _subject(subject, old.get(subject), new.get(subject))
    )


def _subject(subject: str, old: Part | None, new: Part | None) -> list[Change]:
    say = partial(Change, subject, "shape", where="")
    if new is None:
        return [say("everything", words=f"{name(subject)} is no longer offered")]
    if old is None:
        return [say("nothing", words=f"{name(subject)} is new")]
    shapes = sorted(_shapes(subject, old, new), key=lambda change: (change.where, change.words))
    if not shapes and shape_of(old) != shape_of(new):
        shapes = [say("everything", words=f"{name(subject)} has another shape")]
    texts = _texts(subject, old, new)
    if not shapes and not texts and text_of(old) != text_of(new):
        texts = [
            Change(subject, "text", "nothing", "", f"the documentation of {name(subject)} is arranged differently")
        ]
    return shapes + texts


def _shapes(subject: str, old: Part, new: Part) -> Iterator[Change]:
    if shape_of(old) == shape_of(new):
        return
    if isinstance(old, RecordShape) and isinstance(new, RecordShape):
        yield from _Walk.start(subject, "record", old.fields, new.fields)
    if isinstance(old, OperationShape) and isinstance(new, OperationShape):
        yield from _Walk.start(subject, "input", old.input, new.input)
        yield from _Walk.start(subject, "output", old.output, new.output)
        yield from _faults(subject, old, new)
        if old.rows != new.rows:
            yield Change(subject, "shape", "everything", "rows", f"{name(subject)} answers with another long list")


def _faults(subject: str, old: OperationShape, new: OperationShape) -> Iterator[Change]:
    before, after = ({fault.name: fault.detail for fault in part.faults} for part in (old, new))
    say = partial(Change, subject, "shape", "nothing")
    for fault in sorted({*before, *after}):
        where = f"fault.{fault}"
        if fault not in after:
            yield say(where, f"{name(subject)} no longer declares the fault {name(fault)}")
        elif fault not in before:
            yield say(where, f"{name(subject)} declares the new fault {name(fault)}")
        else:
            yield from _Walk.start(subject, "fault", before[fault], after[fault], where)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through two schemas at once, standing at one place.

    Attributes:
        subject: The operation or record type.
        side: Which way the values go.
        old: The pinned definitions.
        new: The live definitions.
        where: The place, for `Change.where`.
        seen: Pairs of definitions already compared, wherever: a schema may refer to itself, and to one definition from
            so many places that what differs in it is told once.
    """

    subject: str
    side: Side
    old: JsonSchema
    new: JsonSchema
    where: str
    seen: set[tuple[bytes, bytes]]

    @classmethod
    def start(cls, subject: str, side: Side, old: JsonSchema, new: JsonSchema, where: str = "") -> Iterator[Change]:
        """All changes between two whole schemas."""
        walk = cls(subject, side, old.get("$defs", {}), new.get("$defs", {}), where or side, set())
        return walk.schema(old, new)

    @property
    def label(self) -> str:
        """The place in a sentence: `the field Lines.Qty`, or the whole."""
        field = self.where.partition(".")[2].replace("[]", "")
        return f"the field {name(field)}" if field else f"the {self.side}"

    def change(self, what: str, words: str) -> Change:
        """A change at this place, as grave as `SEVERITY` says for its side."""
        sent, answered = SEVERITY[what]
        breaks: dict[Side, Breaks] = {"input": sent, "output": answered, "record": "everything", "fault": "nothing"}
        return Change(self.subject, "shape", breaks[self.side], self.where, f"{name(self.subject)} {words}")

    def inside(self, step: str) -> "_Walk":
        """The walk one step further."""
        return replace(self, where=self.where + step)

    def schema(self, old: Any, new: Any) -> Iterator[Change]:
        """The changes between two schemas for the same value."""
        if not isinstance(old, dict) or not isinstance(new, dict):
            if old != new:
                yield self.change("other shape", f"has another schema for {self.label}")
            return
        if "$ref" in old or "$ref" in new:
            pair = (canonical(old), canonical(new))
            if pair in self.seen:
                return
            self.seen.add(pair)
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        for look in (_type, _values, _fields, _bounds, _alternatives, _rules):
            yield from look(self, old, new)
        if "items" in old and "items" in new:
            yield from self.inside("[]").schema(old["items"], new["items"])
        if "contentSchema" in old and "contentSchema" in new:
            yield from self.schema(old["contentSchema"], new["contentSchema"])


def _resolved(schema: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    """The schema with its reference, and the references of that, put in its place."""
    followed = set[str]()
    while "$ref" in schema and schema["$ref"] not in followed:
        followed.add(schema["$ref"])
        target = definitions.get(str(schema["$ref"]).rpartition("/")[2])
        if not isinstance(target, dict):
            break
        schema = target | {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return schema


def _type(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    before, after = _types(old), _types(new)
    if before == after:
        return
    told = f"{_or(before)} to {_or(after)}"
    if before and after and (before < after or after < before):
        yield walk.change("looser" if before < after else "tighter", f"changed {walk.label} from {told}")
    else:
        yield walk.change("other shape", f"changed {walk.label} from {told}")


def _types(schema: JsonSchema) -> frozenset[str]:
    written = schema.get("type", ())
    return frozenset([written] if isinstance(written, str) else written)


def _or(types: frozenset[str]) -> str:
    return listed(sorted(types), "or") or "anything"


def _values(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    """Values of a closed list added or removed; a list begun or given up."""
    before, after = _allowed(old), _allowed(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        closed = "now takes only listed values" if before is None else "no longer has a list of values"
        yield walk.change("tighter" if before is None else "looser", f"{closed} for {walk.label}")
        return
    for value in sorted(after - before):
        yield walk.change("looser", f"has the new value {value} for {walk.label}")
    for value in sorted(before - after):
        yield walk.change("tighter", f"no longer has the value {value} for {walk.label}")


def _allowed(schema: JsonSchema) -> frozenset[str] | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else frozenset(_shown(value) for value in values)


def _shown(value: Any) -> str:
    return plain(value) if isinstance(value, str) else plain(repr(value))[1:-1]


def _fields(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    had, has = set(old.get("required", ())), set(new.get("required", ()))
    for field in sorted({*before, *after}):
        inside = walk.inside(f".{field}")
        if field not in before:
            yield _added(inside, required=field in has)
        elif field not in after:
            what = "required field removed" if field in had else "field removed"
            yield inside.change(what, f"no longer {_VERBS[walk.side]} {inside.label}")
        else:
            yield from _necessity(inside, before=field in had, after=field in has)
            yield from inside.schema(before[field], after[field])


_VERBS: dict[Side, str] = {"input": "takes", "output": "answers with", "record": "has", "fault": "says"}


def _added(walk: _Walk, *, required: bool) -> Change:
    label = walk.label.replace("the field", "the new field" if required else "the new optional field", 1)
    if required and walk.side == "input":
        return walk.change("required field added", f"now requires {label}")
    return walk.change("required field added" if required else "field added", f"now {_VERBS[walk.side]} {label}")


def _necessity(walk: _Walk, *, before: bool, after: bool) -> Iterator[Change]:
    if after and not before:
        verb = "now requires" if walk.side == "input" else f"now always {_VERBS[walk.side]}"
        yield walk.change("now required", f"{verb} {walk.label}")
    if before and not after:
        verb = "no longer requires" if walk.side == "input" else f"no longer always {_VERBS[walk.side]}"
        yield walk.change("now optional", f"{verb} {walk.label}")


def _bounds(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    """Lengths and limits: a higher maximum and a lower minimum let more through."""
    for keyword in (*_UPPER, *_LOWER):
        before, after = old.get(keyword), new.get(keyword)
        if before == after or not all(value is None or isinstance(value, int | float) for value in (before, after)):
            continue
        loosest = float("inf") if keyword in _UPPER else -float("inf")
        low, high = sorted([loosest if before is None else before, loosest if after is None else after])
        looser = (loosest if after is None else after) == (high if keyword in _UPPER else low)
        yield walk.change("looser" if looser else "tighter", _moved(walk, keyword, before, after))


def _alternatives(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    for keyword in _ALTERNATIVES:
        before, after = old.get(keyword, []), new.get(keyword, [])
        if len(before) != len(after):
            yield walk.change("other shape", f"has other alternatives for {walk.label}")
        else:
            for one, other in zip(before, after, strict=True):
                yield from walk.schema(one, other)


def _rules(walk: _Walk, old: JsonSchema, new: JsonSchema) -> Iterator[Change]:
    """Every other keyword: patterns and formats, open or closed objects, the place of a field in a record."""
    keywords = sorted({*old, *new} - _WALKED) + [
        word for word in ("items", "contentSchema") if (word in old) != (word in new)
    ]
    for keyword in keywords:
        before, after = old.get(keyword), new.get(keyword)
        if before != after:
            yield walk.change(_weight(keyword, before, after), _moved(walk, keyword, before, after))


def _weight(keyword: str, before: Any, after: Any) -> str:
    if keyword == "additionalProperties" and False in (before, after) and not isinstance(before or after, dict):
        return "looser" if before is False else "tighter"
    if keyword in {"pattern", "format", "multipleOf"}:
        return "tighter" if before is None else "looser" if after is None else "other rule"
    return "other shape"


def _moved(walk: _Walk, keyword: str, before: Any, after: Any) -> str:
    shown = [plain(value, 40) if isinstance(value, str) else plain(str(value), 40)[1:-1] for value in (before, after)]
    if any(word in keyword.lower() for word in ("offset", "position")) and None not in (before, after):
        return f"moved {walk.label} from {shown[0]} to {shown[1]}"
    told = [text if value is not None else "none" for text, value in zip(shown, (before, after), strict=True)]
    return f"changed {name(keyword)} of {walk.label} from {told[0]} to {told[1]}"


def _texts(subject: str, old: Part, new: Part) -> list[Change]:
    """Where both have the same thing and describe it differently."""
    before, after = _described(old), _described(new)
    say = partial(Change, subject, "text", "nothing")
    return [
        say(where, f"{name(subject)} describes {name(where) if where else 'itself'} differently")
        for where in sorted({*before} & {*after})
        if before[where] != after[where]
    ]


def _described(part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {"": part.documentation}

    def note(where: str, schema: JsonSchema) -> None:
        found[where] = {keyword: schema[keyword] for keyword in _TEXTS if keyword in schema}

    if isinstance(part, RecordShape):
        _visit(part.fields, "record", note)
        return found
    _visit(part.input, "input", note)
    _visit(part.output, "output", note)
    for fault in part.faults:
        found[f"fault.{fault.name}.documentation"] = fault.documentation
        _visit(fault.detail, f"fault.{fault.name}", note)
    return found


def _visit(schema: Any, where: str, note: Callable[[str, JsonSchema], None]) -> None:
    """Show every schema within a schema, with its place."""
    if not isinstance(schema, dict):
        return
    note(where, schema)
    for field, inner in schema.get("properties", {}).items():
        _visit(inner, f"{where}.{field}", note)
    for definition, inner in schema.get("$defs", {}).items():
        _visit(inner, f"{where}.$defs.{definition}", note)
    for keyword in _ALTERNATIVES:
        for number, inner in enumerate(schema.get(keyword, ())):
            _visit(inner, f"{where}.{keyword}.{number}", note)
    for keyword in ("items", "additionalProperties"):
        _visit(schema.get(keyword), f"{where}[]", note)
