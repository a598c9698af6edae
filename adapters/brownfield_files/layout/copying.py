"""COPY … REPLACING: the members of the copybook's own folder, put where they are named.

Only files that lie in that folder are read: a bundle is whole, and no name leads out of it. `REPLACING` compares word
by word and, as compilers do, within a word for a tag in colons or parentheses (`:TAG:-NAME`) and for LEADING and
TRAILING. Source: IBM Enterprise COBOL for z/OS, Language Reference, "COPY statement".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.layout.source import Statement, Token, read_source, statements, words_of

_SUFFIXES = ("", ".cpy", ".cbl", ".cob")
_DEEPEST = 16
_TAG = re.compile(r"[:(][A-Za-z0-9_-]+[:)]")
_Part: TypeAlias = Literal["", "LEADING", "TRAILING"]


@dataclass(frozen=True, slots=True)
class _Replacement:
    """One `old BY new`: words for words, or the start, the end or a tag of a word."""

    part: _Part
    old: tuple[str, ...]
    new: tuple[str, ...]

    def match(self, words: tuple[Token, ...], at: int) -> tuple[int, tuple[str, ...]] | None:
        """How many words from `at` on are replaced, and by what; None when they are not."""
        if self.part or _TAG.fullmatch(self.old[0]):
            changed = self._within(words[at].text)
            return None if changed is None else (1, (changed,) if changed else ())
        seen = tuple(word.text.upper() for word in words[at : at + len(self.old)])
        return (len(self.old), self.new) if seen == tuple(word.upper() for word in self.old) else None

    def _within(self, word: str) -> str | None:
        old, new = re.escape(self.old[0]), self.new[0] if self.new else ""
        pattern = {"LEADING": f"^{old}", "TRAILING": f"{old}$"}.get(self.part, old)
        changed, times = re.subn(pattern, lambda _: new, word, flags=re.IGNORECASE)
        return changed if times else None


def copied(found: Iterable[Statement], folder: Path | None, depth: int = 0) -> Iterator[Statement]:
    """The statements with those of each member in place of its COPY.

    Args:
        found: The statements of a file.
        folder: Where the members lie, or None when there is no such place.
        depth: How many files deep we are in.

    Raises:
        LayoutError: A member copies itself; a COPY statement is not understood. A member that is not there is a fault
            of its statement.
    """
    for statement in found:
        if statement.tokens[0].text.upper() != "COPY":
            yield statement
            continue
        member, replacements = _read_copy(statement)
        try:
            path = _member(member, statement, folder)
        except LayoutError as error:
            yield replace(statement, fault=error)
            continue
        if depth >= _DEEPEST:
            raise LayoutError(
                statement.file, statement.line, f"COPY {member}: {_DEEPEST} files deep; does it copy itself?"
            )
        inner = statements(read_source(path), path.name)
        for each in copied(inner, folder, depth + 1):
            if replaced := tuple(_replaced(each.tokens, replacements)):
                yield replace(each, tokens=replaced)


def _read_copy(statement: Statement) -> tuple[str, list[_Replacement]]:
    """The member's name and the replacements of `COPY name [OF library] [SUPPRESS] [REPLACING old BY new …]`."""
    words = [token.text for token in statement.tokens[1:]]
    upper = [word.upper() for word in words]
    end = upper.index("REPLACING") if "REPLACING" in upper else len(words)
    head = [word for word in upper[1:end] if word != "SUPPRESS"]
    if not words or end == 0 or (head and (len(head) != 2 or head[0] not in {"OF", "IN"})):
        raise LayoutError(statement.file, statement.line, "COPY is not followed by a name, OF a library, and REPLACING")
    replacements: list[_Replacement] = []
    rest = words[end + 1 :]
    while rest:
        part: _Part = "LEADING" if rest[0].upper() == "LEADING" else "TRAILING" if rest[0].upper() == "TRAILING" else ""
        rest = rest[1:] if part else rest
        if len(rest) < 3 or rest[1].upper() != "BY" or not _plain(rest[0]):
            raise LayoutError(
                statement.file, statement.line, f"COPY {words[0]}: REPLACING is not a list of `old BY new`"
            )
        replacements.append(_Replacement(part, _plain(rest[0]), _plain(rest[2])))
        rest = rest[3:]
    return words[0].strip("'\""), replacements


def _plain(text: str) -> tuple[str, ...]:
    """The words of pseudo-text (`==a b==`), or the one word."""
    return tuple(words_of(text[2:-2])) if text.startswith("==") and text.endswith("==") and len(text) > 3 else (text,)


def _member(name: str, statement: Statement, folder: Path | None) -> Path:
    if folder is None or not re.fullmatch(r"[A-Za-z0-9_$#@][A-Za-z0-9_$#@.-]*", name):
        raise LayoutError(statement.file, statement.line, f"COPY {name}: a member is a file beside the copybook")
    wanted = {(name + suffix).upper() for suffix in _SUFFIXES}
    here = sorted(
        (path for path in folder.iterdir() if path.name.upper() in wanted and path.is_file()),
        key=lambda path: (path.name == statement.file, path.suffix.lower() not in {"", ".cpy"}, path.name),
    )
    if not here:
        raise LayoutError(statement.file, statement.line, f"COPY {name}: there is no such member beside the copybook")
    if here[0].name == statement.file:
        reason = f"COPY {name}: does it copy itself? There is no other such member beside it"
        raise LayoutError(statement.file, statement.line, reason)
    if here[0].is_symlink():
        raise LayoutError(statement.file, statement.line, f"COPY {name}: the member is a link")
    return here[0]


def _replaced(words: tuple[Token, ...], replacements: list[_Replacement]) -> Iterator[Token]:
    """The words after each was offered to the replacements in order; what is put in is not offered again."""
    at = 0
    while at < len(words):
        matched = (each.match(words, at) for each in replacements)
        taken, new = next((match for match in matched if match), (1, (words[at].text,)))
        yield from (Token(text, words[at].line) for text in new)
        at += taken
