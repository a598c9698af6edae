"""The PICTURE clause: how many bytes a field takes and what they mean.

Sizes and sign rules are those of IBM Enterprise COBOL for z/OS, Language Reference, "PICTURE clause" and "USAGE
clause". GnuCOBOL's default configuration differs in one point: it stores a binary of one or two digits in one byte.
"""

import re
from dataclasses import dataclass
from typing import Literal

from brownfield_files.layout.codepage import GRAPHIC
from brownfield_files.layout.normal_form import Field, Kind, SignPlace

_SYMBOL = re.compile(r"(CR|DB|[A-Z0-9+\-*/,.$£¥€¤])(?:\((\d+)\))?")
_CURRENCY = "$£¥€¤"
_NATIONAL = "utf_16_be"
_MOST_BYTES = 1 << 20
_MOST_DIGITS = 38

_USAGE: dict[str, Kind] = {
    "DISPLAY": "zoned",
    "COMP": "binary",
    "COMP-0": "binary",  # no IBM compiler's; read as Cobrix reads it
    "COMP-4": "binary",
    "COMP-5": "binary",
    "BINARY": "binary",
    "COMP-3": "packed",
    "PACKED-DECIMAL": "packed",
    "COMP-1": "float",
    "COMP-2": "float",
    "NATIONAL": "text",
    "DISPLAY-1": "text",
}
_FLOAT_BYTES = {"COMP-1": 4, "COMP-2": 8}
ADDRESS_BYTES = {"INDEX": 4, "POINTER": 4, "FUNCTION-POINTER": 4, "PROCEDURE-POINTER": 8}  # in 31-bit programs
REFUSED_USAGE = {
    "COMP-6": "packed digits without a sign are not read",
}


class PictureError(ValueError):
    """A picture that is not COBOL, or not read yet; the message is the reason alone."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture taken apart.

    Attributes:
        category: `number`, `text`, `national`, `graphic` (double-byte), or `edited`: printed form, delivered as the
            text that was printed.
        size: Character positions: the bytes of a DISPLAY field without a separate sign.
        digits: Digits stored.
        scale: Digits right of the point, see `Field.scale`.
        signed: Has an S.
        point: Has an S and a point that is printed.
    """

    category: Literal["number", "text", "national", "graphic", "edited"]
    size: int
    digits: int = 0
    scale: int = 0
    signed: bool = False
    point: bool = False


def is_usage(word: str) -> bool:
    """Whether the word is a USAGE, `COMPUTATIONAL-3` included."""
    usage = _short(word)
    return usage in _USAGE or usage in REFUSED_USAGE or usage in ADDRESS_BYTES


def is_pictured(usage: str) -> bool:
    """Whether a field of that usage has a picture: all but floating point, addresses and those that are refused."""
    usage = _short(usage)
    return usage not in _FLOAT_BYTES and usage not in REFUSED_USAGE and usage not in ADDRESS_BYTES


def suits_text(usage: str) -> bool:
    """Whether a text may have that usage: all but those of numbers that are packed or binary."""
    return _USAGE.get(_short(usage)) not in {"packed", "binary"}


def read_picture(text: str) -> Picture:
    """Take a picture string apart.

    Raises:
        PictureError: It is not a picture, or one that is not read (U: UTF-8; E: printed floating point).
    """
    symbols = _symbols(text.upper())
    used = {symbol for symbol, _ in symbols}
    if refused := used & {"U", "E"}:
        raise PictureError(f"PIC {text}: {min(refused)} (UTF-8 or printed floating point) is not read")
    size = sum(count * len(symbol) for symbol, count in symbols if symbol not in "SVP")
    if not 0 < size <= _MOST_BYTES:
        raise PictureError(f"PIC {text}: a field of {size} bytes")
    if used <= {"S", "9", "V", "P"}:
        return _number(text, symbols)
    if "S" in used:
        return _pointed(text, symbols)
    if used & {"N", "G"} and used <= {"N", "B", "0", "/"}:
        return Picture("national", 2 * size)
    if used & {"N", "G"} and used <= {"G", "B"}:
        return Picture("graphic", 2 * size)
    if used <= {"X", "A", "9"}:
        return Picture("text", size)
    if used <= {"X", "A", "9", "B", "0", "/", "Z", "*", "+", "-", ".", ",", "CR", "DB", "V", "P", *_CURRENCY}:
        return Picture("edited", size)
    raise PictureError(f"PIC {text}: not a picture")


