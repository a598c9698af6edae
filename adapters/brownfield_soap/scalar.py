"""Simple types, one table: how each XSD built-in looks in JSON Schema, and how its text is read and written.

Decimals, dates and times stay the text that the system gave. Integers are exact. A value whose text is not in the
type's lexical space is refused, never guessed at: `1_000`, Arabic digits, `yes` and an empty date are no values.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from brownfield_soap.model import Scalar
from brownfield_soap.pattern import ecma

ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
DATE = r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
TIME = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
LEXICAL = {
    "decimal": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
    "date": DATE + ZONE,
    "time": TIME + ZONE,
    "dateTime": f"{DATE}T{TIME}{ZONE}",
    "gYear": r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})" + ZONE,
    "gYearMonth": r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})-(?:0[1-9]|1[0-2])" + ZONE,
    "gMonth": r"--(?:0[1-9]|1[0-2])" + ZONE,
    "gMonthDay": r"--(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])" + ZONE,
    "gDay": r"---(?:0[1-9]|[12][0-9]|3[01])" + ZONE,
    "duration": r"-?P(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?",
}
"""Built-ins that are JSON strings with a pattern: XML Schema part 2, sections 3.2.3 and 3.2.6 to 3.2.14."""

INTEGERS = {
    "byte": (-(2**7), 2**7 - 1),
    "short": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "unsignedByte": (0, 2**8 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "integer": (-(2**63), 2**64 - 1),
    "nonNegativeInteger": (0, 2**64 - 1),
    "positiveInteger": (1, 2**64 - 1),
    "nonPositiveInteger": (-(2**63), 0),
    "negativeInteger": (-(2**63), -1),
}
"""Least and greatest. The unbounded ones are held to what canonical JSON can carry: 64 bits."""

VERBATIM = frozenset({"string", "normalizedString", "anySimpleType"})
"""Built-ins whose spaces are part of the value; all others collapse."""

LISTS = frozenset({"NMTOKENS", "IDREFS", "ENTITIES"})
FLOATS = frozenset({"float", "double"})
NOT_NUMBERS = ("INF", "-INF", "NaN")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a built-in's text becomes a JSON value, and back."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


def read(scalar: Scalar, text: str) -> Any:
    """The JSON value of an element's or attribute's text.

    Raises:
        ValueError: The text is no value of the type. The message never quotes the text.
    """
    if scalar.kind == "list":
        return [read(scalar.members[0], word) for word in text.split()]
    if scalar.kind == "union":
        return _first(scalar.members, lambda member: read(member, text))
    plain = text if scalar.kind in VERBATIM else _SPACES.sub(" ", text).strip(" ")
    value = KINDS.get(scalar.kind, TEXT).read(plain)
    _check_limits(scalar, plain)
    return value


def write(scalar: Scalar, value: Any) -> str:
    """The XML text of a JSON value, exactly as given where it is text.

    Raises:
        ValueError: The value is none of the type.
    """
    if scalar.kind == "list":
        return " ".join(write(scalar.members[0], one) for one in value)
    if scalar.kind == "union":
        return str(_first(scalar.members, lambda member: write(member, value)))
    text = KINDS.get(scalar.kind, TEXT).write(value)
    _check_limits(scalar, text)
    return text


def schema(scalar: Scalar) -> dict[str, Any]:
    """JSON Schema 2020-12 of a simple type, facets included."""
    if scalar.is_node:
        return dict(NODE)
    if scalar.kind == "list":
        return {"type": "array", "items": schema(scalar.members[0]), **_named(scalar, LIST_LIMITS)}
    if scalar.kind == "union" and scalar.facets.enumeration:
        return _enumerated(scalar, {})
    if scalar.kind == "union":
        return _union([schema(member) for member in scalar.members])
    found = _plain_schema(scalar)
    if scalar.facets.enumeration and scalar.kind != "boolean":
        return _enumerated(scalar, found)
    return _with_facets(scalar, found)


NODE: Mapping[str, Any] = {
    "type": "object",
    "description": (
        "XML of any shape: its name in Clark notation, attributes, text and children; or the XML itself, which wins."
    ),
    "properties": {
        "@name": {"type": "string"},
        "@attributes": {"type": "object", "additionalProperties": {"type": "string"}},
        "@text": {"type": "string"},
        "@children": {"type": "array", "items": {"type": "object"}},
        "@xml": {"type": "string"},
    },
    "required": ["@name"],
    "additionalProperties": False,
}
LIST_LIMITS = {"minLength": "minItems", "maxLength": "maxItems"}
STRING_LIMITS = {"minLength": "minLength", "maxLength": "maxLength"}
NUMBER_LIMITS = {
    "minInclusive": "minimum",
    "maxInclusive": "maximum",
    "minExclusive": "exclusiveMinimum",
    "maxExclusive": "exclusiveMaximum",
}
WORDS = {
    "minInclusive": "at least {}",
    "maxInclusive": "at most {}",
    "minExclusive": "more than {}",
    "maxExclusive": "less than {}",
    "totalDigits": "at most {} digits",
    "fractionDigits": "at most {} fraction digits",
    "length": "{} long",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
}
"""How a limit that JSON Schema cannot state for the type is said in the description."""


def _first(members: tuple[Scalar, ...], attempt: Callable[[Scalar], Any]) -> Any:
    for member in members:
        try:
            return attempt(member)
        except ValueError:
            continue
    raise ValueError("is in none of the types that it may have")


def _lexical(name: str) -> Kind:
    """A built-in whose JSON value is its text, when the text is in its lexical space."""
    lexical = re.compile(LEXICAL[name])

    def same(text: Any) -> str:
        if not isinstance(text, str) or not lexical.fullmatch(text) or text.endswith(("P", "T")):
            raise ValueError(f"is no xs:{name}")
        return text

    return Kind(same, same)


def _read_integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", text):
        raise ValueError("is no integer")
    return int(text)


def _write_integer(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise ValueError("is no integer")
    return str(int(value))


def _read_boolean(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise ValueError("is no xs:boolean")
    return text in ("true", "1")


def _write_boolean(value: Any) -> str:
    if not isinstance(value, bool):
        raise ValueError("is no xs:boolean")  # noqa: TRY004  # one kind of error for every value that does not fit
    return "true" if value else "false"


def _read_float(text: str) -> float | str:
    if text in NOT_NUMBERS:
        return text
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?", text):
        raise ValueError("is no floating-point number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("is a floating-point number out of range")
    return number


def _write_float(value: Any) -> str:
    if value in NOT_NUMBERS:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is no floating-point number")  # noqa: TRY004  # as above
    return repr(value)


def _read_base64(text: str) -> str:
    plain = "".join(text.split())
    try:
        base64.b64decode(plain, validate=True)
    except binascii.Error:
        raise ValueError("is no base64") from None
    return plain


def _read_hex(text: str) -> str:
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text):
        raise ValueError("is no hexadecimal text")
    return text


def _write_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")  # noqa: TRY004  # as above
    return value


_SPACES = re.compile("[ \t\r\n]+")  # what XML calls space, and no more
TEXT = Kind(str, _write_text)
KINDS: Mapping[str, Kind] = {
    "boolean": Kind(_read_boolean, _write_boolean),
    "base64Binary": Kind(_read_base64, lambda value: _read_base64(_write_text(value))),
    "hexBinary": Kind(_read_hex, lambda value: _read_hex(_write_text(value))),
    **dict.fromkeys(INTEGERS, Kind(_read_integer, _write_integer)),
    **dict.fromkeys(FLOATS, Kind(_read_float, _write_float)),
    **dict.fromkeys(LISTS, Kind(str.split, " ".join)),
    **{name: _lexical(name) for name in LEXICAL},
}
"""By name of the built-in; every other one is text."""


def _check_limits(scalar: Scalar, text: str) -> None:
    """Holds a value to the limits that JSON Schema cannot state for its type."""
    checked = CHECKED.get(scalar.kind) if scalar.facets.limits else None
    if checked is None:
        return
    number, limits = checked(text)
    for name, holds in limits.items():
        limit = _limit(scalar, name)
        if limit is not None and not holds(number, limit):
            raise ValueError(f"is not {WORDS[name].format(limit)}")


def _limit(scalar: Scalar, name: str) -> Decimal | None:
    """A numeric limit, None when it is not there or no number: then it limits nothing."""
    try:
        limit = Decimal(scalar.facets.limits[name])
    except (KeyError, InvalidOperation):
        return None
    return limit if limit.is_finite() else None


def _digits(number: Decimal) -> tuple[int, int]:
    """Significant digits and fraction digits of the value, trailing zeros of the fraction not counted."""
    whole, _, fraction = f"{number.copy_abs():f}".partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    return len(whole) + len(fraction), len(fraction)


Limits = Mapping[str, Callable[[Decimal, Decimal], bool]]
DECIMAL_LIMITS: Limits = {
    "minInclusive": lambda number, limit: number >= limit,
    "maxInclusive": lambda number, limit: number <= limit,
    "minExclusive": lambda number, limit: number > limit,
    "maxExclusive": lambda number, limit: number < limit,
    "totalDigits": lambda number, limit: _digits(number)[0] <= limit,
    "fractionDigits": lambda number, limit: _digits(number)[1] <= limit,
}


LENGTHS: Limits = {
    "length": lambda number, limit: number == limit,
    "minLength": DECIMAL_LIMITS["minInclusive"],
    "maxLength": DECIMAL_LIMITS["maxInclusive"],
}
TOTAL: Limits = {"totalDigits": DECIMAL_LIMITS["totalDigits"]}
CHECKED: Mapping[str, Callable[[str], tuple[Decimal, Limits]]] = {
    "decimal": lambda text: (Decimal(text), DECIMAL_LIMITS),
    "base64Binary": lambda text: (Decimal(len(base64.b64decode(text))), LENGTHS),
    "hexBinary": lambda text: (Decimal(len(text) // 2), LENGTHS),
    **dict.fromkeys(INTEGERS, lambda text: (Decimal(text), TOTAL)),
}
"""What of a value is held to which limits here. The length of a binary is in bytes."""


def _plain_schema(scalar: Scalar) -> dict[str, Any]:
    """The schema of the built-in itself."""
    kind = scalar.kind
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        return {"type": "integer", "minimum": low, "maximum": high}
    if kind in LEXICAL:
        return {"type": "string", "pattern": f"^(?:{LEXICAL[kind]})$"}
    if kind in FLOATS:
        return {"anyOf": [{"type": "number"}, {"enum": list(NOT_NUMBERS)}]}
    if kind in LISTS:
        return {"type": "array", "items": {"type": "string"}}
    if kind == "boolean":
        return {"type": "boolean"}
    encoding = {"base64Binary": "base64", "hexBinary": "base16"}.get(kind)
    return {"type": "string", "contentEncoding": encoding} if encoding else {"type": "string"}


def _enumerated(scalar: Scalar, found: dict[str, Any]) -> dict[str, Any]:
    """The values in their JSON type, each once; values outside the type's own lexical space are left out."""
    values: dict[str, Any] = {}
    for text in scalar.facets.enumeration:
        try:
            value = read(Scalar(scalar.kind, members=scalar.members), text)
        except ValueError:
            continue
        values.setdefault(repr(value), value)
    typed = {"type": found["type"]} if "type" in found else {}
    return {**typed, "enum": list(values.values())} if values else found


