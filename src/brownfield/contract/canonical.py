"""Canonical JSON and the sha256 over it: the one way a fingerprint is made."""

import hashlib
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8. Decimals must already be strings.

    Raises:
        TypeError: If the value holds anything that JSON cannot hold.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def fingerprint(value: Any) -> str:
    """The sha256 of the canonical JSON of `value`, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
