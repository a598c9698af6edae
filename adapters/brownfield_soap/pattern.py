"""XSD regular expressions → ECMA ones, for JSON Schema."""

import re
from functools import lru_cache

import jsonschema_rs

UNTRANSLATABLE = re.compile(r"\\[iIcCpPwW]")
r"""Name characters, Unicode categories and the XSD meaning of `\w` have no ECMA equivalent."""

_PIECE = re.compile(r"\\.|\[|\]|[\^$]|[^\\\[\]^$]+", re.DOTALL)


@lru_cache(maxsize=4096)
def ecma(pattern: str) -> str | None:
    r"""The pattern anchored and in ECMA syntax, or None when it has no equivalent or is not well formed.

    `^` and `$` are ordinary characters in XSD. `\d` becomes `[0-9]`, which is narrower than XSD's Unicode digits:
    ASCII is what the other side means, and what it can read.
    """
    if UNTRANSLATABLE.search(pattern):
        return None
    inner = _translated(pattern)
    if inner is None:
        return None
    translated = f"^(?:{inner})$"
    try:
        jsonschema_rs.Draft202012Validator({"pattern": translated}, pattern_options=jsonschema_rs.RegexOptions())
    except (ValueError, jsonschema_rs.ValidationError):
        return None
    return translated


def _translated(pattern: str) -> str | None:
    """The pattern piece by piece; None for a class within a class, which is XSD's subtraction."""
    parts: list[str] = []
    inside = False
    for piece in _PIECE.findall(pattern):
        if inside and piece == "[":
            return None
        first = inside and parts[-1] == "["
        inside = (inside or piece == "[") and piece != "]"
        parts.append(_one(piece, inside=inside, first=first))
    return "".join(parts)


def _one(piece: str, *, inside: bool, first: bool) -> str:
    if piece == r"\d":
        return "0-9" if inside else "[0-9]"
    if piece in ("^", "$") and not (first and piece == "^"):
        return f"\\{piece}"
    return piece
