"""Values as a person sees them. Nothing that is hidden in a text stays hidden, and nothing is cut silently."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from brownfield.rules import phrase
from brownfield.rules.redaction import plain

LONG = 400
"""Characters shown of one text."""
ROWS = 60
"""Fields shown of one document."""
ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")
"""Scripts with letters that pass for Latin ones (Unicode Technical Standard 39, confusables)."""
RAW_BYTES = 512
"""Bytes shown of one record in quarantine."""


def quoted(text: object, limit: int = LONG) -> str:
    """A text from outside in quotes, everything invisible written out; a cut one tells its length."""
    whole = str(text)
    shown = plain(whole, limit)
    return f"{shown} ({len(whole):,} characters)" if shown.endswith('…"') and not whole.endswith("…") else shown


def visible(text: object, limit: int = 4000) -> str:
    """A sentence of ours, everything invisible that it quotes written out; it is not quoted again."""
    whole = str(text)
    shown = "".join(c if c in '"\\' else plain(c)[1:-1] for c in whole[:limit])
    return shown if len(whole) <= limit else f"{shown}… ({len(whole):,} characters)"


def shown(thing: Any) -> str:
    """One value of a document, as JSON has it: a text is in quotes, a number is not."""
    match thing:
        case None:
            return "nothing"
        case bool():
            return "yes" if thing else "no"
        case str():
            return quoted(thing)
        case list() | dict():
            return "empty"
        case _:
            return str(thing)


def alike(thing: Any) -> str:
    """Which letters of a text only look like Latin ones; empty when none do."""
    if not isinstance(thing, str) or not any(c.isascii() and c.isalnum() for c in thing):
        return ""
    odd = {c: unicodedata.name(c, "") for c in thing if not c.isascii()}
    found = [f"{name} (U+{ord(c):04X})" for c, name in odd.items() if name.startswith(ALIKE)]
    return phrase.listed(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def rows(document: Any) -> tuple[list[tuple[str, Any]], int]:
    """A document as rows of path and value, nested ones flattened, and how many rows are left out."""
    found = list(_flat(document, ()))
    return found[:ROWS], max(0, len(found) - ROWS)


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value, start=1)
        for name, inner in pairs:
            yield from _flat(inner, (*path, field(str(name))))
    else:
        yield " / ".join(path) or "value", value


def field(name: str) -> str:
    """A field's name as words."""
    return phrase.words(name)


def moment(at: datetime | str, zone: ZoneInfo) -> str:
    """`Tue 17 Nov 2026, 14:05 (Paris)`."""
    return phrase.when(datetime.fromisoformat(at) if isinstance(at, str) else at, zone)


def span(length: timedelta) -> str:
    """How long in the two largest units: `2 days 23 h`, `4 min`; `less than a minute`."""
    minutes = int(abs(length).total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [phrase.counted(days, "day") if days else "", f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join([part for part in parts if part][:2]) or "less than a minute"


def dump(raw: str, offset: int) -> tuple[list[tuple[str, str, str, str]], int]:
    """A record's bytes by lines of 16: where, hex, as ASCII, as EBCDIC; and how many bytes are left out.

    Args:
        raw: Hex digits.
        offset: Of the record in the file; below 0 when it has none, then lines count from its start.
    """
    whole = bytes.fromhex(raw)
    kept, start = whole[:RAW_BYTES], max(0, offset)
    parts = [(start + at, kept[at : at + 16]) for at in range(0, len(kept), 16)]
    lines = [(f"{at:08x}", part.hex(" "), _letters(part, "ascii"), _letters(part, "cp037")) for at, part in parts]
    return lines, len(whole) - len(kept)


def _letters(part: bytes, encoding: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "." for c in part.decode(encoding, "replace"))
