"""What a transfer in text mode does to a binary file, seen in its first bytes: said beside the reason of a refusal.

FTP in ASCII mode translates EBCDIC to ASCII, packed digits with it, and whoever writes as text puts 0x0D before each
0x0A. Neither can be undone for certain: the file must be fetched again, in binary.
"""

import re
from codecs import getincrementaldecoder
from typing import BinaryIO

_HEAD = 64 * 1024
_LETTERS = bytes((0x40, *range(0xF0, 0xFA), *range(0xC1, 0xCA), *range(0x81, 0x8A)))
_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte != 0x40)
_LEAST = 2


def sign_of_text_mode(file: BinaryIO, *, ebcdic: bool) -> str:
    """A sentence, or an empty string where the first bytes say nothing.

    Args:
        file: Any position; it is left behind the first bytes.
        ebcdic: The file should be in EBCDIC.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if ebcdic and looks_ebcdic(head) is False:
        return "its bytes look like ASCII: a transfer in text mode translated it; fetch it again in binary"
    feeds, returned = head.count(b"\n"), len(re.findall(rb"\r\n", head))
    if feeds == returned >= _LEAST:
        return f"0x0D stands before each of its {feeds} 0x0A: it was written in text mode; fetch it again in binary"
    return ""


def looks_ebcdic(head: bytes) -> bool | None:
    """Whether bytes are rather letters, digits and blanks of EBCDIC than of ASCII; None where there are none.

    The bytes of UTF-8 are among those of EBCDIC's letters; that text in EBCDIC is UTF-8 by chance is as good as not so.
    """
    if not head.isascii() and _is_utf_8(head):
        return False
    ebcdic, plain = (len(head) - len(head.translate(None, known)) for known in (_LETTERS, _PLAIN))
    return ebcdic > plain if ebcdic or plain else None


def _is_utf_8(head: bytes) -> bool:
    """Whether bytes are UTF-8, the last character of which may be cut."""
    try:
        getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
