"""The clauses of one data description entry, read word by word."""

from dataclasses import dataclass, field

from plain.layout import LayoutError, SignPlace
from plain.picture import is_usage
from plain.source import Statement, Token

_REFUSED = {
    "SYNC": "SYNCHRONIZED is not read yet: the slack bytes that it adds are not known here",
    "SYNCHRONIZED": "SYNCHRONIZED is not read yet: the slack bytes that it adds are not known here",
    "BLANK": "BLANK WHEN ZERO is not read yet",
    "RENAMES": "RENAMES belongs to level 66",
    "DATE": "DATE FORMAT is not read yet",
    "DEPENDING": "OCCURS DEPENDING ON is not read yet: its records vary in length",
}
_NO_EFFECT = {"JUST", "JUSTIFIED", "RIGHT", "EXTERNAL", "GLOBAL", "TIMES", "IS"}
_STARTS = {"PIC", "PICTURE", "USAGE", "REDEFINES", "OCCURS", "SIGN", "LEADING", "TRAILING", "VALUE", "VALUES"}


@dataclass(slots=True)
class Clauses:
    """What an entry says.

    Attributes:
        name: In capitals, `FILLER` when it has none.
        picture: The picture string, or an empty string.
        usage: The usage's word, or an empty string.
        sign: Where the sign stands, or None when it does not say.
        occurs: Fixed number of occurrences, or 0.
        redefines: The name redefined, or an empty string.
    """

    name: str = "FILLER"
    picture: str = ""
    usage: str = ""
    sign: SignPlace | None = None
    occurs: int = 0
    redefines: str = ""


@dataclass(slots=True)
class _Words:
    """The words of a statement that are still to be read."""

    file: str
    tokens: tuple[Token, ...]
    position: int = field(default=0)

    def peek(self) -> str:
        return self.tokens[self.position].text.upper() if self.position < len(self.tokens) else ""

    def take(self) -> str:
        if self.position >= len(self.tokens):
            raise LayoutError(self.file, self.tokens[-1].line, f"a clause is cut short after {self.tokens[-1].text!r}")
        self.position += 1
        return self.tokens[self.position - 1].text.upper()

    def skip(self, *words: str) -> None:
        while self.peek() in words:
            self.position += 1

    def refuse(self, reason: str) -> LayoutError:
        return LayoutError(self.file, self.tokens[min(self.position, len(self.tokens)) - 1].line, reason)


def read_clauses(statement: Statement, file: str) -> Clauses:
    """The clauses after the level number.

    Raises:
        LayoutError: A word is not known, or stands for something not read yet.
    """
    words = _Words(file, statement.tokens, 1)
    clauses = Clauses()
    if words.peek() and not _is_clause(words.peek()):
        clauses.name = words.take()
    while words.peek():
        _read_clause(words.take(), words, clauses)
    return clauses


def _is_clause(word: str) -> bool:
    return word in _STARTS or word in _REFUSED or is_usage(word)


def _read_clause(word: str, words: _Words, clauses: Clauses) -> None:
    if word in _REFUSED:
        raise words.refuse(f"{clauses.name}: {_REFUSED[word]}")
    if word in {"PIC", "PICTURE"}:
        words.skip("IS")
        clauses.picture = words.take()
    elif word == "USAGE" or is_usage(word):
        words.skip("IS")
        clauses.usage = word if is_usage(word) else words.take()
        if not is_usage(clauses.usage):
            raise words.refuse(f"{clauses.name}: USAGE {clauses.usage} is not known")
    elif word == "REDEFINES":
        clauses.redefines = words.take()
    elif word == "OCCURS":
        _read_occurs(words, clauses)
    elif word in {"SIGN", "LEADING", "TRAILING"}:
        _read_sign(word, words, clauses)
    elif word in {"VALUE", "VALUES"}:
        while words.peek() and not _is_clause(words.peek()):
            words.take()
    elif word not in _NO_EFFECT:
        raise words.refuse(f"{clauses.name}: {word!r} is not known in a data description")


def _read_occurs(words: _Words, clauses: Clauses) -> None:
    count = words.take()
    if words.peek() == "TO":
        raise words.refuse(f"{clauses.name}: {_REFUSED['DEPENDING']}")
    if not count.isdecimal() or int(count) < 1:
        raise words.refuse(f"{clauses.name}: OCCURS {count} is not a number of times")
    clauses.occurs = int(count)
    words.skip("TIMES")
    while words.peek() in {"ASCENDING", "DESCENDING", "INDEXED"}:
        words.take()
        words.skip("KEY", "IS", "BY")
        while (
            words.peek() and not _is_clause(words.peek()) and words.peek() not in {"ASCENDING", "DESCENDING", "INDEXED"}
        ):
            words.take()


def _read_sign(word: str, words: _Words, clauses: Clauses) -> None:
    if word == "SIGN":
        words.skip("IS")
        word = words.take()
    if word not in {"LEADING", "TRAILING"}:
        raise words.refuse(f"{clauses.name}: SIGN {word} is not known")
    separate = words.peek() == "SEPARATE"
    words.skip("SEPARATE", "CHARACTER")
    if word == "LEADING":
        clauses.sign = "leading-separate" if separate else "leading"
    else:
        clauses.sign = "trailing-separate" if separate else "trailing"
