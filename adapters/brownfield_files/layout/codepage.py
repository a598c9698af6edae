"""EBCDIC code pages that Python has not: their tables come from the C library's `iconv`, and become Python's codecs.

glibc knows some sixty (cp1047, cp1141 …) and the double-byte ones of Japan (cp930, cp939, cp1390, cp1399), Korea
(cp933, cp1364) and China (cp935, cp937, cp1371, cp1388); Debian keeps them in `libc6`, from 13 on in
`libc-gconv-modules-extra`. Where a C library does not know a page, it is refused by name. Double-byte characters stand
between a shift-out (0x0E) and a shift-in (0x0F); in a field of PIC G they stand without. Source: IBM, Character Data
Representation Architecture, "Mixed single-byte and double-byte".
"""

import codecs
import ctypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

SHIFT_OUT, SHIFT_IN = 0x0E, 0x0F
GRAPHIC = "_graphic"
_NAME = re.compile(r"cp([0-9]{3,5})(_graphic)?")
_MIXED = {"930", "933", "935", "937", "939", "1364", "1371", "1388", "1390", "1399"}
_FAILED = ctypes.c_size_t(-1).value
_ROOM = 16


@dataclass(frozen=True)
class Page:
    """A code page.

    Attributes:
        name: Python's name of it.
        single: The character of each byte; U+FFFD for none.
        double: The character of each two bytes, where it has any. What stands for two characters is left out.
        wide: The two bytes of each of those; where several stand for it, the least.
    """

    name: str
    single: str
    double: Mapping[bytes, str]
    wide: Mapping[str, bytes]

    @cached_property
    def back(self) -> Mapping[str, bytes]:
        """The byte, else the two bytes, of each character."""
        narrow = {character: bytes([byte]) for byte, character in enumerate(self.single) if character != "\ufffd"}
        return {**self.wide, **narrow}

    def mixed(self, raw: bytes) -> str:
        """Text of single bytes and, between shifts, of two bytes a character.

        Raises:
            UnicodeDecodeError: A byte, or two, that stand for nothing; a shift without its other half.
        """
        found: list[str] = []
        at = 0
        while at < len(raw):
            if raw[at] == SHIFT_OUT and self.double:
                end = raw.find(SHIFT_IN, at)
                if end < 0:
                    raise UnicodeDecodeError(self.name, raw, at, at + 1, "no shift-in (0x0F) follows")
                found.append(self.graphic(raw[:end], at + 1))
                at = end + 1
                continue
            character = self.single[raw[at]]
            if character == "\ufffd" or (raw[at] == SHIFT_IN and self.double):
                raise UnicodeDecodeError(self.name, raw, at, at + 1, "it stands for nothing")
            found.append(character)
            at += 1
        return "".join(found)

    def graphic(self, raw: bytes, start: int = 0) -> str:
        """Text of two bytes a character from `start` on.

        Raises:
            UnicodeDecodeError: Two bytes that stand for nothing, or one alone.
        """
        found: list[str] = []
        for at in range(start, len(raw), 2):
            character = self.double.get(raw[at : at + 2])
            if character is None:
                raise UnicodeDecodeError(self.name, raw, at, min(at + 2, len(raw)), "it stands for nothing")
            found.append(character)
        return "".join(found)

    def write_mixed(self, text: str) -> bytes:
        """The inverse of `mixed`.

        Raises:
            UnicodeEncodeError: A character that the page has not.
        """
        found, shifted = bytearray(), False
        for index, character in enumerate(text):
            raw = self.back.get(character)
            if raw is None:
                raise UnicodeEncodeError(self.name, text, index, index + 1, "the page has it not")
            if shifted != (len(raw) == 2):
                found.append(SHIFT_IN if shifted else SHIFT_OUT)
                shifted = not shifted
            found += raw
        return bytes(found) + bytes([SHIFT_IN] * shifted)

    def write_graphic(self, text: str) -> bytes:
        """The inverse of `graphic`.

        Raises:
            UnicodeEncodeError: A character that the page has not, or has in one byte only.
        """
        found = bytearray()
        for index, character in enumerate(text):
            raw = self.wide.get(character)
            if raw is None:
                raise UnicodeEncodeError(self.name, text, index, index + 1, "the page has it not in two bytes")
            found += raw
        return bytes(found)


