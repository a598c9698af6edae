"""What a code page means for a record: text, the zones of digits, the sign's letters."""

from dataclasses import dataclass
from typing import Literal

_PROBE = ("A", "é", "я", "漢")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A single-byte code page of the standard library.

    Attributes:
        name: Python's name of the codec (`cp037`).
        ebcdic: Space is 0x40 and digits are 0xF0 to 0xF9.
        order: Byte order of what the machine holds as it is, COMP-5 and IEEE floats: `big` on a mainframe.
        floating: What COMP-1 and COMP-2 are: IBM's hexadecimal floating point, or IEEE 754.
    """

    name: str
    ebcdic: bool
    order: str = "big"
    floating: Literal["ibm", "ieee"] = "ibm"

    @property
    def space(self) -> bytes:
        """One blank."""
        return b"\x40" if self.ebcdic else b" "


def encoding(name: str, order: str = "big", floating: Literal["ibm", "ieee"] = "ibm") -> Encoding:
    """The encoding of that name.

    Raises:
        ValueError: There is no such codec, or it is not a single-byte one (a field's bytes must be its characters).
    """
    try:
        single = all(len(sign.encode(name, "replace")) == 1 for sign in _PROBE)
    except (LookupError, UnicodeError):
        single = False
    if not single:
        raise ValueError(f"{name!r} is not a single-byte encoding that Python knows")
    return Encoding(name, " ".encode(name) == b"\x40", order, floating)
