"""Validation problems that teach: what is wrong, what is allowed, an example that fits.

The value that was sent is never repeated, so that no secret comes back in an error or a log; of what the caller
sent only the names of unknown fields are shown, quoted and cut.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Protocol

from brownfield.contract import JsonSchema
from brownfield.rules.phrase import counted, listed
from brownfield.rules.redaction import plain
from brownfield.rules.sample import sample

LISTED = 20
"""Allowed values shown; the rest is counted."""
TOLD = 20
"""Problems told; the rest is counted. A caller chooses how many there are, and must not choose what they cost."""
LOOKED = 200
"""Complaints looked at, to find what is told."""


DEEPEST = 64
"""Levels of nesting of what a caller sends; whatever walks through it later needs a stack for each."""
EXACT = 2**53
"""Up to here a float has every whole number; a larger one that was sent is another by now."""


class Keyword(Protocol):
    """The keyword that was broken: `kind` of a jsonschema_rs `ValidationError`."""

    @property
    def name(self) -> str:
        """The keyword: `enum`."""

    @property
    def value(self) -> Any:
        """What the schema says under it; for unknown fields their names, for a missing one its name."""


class Complaint(Protocol):
    """A jsonschema_rs `ValidationError`, as far as it is needed."""

    @property
    def instance_path(self) -> Sequence[str | int]:
        """Where in the arguments."""

    @property
    def schema_path(self) -> Sequence[str | int]:
        """Where in the schema, references already followed."""

    @property
    def kind(self) -> Any:
        """A `Keyword`; one of alternatives has the complaints of each in `context`."""


Explanation = dict[str, Any]


def explain(complaints: Iterable[Complaint], schema: JsonSchema) -> tuple[Explanation, ...]:
    """One entry (`path`, `message`, and `allowed`, `example` where there are any) per problem, `TOLD` at most.

    When there are more, one last entry says how many, as far as they were counted.
    """
    looked = list(islice(complaints, LOOKED + 1))
    entries = chain.from_iterable(_entries(complaint, schema) for complaint in looked[:LOOKED])
    found = sorted(islice(entries, TOLD), key=lambda entry: str(entry["path"]))
    more = sum(map(_size, looked)) - len(found)
    if len(found) == TOLD and more > 0:
        least = "at least " if len(looked) > LOOKED else ""
        found.append(_entry([], f"there {'is' if more == 1 else 'are'} {least}{more} more"))
    return tuple(found)


def carried(value: Any, room: int = DEEPEST) -> Any:
    """What was sent, with every whole number as an integer: `2.0` and `2` are one value, and are hashed as one.

    Raises:
        ValueError: It is nested too deep, or has a whole number that was not carried exactly.
    """
    match value:
        case float() if value.is_integer():
            if abs(value) >= EXACT:
                raise ValueError("a number is too large to be carried exactly")
            return int(value)
        case dict() | list() if room == 0:
            raise ValueError(f"nested more than {DEEPEST} levels deep")
        case dict():
            return {name: carried(inner, room - 1) for name, inner in value.items()}
        case list():
            return [carried(inner, room - 1) for inner in value]
    return value


def _size(complaint: Complaint) -> int:
    """The problems of one complaint: every unknown field is one."""
    inner = _meant(complaint)
    if inner:
        return sum(map(_size, inner))
    named = complaint.kind.value if complaint.kind.name == "additionalProperties" else None
    return len(named) if isinstance(named, list) else 1


def _entries(complaint: Complaint, schema: JsonSchema) -> Iterator[Explanation]:
    path, keyword = list(complaint.instance_path), complaint.kind.name
    owner = _at(schema, complaint.schema_path[:-1])
    inner = _meant(complaint)
    if inner:
        for other in inner:
            yield from _entries(other, schema)
    elif keyword == "additionalProperties" and isinstance(complaint.kind.value, list):
        for field in complaint.kind.value:
            yield _unknown(path, str(field), owner)
    elif keyword == "required":
        yield _missing(path, str(complaint.kind.value), owner, schema)
    else:
        yield _wrong(path, complaint.kind, owner, schema)


def _meant(complaint: Complaint) -> list[Complaint]:
    """Of alternatives, the complaints of the only one that fits the value's type: what the caller meant."""
    branches: list[list[Complaint]] = getattr(complaint.kind, "context", None) or []
    depth = len(complaint.instance_path)
    fitting = [
        branch
        for branch in branches
        if not any(one.kind.name == "type" and len(one.instance_path) == depth for one in branch)
    ]
    return fitting[0] if len(fitting) == 1 else []


