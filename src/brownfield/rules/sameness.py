"""Whether two values mean the same, as far as a schema says what its texts are: 10.5 is 10.50, 12:00Z is 13:00+01:00.

What a write was told is held against what a read shows of it. A code `007` is no number, so the type is asked of the
schema, by texts that it takes and texts that it refuses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

LONGEST = 200
"""Characters of a text that is looked into."""
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
"""Finer than microseconds is not told apart by Python, and so not taken for the same."""

Takes = Callable[[str], bool]
"""Whether a schema takes a text."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of text: of what its schema takes one, what it refuses, and what a value means; None when it is none."""

    takes: tuple[str, ...]
    refuses: tuple[str, ...]
    meaning: Callable[[Any], Any]


def same(told: Any, found: Any, takes: Takes) -> bool:
    """Whether two JSON values mean the same.

    Args:
        told: One.
        found: The other.
        takes: Of the schema of `found`.
    """
    if told == found:
        return True
    for kind in _KINDS:
        if any(map(takes, kind.takes)) and not any(map(takes, kind.refuses)):
            left, right = kind.meaning(told), kind.meaning(found)
            return left is not None and right is not None and bool(left == right)
    return False


def _number(value: Any) -> Decimal | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return Decimal(value) if _fits(value, _DECIMAL) else None


def _moment(value: Any) -> datetime | None:
    """With a zone or without: one of each is never the same."""
    try:
        return datetime.fromisoformat(value) if _fits(value, _INSTANT) else None
    except ValueError:
        return None


def _fits(value: Any, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and form.fullmatch(value) is not None


_KINDS = (
    _Kind(("1.5", "1.50", "1.500", "-0.25"), ("x", "", "10:30", "1-2", "2026-11-17"), _number),
    _Kind(("2026-11-17T14:05:00", "2026-11-17T14:05:00Z"), ("x", "", "1.5", "2026-11-17"), _moment),
)
