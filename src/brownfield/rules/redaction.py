"""What the audit and its readers get: personal fields as commitments, and text from the far side made safe."""

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from brownfield.contract import Fields, canonical
from brownfield.wrapper.hiding import edit


def commit(arguments: Fields, personal: Collection[str], token: Callable[[str], str]) -> dict[str, Any]:
    """Arguments for the audit: the value of each personal field becomes `{"commitment": …}`.

    A number commits as its digits and anything nested as its canonical JSON, so that a question about account 4471
    finds it however it was sent. A null hides nothing and stays.
    """

    def committed(value: Any) -> Any:
        if isinstance(value, list):
            return [committed(item) for item in value]
        return None if value is None else {"commitment": token(_text(value))}

    document: dict[str, Any] = dict(arguments)
    for path in personal:
        document = edit(document, tuple(path.split(".")), committed)
    return document


def plain(text: str, limit: int = 80) -> str:
    r"""Text from the far side, quoted for a sentence: `"A-100"`.

    Whatever a reader cannot see, or what moves what he sees, is written out (`\u202e`, `\n`); quotes and backslashes
    are escaped. At most `limit` characters stand between the quotes.
    """
    if _HARMLESS.fullmatch(text) and len(text) <= limit:
        return f'"{text}"'
    shown, room = "", limit - 1
    for at, character in enumerate(text):
        piece = _visible(character)
        last = at == len(text) - 1
        if len(shown) + len(piece) > room + last:
            return f'"{shown}…"'
        shown += piece
    return f'"{shown}"'


_HARMLESS = re.compile(r"[ !#-\[\]-~]*")
"""ASCII that can be seen, without quote and backslash: nearly all there is, and quickly known."""
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that show nothing though their category does not say so (Unicode: Default_Ignorable_Code_Point)."""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


def _visible(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    category = unicodedata.category(character)
    odd_space = category == "Zs" and character != " "
    if category not in _HIDDEN_CATEGORIES and not odd_space and not _IGNORABLE.match(character):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode()
