"""An example value for a schema: the author's own where there is one, else the plainest that fits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from brownfield.contract import JsonSchema

DEPTH = 8
"""Levels of nesting after which a schema is taken to refer to itself."""

_FORMATS = {
    "date": "2026-11-17",
    "date-time": "2026-11-17T14:05:00Z",
    "time": "14:05:00Z",
    "duration": "PT1H",
    "email": "name@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "host.example.com",
}


LONGEST = 1000
"""Characters of an example's text at most: the far side's schema says how long, and must not choose what that costs."""
MOST = 20
"""Items of an example's list at most."""


class _NoSample(Exception):
    """No value can be made for this schema."""


def sample(schema: JsonSchema) -> Any:
    """A value that the schema accepts, always the same one; None when none can be made."""
    try:
        return _value(schema, schema.get("$defs", {}), DEPTH)
    except _NoSample:
        return None


def _value(schema: Any, definitions: JsonSchema, depth: int) -> Any:
    if schema is True:
        return "text"
    if not isinstance(schema, dict) or depth == 0:
        raise _NoSample
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if "$ref" in schema:
        return _value(definitions.get(str(schema["$ref"]).rpartition("/")[2]), definitions, depth - 1)
    if any(keyword in schema for keyword in ("anyOf", "oneOf", "allOf")):
        return _alternative(schema, definitions, depth)
    return _typed(schema, definitions, depth)


def _alternative(schema: JsonSchema, definitions: JsonSchema, depth: int) -> Any:
    """The first branch that has a sample; all branches together for `allOf`."""
    if "allOf" in schema:
        merged: JsonSchema = {keyword: value for keyword, value in schema.items() if keyword != "allOf"}
        for branch in schema["allOf"]:
            merged = {**merged, **branch, "properties": merged.get("properties", {}) | branch.get("properties", {})}
        return _value(merged, definitions, depth - 1)
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        try:
            return _value(branch, definitions, depth - 1)
        except _NoSample:
            continue
    raise _NoSample


def _typed(schema: JsonSchema, definitions: JsonSchema, depth: int) -> Any:
    written = schema.get("type", "object" if "properties" in schema else "string")
    kind = written if isinstance(written, str) else next((one for one in written if one != "null"), "null")
    match kind:
        case "object":
            return _object(schema, definitions, depth)
        case "array":
            count = schema.get("minItems", 1) if schema.get("maxItems", 1) else 0
            if count > MOST or (count > 1 and schema.get("uniqueItems")):
                raise _NoSample
            return [_value(schema.get("items", True), definitions, depth - 1) for _ in range(count)]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema)


def _object(schema: JsonSchema, definitions: JsonSchema, depth: int) -> dict[str, Any]:
    """The required fields; an optional one adds nothing that must be there."""
    properties = schema.get("properties", {})
    return {field: _value(properties.get(field, True), definitions, depth - 1) for field in schema.get("required", ())}


def _number(schema: JsonSchema) -> Any:
    """The smallest allowed number from 1 up, or the largest allowed below."""
    step = schema.get("multipleOf", 1)
    low = max(schema.get("minimum", -float("inf")), schema.get("exclusiveMinimum", -float("inf")))
    high = min(schema.get("maximum", float("inf")), schema.get("exclusiveMaximum", float("inf")))
    start = low if low > 1 else high if high < 1 else 1
    whole = start // step * step
    for candidate in (whole, whole + step, whole - step, start, (low + high) / 2):
        integral = candidate == int(candidate) if abs(candidate) < float("inf") else False
        value = int(candidate) if integral else candidate
        if _in_range(value, schema) and (integral or schema.get("type") != "integer"):
            return value
    raise _NoSample


def _in_range(value: float, schema: JsonSchema) -> bool:
    return bool(
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        and value % schema.get("multipleOf", value or 1) == 0
    )


def _string(schema: JsonSchema) -> str:
    if schema.get("minLength", 0) > LONGEST:
        raise _NoSample
    if "pattern" in schema:
        text = Pattern(schema["pattern"]).shortest()
    else:
        text = _FORMATS.get(schema.get("format", ""), "text")
        short, long = schema.get("minLength", 0), schema.get("maxLength", len(text) + schema.get("minLength", 0))
        text = text if "format" in schema else text.ljust(short, "x")[:long]
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        raise _NoSample
    return text


_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_REPEAT = re.compile(r"([*+?]|\{(\d+)(?:,\d*)?\})\??")


@dataclass(slots=True)
class Pattern:
    """A generator for the part of regular expressions that schemas use: literals, classes, groups, repetitions.

    What it makes is held against the expression itself; what it does not understand has no sample.
    """

    text: str
    at: int = 0

    def shortest(self) -> str:
        """A string that matches: the first of each choice, the fewest of each repetition."""
        try:
            made = self._choice()
            fits = self.at == len(self.text) and re.search(self.text, made, re.ASCII)
        except (re.error, IndexError, ValueError):
            raise _NoSample from None
        if not fits:
            raise _NoSample
        return made

    def _choice(self) -> str:
        """Alternatives up to the end or a closing bracket; the first is taken."""
        branches = [self._sequence()]
        while self.at < len(self.text) and self.text[self.at] == "|":
            self.at += 1
            branches.append(self._sequence())
        return branches[0]

    def _sequence(self) -> str:
        return "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            piece = self._atom()
            found = _REPEAT.match(self.text, self.at)
            if found:
                self.at = found.end()
            times = _fewest(found)
            if times * len(piece) > LONGEST:
                raise _NoSample
            yield piece * times

    def _atom(self) -> str:
        character = self._next()
        special: dict[str, Callable[[], str]] = {"[": self._set, "(": self._group, "\\": self._escape}
        if character in special:
            return special[character]()
        return {"^": "", "$": "", ".": "a"}.get(character, character)

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _group(self) -> str:
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self.text.startswith("?", self.at):
            raise ValueError("a group that looks around or has a name")
        made = self._choice()
        if self._next() != ")":
            raise ValueError("a group without an end")
        return made

    def _escape(self) -> str:
        character = self._next()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.isalnum():
            raise ValueError("an escape that is not known")
        return character

    def _set(self) -> str:
        """The first member of a class; for one that excludes, the first usual character outside it."""
        start = self.at - 1
        self.at += self.text.startswith("^", self.at)
        first = self._next()
        made = self._escape() if first == "\\" else first
        while (character := self._next()) != "]":
            self.at += character == "\\"
        if self.text[start + 1] != "^":
            return made
        written = re.compile(self.text[start : self.at], re.ASCII)
        return next(usual for usual in ("a", "0", "A", "-", " ", "!") if written.fullmatch(usual))


def _fewest(found: re.Match[str] | None) -> int:
    if found is None:
        return 1
    return int(found[2]) if found[2] else int(found[1] == "+")
