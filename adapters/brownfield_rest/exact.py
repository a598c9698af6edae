"""JSON as it is on the wire ↔ the fields of our contract: numbers keep their digits, and nothing unnamed comes in.

A `Plan` is what a schema says of that. A reply's object keeps the fields that the schema names, unless the schema says
that there may be others (`additionalProperties`) or names none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from brownfield.contract import Drifted, JsonSchema

MOST_DEPTH = 64
MOST_DIGITS = 400
"""Digits of a number written out: `1e999999999` is ten bytes."""
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""A number as our fields have it, see `schema.DECIMAL`."""
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)


class Literal(str):
    """The text of a number that is no integer."""

    __slots__ = ()


@dataclass(slots=True)
class Plan:
    """What is done with a value.

    Attributes:
        decimal: A number here is a string in our fields.
        fields: The fields that are named.
        rest: For the other fields; None drops them.
        items: For the members of a list.
    """

    decimal: bool = False
    fields: dict[str, "Plan"] = field(default_factory=dict)
    rest: "Plan | None" = None
    items: "Plan | None" = None


ANY = Plan()
ANY.rest = ANY.items = ANY


def plan(schema: JsonSchema) -> Plan:
    """The plan of a whole schema."""
    return _Planner(schema.get("$defs", {})).plan([schema])


class _Planner:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._made: dict[tuple[int, ...], Plan] = {}

    def plan(self, schemas: list[Any]) -> Plan:
        """The plan of a value that all of these schemas speak of."""
        views = [view for schema in schemas for view in self._views(schema)]
        key = tuple(sorted({id(view) for view in views}))
        if key in self._made:
            return self._made[key]
        made = self._made[key] = Plan()
        made.decimal = any(view.get("contentMediaType") == "application/json" for view in views)
        names = dict.fromkeys(name for view in views for name in view.get("properties", {}))
        for name in names:
            made.fields[name] = self.plan([view["properties"][name] for view in views if name in
                                           view.get("properties", {})])  # fmt: skip
        items = [view["items"] for view in views if isinstance(view.get("items"), dict)]
        made.items = self.plan(items) if items else ANY
        made.rest = self._rest(views, named=bool(names))
        return made

    def _rest(self, views: list[JsonSchema], *, named: bool) -> Plan | None:
        others = [view["additionalProperties"] for view in views if "additionalProperties" in view]
        schemas = [other for other in others if isinstance(other, dict)]
        if schemas:
            return self.plan(schemas)
        return None if named or others else ANY

    def _views(self, schema: Any, left: int = 32) -> Iterator[JsonSchema]:
        """The schema, what it refers to, and its alternatives."""
        if not isinstance(schema, dict) or not left:
            return
        yield schema
        if "$ref" in schema:
            yield from self._views(self._definitions.get(str(schema["$ref"]).rpartition("/")[2]), left - 1)
        for word in ("anyOf", "allOf"):
            for inner in schema.get(word, ()):
                yield from self._views(inner, left - 1)


def parse(content: bytes) -> Any:
    """The JSON of a reply; a number with a fraction or an exponent is still a `Literal`.

    Raises:
        Drifted: It is no JSON, or nested or long beyond reason.
    """
    try:
        if b"\\u" in content:
            orjson.loads(content)  # refuses half a character, which no JSON of ours could carry on
        return json.loads(content, parse_float=Literal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Drifted("The reply cannot be understood: it is no JSON.") from None


def _no_constant(_: str) -> Any:
    raise ValueError("JSON has no NaN and no Infinity")


def received(value: Any, how: Plan, depth: int = 0) -> Any:
    """A parsed value as fields."""
    if isinstance(value, dict):
        _within(depth)
        known = ((name, inner, how.fields.get(name, how.rest)) for name, inner in value.items())
        return {name: received(inner, its, depth + 1) for name, inner, its in known if its is not None}
    if isinstance(value, list):
        _within(depth)
        return [received(inner, how.items or ANY, depth + 1) for inner in value]
    if isinstance(value, Literal) or (type(value) is int):
        return _number(value, exact=how.decimal)
    return value


def _within(depth: int) -> None:
    if depth >= MOST_DEPTH:
        raise Drifted(f"The reply is nested deeper than {MOST_DEPTH} levels.")


def _number(value: Literal | int, *, exact: bool) -> Any:
    if exact:
        return _written_out(str(value))
    if isinstance(value, int):
        if not _SMALLEST <= value <= _LARGEST:
            raise Drifted("The reply has an integer of more than 64 bits.")
        return value
    found = float(value)
    if found in (float("inf"), -float("inf")):
        raise Drifted("The reply has a number that is too large.")
    return found


def _written_out(text: str) -> str:
    """A number without an exponent, its digits as they were."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Drifted("The reply has a number that is too large.") from None
    if abs(number.adjusted()) > MOST_DIGITS or len(number.as_tuple().digits) > MOST_DIGITS:
        raise Drifted(f"The reply has a number of more than {MOST_DIGITS} digits.")
    return format(number, "f")


def sent(value: Any, how: Plan) -> bytes:
    """Fields as JSON, exact numbers written as they are."""
    return orjson.dumps(_written(value, how))


def _written(value: Any, how: Plan) -> Any:
    if isinstance(value, Mapping):
        return {name: _written(inner, how.fields.get(name, how.rest) or ANY) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_written(inner, how.items or ANY) for inner in value]
    # Where the contract takes a text too, a text may be here: only what is a number stands there without quotes.
    number = how.decimal and isinstance(value, str) and NUMBER.fullmatch(value)
    return orjson.Fragment(value.encode()) if number else value
