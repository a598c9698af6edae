"""Personal values kept out of the audit: of the arguments only commitments, and of every text what echoes them."""

import re
from collections.abc import Callable, Collection
from typing import Any

from brownfield.contract import Fields
from brownfield.rules.redaction import commit
from brownfield.wrapper.hiding import edit

MARK = "(personal)"
"""What stands in a text where a system or a person repeated a personal value."""
SHORTEST = 3
"""Characters of a value that is looked for in texts; shorter ones are found everywhere."""


def committed(
    body: Fields, arguments: Fields, personal: Collection[str], token: Callable[[str], str]
) -> dict[str, Any]:
    """An entry's body without the personal values of `arguments`.

    Fields that the manifest calls personal become commitments, in the arguments and in what was read and written;
    a system's own sentence (`no customer jane@example.com`) loses the value and keeps the rest.
    """
    if not personal:
        return dict(body)
    told = {name: commit(part, personal, token) if isinstance(part, dict) else part for name, part in body.items()}
    echoes = [re.escape(value) for value in _values(arguments, personal) if len(value) >= SHORTEST]
    if not echoes:
        return told
    return {name: _without(part, re.compile("|".join(echoes), re.IGNORECASE)) for name, part in told.items()}


def _values(arguments: Fields, personal: Collection[str]) -> list[str]:
    """The personal values as text, longest first, so that none is taken for a part of itself."""
    found: set[str] = set()

    def collect(value: Any) -> Any:
        found.update(_leaves(value))
        return value

    for path in personal:
        edit(dict(arguments), tuple(path.split(".")), collect)
    return sorted(found, key=len, reverse=True)


def _leaves(value: Any) -> set[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {leaf for inner in value for leaf in _leaves(inner)}
    return set() if value is None or isinstance(value, bool) else {str(value)}


def _without(value: Any, echo: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, echo) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, echo) for inner in value]
    if isinstance(value, str):
        return echo.sub(MARK, value)
    whole = isinstance(value, int | float) and not isinstance(value, bool) and echo.fullmatch(str(value))
    return MARK if whole else value
