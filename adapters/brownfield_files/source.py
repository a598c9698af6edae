"""COBOL source text to statements: reference format, comments, continuation, tokens with their lines.

Fixed format (columns 7 to 72) and free format are told apart by where the first level number stands: see `_is_free`.
Source: IBM Enterprise COBOL Language Reference, "Reference format".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from brownfield_files.layout import LayoutError

_TOKEN = re.compile(r"""==.*?==|[XZNBxznb]?(?:'(?:[^']|'')*'|"(?:[^"]|"")*")|[^\s'"]+|['"]""")
_EARLY_LEVEL = re.compile(r" {0,6}(?:0?[1-9]|[1-4][0-9]|66|77|88)\s+[A-Za-z]")
_FREE_DIRECTIVE = re.compile(r"\s*>>\s*SOURCE.*FREE", re.IGNORECASE)
_SKIPPED = re.compile(r"(?:EJECT|SKIP[123])\.?", re.IGNORECASE)
_FIRST_COLUMN, _LAST_COLUMN = 7, 72  # zero-based, end exclusive: area A and B are columns 8 to 72


@dataclass(frozen=True, slots=True)
class Token:
    """A word or literal, as written, and its line from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The tokens up to a period, the period left out, and the file that they stand in."""

    tokens: tuple[Token, ...]
    file: str

    @property
    def line(self) -> int:
        """The line that the statement begins on."""
        return self.tokens[0].line


def statements(text: str, file: str) -> Iterator[Statement]:
    """The statements of a copybook.

    Raises:
        LayoutError: Text runs past column 72, a literal is not closed, the last statement has no period.
    """
    held: list[Token] = []
    for line, code in _lines(text, file):
        for word in _TOKEN.findall(code):
            if word in {"'", '"'}:
                raise LayoutError(file, line, "a literal is not closed on its line")
            bare, ends = _unpunctuated(word)
            if bare:
                held.append(Token(bare, line))
            if ends and held:
                yield Statement(tuple(held), file)
                held = []
    if held:
        raise LayoutError(file, held[0].line, f"the statement that begins with {held[0].text!r} has no period")


def words_of(text: str) -> list[str]:
    """The words and literals of a line of code, without the commas, semicolons and periods that end them."""
    return [bare for word in _TOKEN.findall(text) if (bare := _unpunctuated(word)[0])]


def _unpunctuated(word: str) -> tuple[str, bool]:
    """The word without the comma, semicolon or period that ends it, and whether that was a period."""
    if word[-1] in "'\"" or (word.startswith("==") and word.endswith("==")):
        return word, False
    if word.endswith("."):
        return word[:-1], True
    return word.rstrip(",;"), False


def _lines(text: str, file: str) -> Iterator[tuple[int, str]]:
    """Each line's code, with the line that it begins on; continued lines are joined."""
    written = text.replace("\x1a", "").splitlines()
    raw = [line.expandtabs(8).rstrip() for line in written]
    free = _is_free(raw)
    held: tuple[int, str] | None = None
    for number, line in enumerate(raw, 1):
        tabbed = "\t" in written[number - 1]
        indicator, code = _split(line, free=free, tabbed=tabbed)
        if indicator in {"*", "/", "D", "d"} or not code.strip() or _SKIPPED.fullmatch(code.strip()):
            continue
        if not free and not tabbed:
            _refuse_overrun(line, number, file)
        if indicator == "-" and held is not None:
            held = (held[0], _continued(held[1], code))
            continue
        if held is not None:
            yield held
        held = (number, code)
    if held is not None:
        yield held


def _is_free(lines: list[str]) -> bool:
    """Free when a directive says so, or when a level number begins before column 8, where fixed format has no code."""
    return any(_FREE_DIRECTIVE.match(line) or _EARLY_LEVEL.match(line) for line in lines)


def _split(line: str, *, free: bool, tabbed: bool) -> tuple[str, str]:
    """The indicator (column 7) and the code of a line.

    A line with tabs has no column 73: where its tab stops were, only its editor knew. All of it is code, and a card's
    identification that stands there is a word that is not known.
    """
    if free:
        bare = line.lstrip()
        return ("*", "") if bare.startswith(("*", ">>")) else (" ", _uncommented(line))
    return line[6:7] or " ", _uncommented(line[_FIRST_COLUMN : None if tabbed else _LAST_COLUMN])


def _uncommented(code: str) -> str:
    return code.partition("*>")[0] if "*>" in code else code


def _refuse_overrun(line: str, number: int, file: str) -> None:
    """Columns 73 on are not code. A word that runs across the border was cut, and would be read wrong."""
    border = line[_LAST_COLUMN - 1 : _LAST_COLUMN + 1]
    if len(border) == 2 and " " not in border and border[0] != ".":
        raise LayoutError(file, number, "text runs past column 72, where fixed format ends")


def _continued(held: str, code: str) -> str:
    """A continuation (`-` in column 7) of a literal that is open, or of a word."""
    for quote in "'\"":
        if held.count(quote) % 2:
            width = _LAST_COLUMN - _FIRST_COLUMN
            return held.ljust(width) + code.lstrip().removeprefix(quote)
    return held.rstrip() + code.lstrip()