def place_field(
    name: str,
    offset: int,
    text: str,
    usage: str = "DISPLAY",
    sign: SignPlace = "trailing",
    *,
    blank_zero: bool = False,
) -> Field:
    """The field that a picture, a usage and the clauses beside them describe.

    Args:
        name: The field's name.
        offset: Where it stands.
        text: The picture, empty for COMP-1 and COMP-2, which have none.
        usage: In any of its spellings.
        sign: Where the sign stands.
        blank_zero: BLANK WHEN ZERO is said.

    Raises:
        PictureError: They do not go together, or the usage is not read.
    """
    usage = _short(usage)
    if usage in REFUSED_USAGE:
        raise PictureError(f"USAGE {usage}: {REFUSED_USAGE[usage]}")
    if usage not in _USAGE and usage not in ADDRESS_BYTES:
        raise PictureError(f"USAGE {usage} is not known")
    if text and (usage in _FLOAT_BYTES or usage in ADDRESS_BYTES):
        raise PictureError(f"PIC {text}: {usage} has no picture")
    if usage in ADDRESS_BYTES:
        return Field(name, offset, ADDRESS_BYTES[usage], usage, "text")
    if usage in _FLOAT_BYTES:
        return Field(name, offset, _FLOAT_BYTES[usage], usage, "float", signed=True)
    picture = read_picture(text)
    shown = text.upper() if usage == "DISPLAY" else f"{text.upper()} {usage}"
    if picture.category != "number" or usage in {"NATIONAL", "DISPLAY-1"}:
        codec = _codec(picture, usage)
        if codec is None:
            raise PictureError(f"PIC {text} cannot be {usage}")
        return Field(name, offset, picture.size, shown, "text", codec=codec)
    if (picture.point or blank_zero) and usage != "DISPLAY":
        raise PictureError(f"PIC {text} {usage}: a printed point and BLANK WHEN ZERO are for DISPLAY")
    if usage == "COMP-5" and picture.scale < 0:
        raise PictureError(f"PIC {text} {usage}: P in native binary is not read yet")
    kind = _USAGE[usage]
    separate = kind == "zoned" and picture.signed and sign.endswith("separate")
    return Field(
        name,
        offset,
        _length(kind, picture.digits, separate=separate) + picture.point,
        f"{shown} SIGN {sign.upper()}" if kind == "zoned" and picture.signed and sign != "trailing" else shown,
        kind,
        digits=picture.digits,
        scale=picture.scale,
        signed=picture.signed,
        sign=sign if kind == "zoned" and picture.signed else "trailing",
        native=usage == "COMP-5",
        point=picture.point,
        blank_zero=blank_zero,
    )


def _codec(picture: Picture, usage: str) -> str | None:
    """The codec of a text; None where picture and usage do not go together. N is DBCS where the usage says so."""
    if picture.category in {"national", "graphic"} and usage == "DISPLAY-1":
        return GRAPHIC
    if picture.category == "graphic":
        return GRAPHIC if usage == "DISPLAY" else None
    if picture.category == "national":
        return _NATIONAL if usage in {"DISPLAY", "NATIONAL"} else None
    return "" if usage == "DISPLAY" else None


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


def _pointed(text: str, symbols: list[tuple[str, int]]) -> Picture:
    """`S9(3).99`. IBM's compilers refuse it, copybooks have it all the same.

    It is read as Cobrix reads it and as the files hold it: the point takes a byte, the sign stands in the last digit.
    """
    flat = "".join(symbol * min(count, _MOST_DIGITS + 1) for symbol, count in symbols)
    match = re.fullmatch(r"S(9*)\.(9+)", flat)
    if match is None or len(flat) - 2 > _MOST_DIGITS:
        raise PictureError(f"PIC {text}: S and an edited picture together are not COBOL")
    digits = len(match[1]) + len(match[2])
    return Picture("number", digits + 1, digits, len(match[2]), signed=True, point=True)


def _length(kind: Kind, digits: int, *, separate: bool) -> int:
    if kind == "packed":
        return digits // 2 + 1
    if kind == "binary":
        for most, length in ((4, 2), (9, 4), (18, 8)):
            if digits <= most:
                return length
        greatest: int = 10**digits - 1
        return greatest.bit_length() // 8 + 1  # as Cobrix sizes what IBM's compilers refuse; files agree
    return digits + separate