def _with_facets(scalar: Scalar, found: dict[str, Any]) -> dict[str, Any]:
    known = _known_limits(scalar)
    found.update(_named(scalar, known))
    if scalar.kind in INTEGERS:
        low, high = INTEGERS[scalar.kind]
        found["minimum"], found["maximum"] = max(found["minimum"], low), min(found["maximum"], high)
    exact = _limit(scalar, "length")
    if exact is not None and "minLength" in known:
        found["minLength"] = found["maxLength"] = int(exact)
    said = [
        words.format(scalar.facets.limits[name])
        for name, words in WORDS.items()
        if name in scalar.facets.limits and name not in known and not ("minLength" in known and name == "length")
    ]
    if said:
        found["description"] = _sentence(", ".join(said))
    return _with_patterns(scalar, found)


def _known_limits(scalar: Scalar) -> Mapping[str, str]:
    """The limits that JSON Schema can state for the type."""
    if scalar.kind in INTEGERS:
        return NUMBER_LIMITS
    return {} if scalar.kind in KINDS else STRING_LIMITS


def _named(scalar: Scalar, names: Mapping[str, str]) -> dict[str, int]:
    limits = {word: _limit(scalar, name) for name, word in names.items()}
    return {word: int(limit) for word, limit in limits.items() if limit is not None}


def _with_patterns(scalar: Scalar, found: dict[str, Any]) -> dict[str, Any]:
    patterns = [ecma(pattern) for pattern in scalar.facets.patterns] if found.get("type") == "string" else []
    usable = [pattern for pattern in patterns if pattern is not None]
    if len(usable) == 1 and "pattern" not in found:
        found["pattern"] = usable[0]
    elif usable:
        found["allOf"] = [{"pattern": pattern} for pattern in usable]
    if len(usable) < len(scalar.facets.patterns):
        found["x-xsd-pattern"] = list(scalar.facets.patterns)
    return found


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _union(members: list[dict[str, Any]]) -> dict[str, Any]:
    distinct = [member for index, member in enumerate(members) if member not in members[:index]]
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
