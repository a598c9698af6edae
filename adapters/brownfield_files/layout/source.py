"""COBOL source text to statements: reference format, comments, continuation, tokens with their lines.

Fixed format (columns 7 to 72) and free format are told apart by where the first level number stands: see `_is_free`.
Source: IBM Enterprise COBOL Language Reference, "Reference format".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from brownfield_files.layout.normal_form import LayoutError

_TOKEN = re.compile(r"""==.*?==|[XZNBxznb]?(?:'(?:[^']|'')*'|"(?:[^"]|"")*")|[^\s'"]+|['"]""")
_EARLY_LEVEL = re.compile(r" {0,6}(?:0?[1-9]|[1-4][0-9]|66|77|88)\s+[A-Za-z]")
_FREE_DIRECTIVE = re.compile(r"\s*>>\s*SOURCE.*FREE", re.IGNORECASE)
_SKIPPED = re.compile(r"(?:EJECT|SKIP[123]|TITLE\s+['\"][^'\"]*['\"]|(?:CBL|PROCESS)\s+[^.]*)\.?", re.IGNORECASE)
_DIVISION = re.compile(r"\s*(ID|IDENTIFICATION|ENVIRONMENT|DATA|PROCEDURE)\s+DIVISION\b", re.IGNORECASE)
_NUMBERED = re.compile(r"[0-9]{6}(?= |$)")
_NO_CODE = frozenset("*/Dd$")
_CARD = 80
_FIRST_COLUMN, _LAST_COLUMN = 7, 72  # zero-based, end exclusive: area A and B are columns 8 to 72


@dataclass(frozen=True, slots=True)
class Token:
    """A word or literal, as written, and its line from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """The tokens up to a period, the period left out, and the file that they stand in.

    Attributes:
        tokens: At least one.
        file: Its name.
        fault: Why what it says is not known: it has no end, a member that it copies is not there.
    """

    tokens: tuple[Token, ...]
    file: str
    fault: LayoutError | None = None

    @property
    def line(self) -> int:
        """The line that the statement begins on."""
        return self.tokens[0].line


def read_source(path: Path) -> str:
    """The text of a source file: UTF-8, with or without a mark, else one byte a character, or EBCDIC.

    Raises:
        LayoutError: It is no such text.
    """
    raw = path.read_bytes()
    if raw.count(b"\x40") > len(raw) // 8 and raw.count(b" ") < raw.count(b"\x40") // 8:
        return _from_ebcdic(raw, path.name)
    if b"\0" in raw:
        raise LayoutError(path.name, 1 + raw[: raw.index(b"\0")].count(b"\n"), "there is a NUL: it is no text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _from_ebcdic(raw: bytes, file: str) -> str:
    """Lines that end as EBCDIC's do, or cards. What COBOL is written in is the same in all of its code pages."""
    text = raw.decode("cp037").replace("\r", "").replace("\x85", "\n")
    if "\n" in text:
        return text
    if len(text) % _CARD:
        reason = f"it is EBCDIC without line ends, and {len(text)} bytes are no whole number of cards of {_CARD}"
        raise LayoutError(file, 1, reason)
    return "\n".join(text[at : at + _CARD] for at in range(0, len(text), _CARD))


def statements(text: str, file: str) -> Iterator[Statement]:
    """The statements of a copybook.

    Raises:
        LayoutError: Text runs past column 72, a literal is not closed.
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
        reason = f"the statement that begins with {held[0].text!r} has no period"
        yield Statement(tuple(held), file, LayoutError(file, held[0].line, reason))


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
    held: tuple[int, str] | None = None
    for number, indicator, code in _code_lines(text, file):
        if indicator == "-" and held is not None:
            held = (held[0], _continued(held[1], code))
            continue
        if held is not None:
            yield held
        held = (number, code)
    if held is not None:
        yield held


def _code_lines(text: str, file: str) -> Iterator[tuple[int, str, str]]:
    """Number, indicator and code of the lines that hold data description: of a program those of its DATA DIVISION."""
    written = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "").replace("\f", "").split("\n")
    raw = [line.expandtabs(8).rstrip() for line in written]
    free, division = _is_free(raw), ""
    for number, line in enumerate(raw, 1):
        tabbed = "\t" in written[number - 1]
        indicator, code = _split(line, free=free, tabbed=tabbed)
        if indicator in _NO_CODE or code.startswith("*") or not code.strip() or _SKIPPED.fullmatch(code.strip()):
            continue
        if (head := _DIVISION.match(code)) and (division or head[1][0] not in "Pp"):
            division = head[1][0].upper()
        if division == "P":
            return
        if division in {"I", "E"}:
            continue
        if not (free or tabbed or "".join(raw[number : number + 1])[6:7] == "-"):
            _refuse_overrun(line, number, file)
        yield number, indicator, code


def _is_free(lines: list[str]) -> bool:
    """Free when a directive says so, or when a level number begins before column 8, where fixed format has no code."""
    return any(_FREE_DIRECTIVE.match(line) or _EARLY_LEVEL.match(line) for line in lines)


def _split(line: str, *, free: bool, tabbed: bool) -> tuple[str, str]:
    """The indicator (column 7) and the code of a line.

    A line with tabs has no column 73: where its tab stops were, only its editor knew. All of it is code, and a card's
    identification that stands there is a word that is not known.
    """
    if free:
        bare = _NUMBERED.sub("", line).lstrip()
        comment = bare.startswith(("*", ">>")) or line.startswith("      /")
        return ("*", "") if comment else (" ", _uncommented(bare))
    return line[6:7] or " ", _uncommented(line[_FIRST_COLUMN : None if tabbed else _LAST_COLUMN])


def _uncommented(code: str) -> str:
    """The code without the comment behind it; what looks like one within a literal is text."""
    for match in re.finditer(r"\*>", code):
        before = code[: match.start()]
        if not (before.count("'") % 2 or before.count('"') % 2):
            return before
    return code


def _refuse_overrun(line: str, number: int, file: str) -> None:
    """Columns 73 on are not code. A word that runs across the border was cut, and would be read wrong."""
    border = _uncommented(line)[_LAST_COLUMN - 1 : _LAST_COLUMN + 1]
    if len(border) == 2 and " " not in border and border[0] != ".":
        raise LayoutError(file, number, "text runs past column 72, where fixed format ends")


def _continued(held: str, code: str) -> str:
    """A continuation (`-` in column 7) of a literal that is open, or of a word."""
    for quote in "'\"":
        if held.count(quote) % 2:
            width = _LAST_COLUMN - _FIRST_COLUMN
            return held.ljust(width) + code.lstrip().removeprefix(quote)
    return held.rstrip() + code.lstrip()
