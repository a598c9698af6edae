"""The schemas of what a parser gives that no layout declares: text, days, exact amounts, closed objects."""

from collections.abc import Mapping
from typing import Any

AMOUNT = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"


def text(*, null: bool = False) -> dict[str, Any]:
    """Text; with `null`, or nothing."""
    return {"type": ["string", "null"] if null else "string"}


def day(*, null: bool = False) -> dict[str, Any]:
    """A day, `2026-11-21`."""
    return {**text(null=null), "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def money(*, null: bool = False) -> dict[str, Any]:
    """An exact decimal, with as many decimals as were written."""
    return {**text(null=null), "pattern": AMOUNT}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has all of these and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
