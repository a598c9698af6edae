"""The clauses of one data description entry, read word by word."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from brownfield_files.layout.normal_form import LayoutError, SignPlace
from brownfield_files.layout.picture import is_usage
from brownfield_files.layout.source import Statement, Token

_REFUSED = {"RENAMES": "RENAMES belongs to level 66", "DATE": "DATE FORMAT is not read"}
_NO_EFFECT = {"JUST", "JUSTIFIED", "RIGHT", "EXTERNAL", "GLOBAL", "TIMES", "IS"}
_OF_OCCURS = {"ASCENDING", "DESCENDING", "INDEXED", "DEPENDING"}
_MOST_TIMES = 1 << 24
_STARTS = {"PIC", "PICTURE", "USAGE", "REDEFINES", "OCCURS", "SIGN", "LEADING", "TRAILING", "VALUE", "VALUES",
           "SYNC", "SYNCHRONIZED", "BLANK"}  # fmt: skip


@dataclass(slots=True)
class Clauses:
    """What an entry says.

    Attributes:
        name: In capitals, `FILLER` when it has none.
        picture: The picture string, or an empty string.
        usage: The usage's word, or an empty string.
        sign: Where the sign stands, or None when it does not say.
        occurs: Number of occurrences, the most where it varies, or 0.
        least: The least number of occurrences where it varies.
        counter: OCCURS DEPENDING ON: the name that states the number, then the groups that qualify it.
        sync: SYNCHRONIZED is said.
        blank_zero: BLANK WHEN ZERO is said.
        redefines: The name redefined, or an empty string.
    """

    name: str = "FILLER"
    picture: str = ""
    usage: str = ""
    sign: SignPlace | None = None
    occurs: int = 0
    least: int = 0
    counter: tuple[str, ...] = ()
    sync: bool = False
    blank_zero: bool = False
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


def read_clauses(statement: Statement) -> Clauses:
    """The clauses after the level number.

    Raises:
        LayoutError: A word is not known, or stands for something not read yet.
    """
    words = _Words(statement.file, statement.tokens, 1)
    clauses = Clauses()
    if words.peek() and not _is_clause(words.peek()):
        clauses.name = words.take()
    while words.peek():
        _read_clause(words.take(), words, clauses)
    return clauses


def _is_clause(word: str) -> bool:
    return word in _STARTS or word in _REFUSED or is_usage(word)


def read_renames(statement: Statement) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first and the last name of `66 NAME RENAMES A [OF G] [THRU B [OF G]]`, each with the groups that qualify it.

    Both are the same without THRU.

    Raises:
        LayoutError: It is cut short, or says something else.
    """
    words = _Words(statement.file, statement.tokens, 2)
    if words.take() != "RENAMES":
        raise words.refuse("level 66 without RENAMES")
    first = last = (words.take(), *_qualifiers(words))
    if words.peek() in {"THRU", "THROUGH"}:
        words.take()
        last = (words.take(), *_qualifiers(words))
    if words.peek():
        raise words.refuse(f"{words.peek()!r} is not known in RENAMES")
    return first, last


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
    elif word in {"SYNC", "SYNCHRONIZED"}:
        words.skip("LEFT", "RIGHT")
        clauses.sync = True
    elif word == "BLANK":
        words.skip("WHEN")
        words.skip("ZERO", "ZEROS", "ZEROES")
        clauses.blank_zero = True
    elif word not in _NO_EFFECT:
        raise words.refuse(f"{clauses.name}: {word!r} is not known in a data description")


def _read_occurs(words: _Words, clauses: Clauses) -> None:
    """`OCCURS 5`, `OCCURS 1 TO 5 DEPENDING ON N`, and `OCCURS 5 DEPENDING ON N`, which compilers take for 1 TO 5."""
    clauses.least, clauses.occurs = 1, _times(words, clauses, 0)
    if words.peek() == "TO":
        words.take()
        clauses.least, clauses.occurs = clauses.occurs, _times(words, clauses, 1)
    elif clauses.occurs < 1:
        raise words.refuse(f"{clauses.name}: OCCURS 0 is not a number of times")
    words.skip("TIMES")
    while words.peek() in _OF_OCCURS:
        if words.take() == "DEPENDING":
            words.skip("ON")
            clauses.counter = (words.take(), *_qualifiers(words))
            continue
        words.skip("KEY", "IS", "BY")
        while words.peek() and not _is_clause(words.peek()) and words.peek() not in _OF_OCCURS:
            words.take()
    if clauses.least > clauses.occurs:
        raise words.refuse(f"{clauses.name}: OCCURS {clauses.least} TO {clauses.occurs} is the wrong way round")


def _times(words: _Words, clauses: Clauses, least: int) -> int:
    count = words.take()
    if not (count.isascii() and count.isdecimal()) or not least <= int(count) <= _MOST_TIMES:
        raise words.refuse(f"{clauses.name}: OCCURS {count} is not a number of times")
    return int(count)


def _qualifiers(words: _Words) -> Iterator[str]:
    while words.peek() in {"OF", "IN"}:
        words.take()
        yield words.take()


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