def _at(schema: Any, path: Sequence[str | int]) -> JsonSchema:
    """The schema at a schema path; an empty one where the path leaves what is known."""
    for step in path:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema if isinstance(schema, dict) else {}


def _entry(path: Sequence[str | int], message: str, **more: Any) -> Explanation:
    extra = {key: value for key, value in more.items() if value is not None}
    return {"path": _dotted(path), "message": message, **extra}


def _dotted(path: Sequence[str | int]) -> str:
    """`lines[0].sku`; the names come from the caller, so they are made safe where they are odd."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in path)
    return text.removeprefix(".")


def _name(field: str) -> str:
    quoted = plain(field)
    return field if quoted == f'"{field}"' else quoted


def _unknown(path: list[str | int], field: str, owner: JsonSchema) -> Explanation:
    names = list(owner.get("properties", {}))
    near = difflib.get_close_matches(field[:80], names, n=1, cutoff=0.6)
    hint = f": did you mean {near[0]}?" if near else ""
    return _entry([*path, field], f"{plain(field)} is not a field here{hint}", allowed=names[:LISTED])


def _missing(path: list[str | int], field: str, owner: JsonSchema, root: JsonSchema) -> Explanation:
    wanted = owner.get("properties", {}).get(field, {})
    return _entry([*path, field], f"{field} is missing: {_kind(wanted, root)} is needed", **_help(wanted, root))


def _wrong(path: list[str | int], keyword: Keyword, owner: JsonSchema, root: JsonSchema) -> Explanation:
    template = _MESSAGES.get(keyword.name)
    message = template(keyword.value) if template else "is not valid"
    if keyword.name in {"type", "anyOf", "oneOf"}:
        message = f"must be {_kind(owner, root)}"
    return _entry(path, f"{_dotted(path) or 'the arguments'} {message}", **_help(owner, root))


_MESSAGES: dict[str, Callable[[Any], str]] = {
    "enum": lambda _: "must be one of the allowed values",
    "const": lambda value: f"must be {_shown(value)}",
    "pattern": lambda value: f"must match the pattern {value}",
    "format": lambda value: f"must be a valid {value}",
    "minLength": lambda value: f"must have at least {counted(value, 'character')}",
    "maxLength": lambda value: f"must have at most {counted(value, 'character')}",
    "minimum": lambda value: f"must be {value} or more",
    "maximum": lambda value: f"must be {value} or less",
    "exclusiveMinimum": lambda value: f"must be more than {value}",
    "exclusiveMaximum": lambda value: f"must be less than {value}",
    "multipleOf": lambda value: f"must be a multiple of {value}",
    "minItems": lambda value: f"must have at least {counted(value, 'item')}",
    "maxItems": lambda value: f"must have at most {counted(value, 'item')}",
    "minProperties": lambda value: f"must have at least {counted(value, 'field')}",
    "maxProperties": lambda value: f"must have at most {counted(value, 'field')}",
    "uniqueItems": lambda _: "must not have the same item twice",
}


def _shown(value: Any) -> str:
    return plain(value) if isinstance(value, str) else plain(repr(value))[1:-1]


def _help(wanted: JsonSchema, root: JsonSchema) -> dict[str, Any]:
    """The allowed values and an example, for a field that keeps no secret."""
    wanted = _resolved(wanted, root)
    values = wanted.get("enum")
    secret = wanted.get("writeOnly") or wanted.get("format") == "password"
    if not wanted or secret:
        return {}
    example = sample({"$defs": root.get("$defs", {}), **wanted})
    return {"allowed": values[:LISTED] if values else None, "example": example}


def _kind(wanted: JsonSchema, root: JsonSchema) -> str:
    """The type in words: `a string`, `an integer or null`."""
    wanted = _resolved(wanted, root)
    branches = [*wanted.get("anyOf", ()), *wanted.get("oneOf", ())]
    if branches:
        return listed(list(dict.fromkeys(_kind(branch, root) for branch in branches)), "or")
    if "enum" in wanted:
        more = len(wanted["enum"]) - LISTED
        shown = ", ".join(_shown(value) for value in wanted["enum"][:LISTED])
        return f"one of {shown}" + (f" and {more} more" if more > 0 else "")
    types = wanted.get("type", "value")
    return listed([_article(one) for one in ([types] if isinstance(types, str) else types)], "or")


def _article(kind: str) -> str:
    return kind if kind == "null" else f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


def _resolved(schema: Any, root: JsonSchema) -> JsonSchema:
    """The schema that a chain of references ends in."""
    for _ in range(8):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = _at(root, [step for step in str(schema["$ref"]).removeprefix("#/").split("/") if step])
    return schema if isinstance(schema, dict) else {}
