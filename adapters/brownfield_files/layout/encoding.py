"""What a code page means for a record: text, the zones of digits, the sign's letters."""

from dataclasses import dataclass
from typing import Literal

from brownfield_files.layout.codepage import GRAPHIC, is_mixed

_ASCII = bytes(range(0x20, 0x7F))
_PROBE = ("A", "é", "я", "漢")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A single-byte code page, or one of EBCDIC with double-byte characters between shifts.

    Attributes:
        name: Python's name of the codec (`cp037`).
        ebcdic: Space is 0x40 and digits are 0xF0 to 0xF9.
        order: Byte order of what the machine holds as it is, COMP-5 and IEEE floats: `big` on a mainframe.
        floating: What COMP-1 and COMP-2 are: IBM's hexadecimal floating point, or IEEE 754.
        mixed: Whether it has double-byte characters.
    """

    name: str
    ebcdic: bool
    order: str = "big"
    floating: Literal["ibm", "ieee"] = "ibm"
    mixed: bool = False

    def codec(self, own: str) -> str:
        """The codec of a field: its own, that of double-byte characters alone (PIC G), or the file's."""
        return self.name + GRAPHIC if own == GRAPHIC else own or self.name

    @property
    def space(self) -> bytes:
        """One blank."""
        return b"\x40" if self.ebcdic else b" "


def encoding(name: str, order: str = "big", floating: Literal["ibm", "ieee"] = "ibm") -> Encoding:
    """The encoding of that name.

    Raises:
        ValueError: There is no such codec, or its characters have several bytes in any other way than EBCDIC's.
    """
    if is_mixed(name):
        return Encoding(name, ebcdic=True, order=order, floating=floating, mixed=True)
    try:
        single = all(len(sign.encode(name, "replace")) == 1 for sign in _PROBE)
    except (LookupError, UnicodeError):
        single = False
    if not single:
        raise ValueError(f"{name!r} is not a single-byte encoding that Python or this machine's C library knows")
    return Encoding(name, " ".encode(name) == b"\x40", order, floating)


def like_ascii(name: str) -> str:
    """The name of an encoding, single-byte or not, that writes ASCII as ASCII does.

    Raises:
        ValueError: Python knows none of that name, or it does not.
    """
    try:
        alike = _ASCII.decode(name).encode("ascii") == _ASCII
    except (LookupError, UnicodeError):
        alike = False
    if not alike:
        raise ValueError(f"{name!r} is no encoding that Python knows and that writes ASCII as ASCII does")
    return name
