"""The PICTURE clause: how many bytes a field takes and what they mean.

Sizes and sign rules are those of IBM Enterprise COBOL for z/OS, Language Reference, "PICTURE clause" and "USAGE
clause". GnuCOBOL's default configuration differs in one point: it stores a binary of one or two digits in one byte.
"""

import re
from dataclasses import dataclass
from typing import Literal

from plain.layout import Field, Kind, SignPlace

_SYMBOL = re.compile(r"(CR|DB|[A-Z0-9+\-*/,.$])(?:\((\d+)\))?")
_MOST_BYTES = 1 << 20
_MOST_DIGITS = 38

_USAGE: dict[str, Kind] = {
    "DISPLAY": "zoned",
    "COMP": "binary",
    "COMP-4": "binary",
    "COMP-5": "binary",
    "BINARY": "binary",
    "COMP-3": "packed",
    "PACKED-DECIMAL": "packed",
}
REFUSED_USAGE = {
    "COMP-1": "hexadecimal floating point is not read yet",
    "COMP-2": "hexadecimal floating point is not read yet",
    "INDEX": "an index has no meaning outside its program",
    "POINTER": "a pointer has no meaning outside its program",
    "DISPLAY-1": "double-byte characters are not read yet",
    "NATIONAL": "national characters are not read yet",
}


class PictureError(ValueError):
    """A picture that is not COBOL, or not read yet; the message is the reason alone."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture taken apart.

    Attributes:
        category: `number`, `text`, or `edited`: printed form, delivered as the text that was printed.
        size: Character positions: the bytes of a DISPLAY field without a separate sign.
        digits: Digits stored.
        scale: Digits right of the point, see `Field.scale`.
        signed: Has an S.
    """

    category: Literal["number", "text", "edited"]
    size: int
    digits: int = 0
    scale: int = 0
    signed: bool = False


def is_usage(word: str) -> bool:
    """Whether the word is a USAGE, `COMPUTATIONAL-3` included."""
    usage = _short(word)
    return usage in _USAGE or usage in REFUSED_USAGE


def read_picture(text: str) -> Picture:
    """Take a picture string apart.

    Raises:
        PictureError: It is not a picture, or one that is not read yet (N, G, floating point, S with an edited point).
    """
    symbols = _symbols(text.upper())
    used = {symbol for symbol, _ in symbols}
    if refused := used & {"N", "G", "U", "E"}:
        raise PictureError(f"PIC {text}: {min(refused)} (national or floating point) is not read yet")
    size = sum(count * len(symbol) for symbol, count in symbols if symbol not in "SVP")
    if not 0 < size <= _MOST_BYTES:
        raise PictureError(f"PIC {text}: a field of {size} bytes")
    if used <= {"S", "9", "V", "P"}:
        return _number(text, symbols)
    if "S" in used:
        raise PictureError(
            f"PIC {text}: S and an edited point together are not standard COBOL; its length is not known"
        )
    if used <= {"X", "A", "9"}:
        return Picture("text", size)
    if used <= {"X", "A", "9", "B", "0", "/", "Z", "*", "+", "-", ".", ",", "$", "CR", "DB", "V", "P"}:
        return Picture("edited", size)
    raise PictureError(f"PIC {text}: not a picture")


def place_field(name: str, offset: int, text: str, usage: str = "DISPLAY", sign: SignPlace = "trailing") -> Field:
    """The field that a picture, a usage and a sign clause describe.

    Raises:
        PictureError: They do not go together, or the usage is not read yet.
    """
    usage = _short(usage)
    if usage in REFUSED_USAGE:
        raise PictureError(f"USAGE {usage}: {REFUSED_USAGE[usage]}")
    if usage not in _USAGE:
        raise PictureError(f"USAGE {usage} is not known")
    picture = read_picture(text)
    shown = text.upper() if usage == "DISPLAY" else f"{text.upper()} {usage}"
    if picture.category != "number":
        if usage != "DISPLAY":
            raise PictureError(f"PIC {text} cannot be {usage}")
        return Field(name, offset, picture.size, shown, "text")
    if usage == "COMP-5" and picture.scale < 0:
        raise PictureError(f"PIC {text} {usage}: P in native binary is not read yet")
    kind = _USAGE[usage]
    separate = kind == "zoned" and picture.signed and sign.endswith("separate")
    return Field(
        name,
        offset,
        _length(kind, picture.digits, separate=separate),
        f"{shown} SIGN {sign.upper()}" if kind == "zoned" and picture.signed and sign != "trailing" else shown,
        kind,
        digits=picture.digits,
        scale=picture.scale,
        signed=picture.signed,
        sign=sign if kind == "zoned" and picture.signed else "trailing",
        native=usage == "COMP-5",
    )


def _short(usage: str) -> str:
    return usage.upper().replace("COMPUTATIONAL", "COMP")


def _symbols(text: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    position = 0
    while position < len(text):
        match = _SYMBOL.match(text, position)
        if match is None:
            raise PictureError(f"PIC {text}: not a picture from {text[position:]!r} on")
        found.append((match[1], int(match[2] or 1)))
        position = match.end()
    return found


def _number(text: str, symbols: list[tuple[str, int]]) -> Picture:
    """A picture of S, 9, V and P. P stands for digits that are not stored, on one side only."""
    flat = "".join(symbol * min(count, _MOST_DIGITS + 1) for symbol, count in symbols)
    match = re.fullmatch(r"(S?)(?:(V?)(P+)(9+)|(9+)(P+)V?|(9*)V(9*)|(9+))", flat)
    if match is None:
        raise PictureError(f"PIC {text}: not a number")
    signed = bool(match[1])
    if match[3]:
        digits, scale = len(match[4]), len(match[3]) + len(match[4])
    elif match[6]:
        digits, scale = len(match[5]), -len(match[6])
    elif match[9]:
        digits, scale = len(match[9]), 0
    else:
        digits, scale = len(match[7]) + len(match[8]), len(match[8])
    if digits > _MOST_DIGITS:
        raise PictureError(f"PIC {text}: more than {_MOST_DIGITS} digits")
    return Picture("number", digits, digits, scale, signed)


def _length(kind: Kind, digits: int, *, separate: bool) -> int:
    if kind == "packed":
        return digits // 2 + 1
    if kind == "binary":
        for most, length in ((4, 2), (9, 4), (18, 8)):
            if digits <= most:
                return length
        raise PictureError(f"a binary of {digits} digits: COBOL has 18 at most")
    return digits + separate