@cache
def page(name: str) -> Page | None:
    """The page of that name (`cp939`), or None where the C library knows none."""
    match = _NAME.fullmatch(name)
    convert = _converter(f"IBM{match[1]}") if match else None
    if match is None or convert is None:
        return None
    single = "".join(_one(convert, bytes([byte])) or "\ufffd" for byte in range(256))
    double = dict(_doubles(convert)) if match[1] in _MIXED else {}
    return Page(name, single, double, {character: raw for raw, character in reversed(double.items())})


def is_mixed(name: str) -> bool:
    """Whether it is a page of single and double bytes that is known here."""
    found = page(name)
    return found is not None and bool(found.double)


def wide_blank(name: str) -> str:
    """What fills a field of that codec besides the blank: the blank of two bytes in PIC G."""
    return "\u3000" if name.endswith(GRAPHIC) else ""


_Convert = Callable[[bytes], bytes | None]


def _doubles(convert: _Convert) -> list[tuple[bytes, str]]:
    """Each two bytes that stand for something, in order; NULs stand for LOW-VALUES in any page."""
    pairs = [bytes([high, low]) for high in range(0x40, 0xFF) for low in range(0x40, 0xFF)]
    found = [(pair, _one(convert, bytes([SHIFT_OUT]) + pair + bytes([SHIFT_IN]))) for pair in pairs]
    return [(b"\0\0", "\0"), *((pair, text) for pair, text in found if text and len(text) == 1)]


def _one(convert: _Convert, raw: bytes) -> str | None:
    converted = convert(raw)
    return None if converted is None else converted.decode("utf-16-be")


def _converter(name: str) -> _Convert | None:
    """A function from bytes of that page to UTF-16BE; None where the C library does not know it."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "iconv_open"):
        return None
    library.iconv_open.restype, library.iconv.restype = ctypes.c_void_p, ctypes.c_size_t
    handle = ctypes.c_void_p(library.iconv_open(b"UTF-16BE", name.encode()))
    if handle.value in {None, ctypes.c_void_p(-1).value}:
        return None

    def convert(raw: bytes) -> bytes | None:
        given, room = ctypes.create_string_buffer(raw, len(raw)), ctypes.create_string_buffer(_ROOM)
        source, target = ctypes.c_void_p(ctypes.addressof(given)), ctypes.c_void_p(ctypes.addressof(room))
        left, free = ctypes.c_size_t(len(raw)), ctypes.c_size_t(_ROOM)
        library.iconv(handle, None, None, None, None)
        done = library.iconv(handle, *map(ctypes.byref, (source, left, target, free)))
        return None if done == _FAILED or left.value else room.raw[: _ROOM - free.value]

    return convert


def _search(name: str) -> codecs.CodecInfo | None:
    """Python asks here for the codecs that it has not."""
    found = page(name.removesuffix(GRAPHIC))
    if found is None or (name.endswith(GRAPHIC) and not found.double):
        return None
    decode, encode = (
        (found.graphic, found.write_graphic) if name.endswith(GRAPHIC) else (found.mixed, found.write_mixed)
    )
    return codecs.CodecInfo(
        name=name,
        encode=lambda text, errors="strict": (_lenient_encode(encode, text, errors), len(text)),
        decode=lambda raw, errors="strict": (_lenient_decode(decode, bytes(raw), errors), len(raw)),
    )


def _lenient_decode(decode: Callable[[bytes], str], raw: bytes, errors: str) -> str:
    """With `replace`, what cannot be read as a whole is U+FFFD as a whole: whoever asks so looks at single bytes."""
    try:
        return decode(raw)
    except UnicodeDecodeError:
        if errors == "strict":
            raise
        return "\ufffd"


def _lenient_encode(encode: Callable[[str], bytes], text: str, errors: str) -> bytes:
    try:
        return encode(text)
    except UnicodeEncodeError:
        if errors == "strict":
            raise
        return b"\x6f" * len(text)


codecs.register(_search)
