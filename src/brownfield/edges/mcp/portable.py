"""What JSON can carry from one language to another, which is less than Python's own reader and writer let pass."""

import json
from typing import Any

import orjson

from brownfield.rules.argument import carried
from brownfield.rules.problem import Problem


def portable(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments, whole numbers as integers.

    Raises:
        Problem: `malformed`: nested too deep, NaN, Infinity, an integer of more than 64 bits, or half a character.
    """
    try:
        arguments = dict(carried(arguments))
    except ValueError as error:
        raise Problem("malformed", f"the arguments cannot be taken: {error}") from None
    try:
        orjson.dumps(arguments)
        json.dumps(arguments, allow_nan=False)
    except (TypeError, ValueError):
        raise Problem("malformed", "the arguments hold what JSON cannot carry: NaN, Infinity, an integer of more "
                      "than 64 bits, or half a character") from None  # fmt: skip
    return arguments
