"""A COBOL copybook to a tree of entries with offsets and lengths.

What would need a guess is refused with file, line and reason: OCCURS DEPENDING ON, SYNCHRONIZED, COMP-1 and COMP-2,
COPY, BLANK WHEN ZERO. Source: IBM Enterprise COBOL Language Reference, "Data division, data description entry".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plain.clause import Clauses, read_clauses
from plain.layout import Field, LayoutError, SignPlace
from plain.picture import PictureError, place_field
from plain.source import Statement, statements


@dataclass(slots=True)
class Entry:
    """One data description entry: a group (with children) or an elementary item (with an item).

    Attributes:
        level: 1 to 49; 77 counts as 1.
        name: The COBOL name in capitals, `FILLER` when there is none.
        line: Where it stands in the copybook.
        clauses: What was written.
        parent: The group that it stands in.
        children: Its entries, in order.
        offset: Bytes from the start of the record, in the first element where a table encloses it.
        length: Bytes of one occurrence.
        item: The field, when the entry is elementary.
        values: Level 88: condition name and literals.
    """

    level: int
    name: str
    line: int
    clauses: Clauses
    parent: "Entry | None" = None
    children: list["Entry"] = field(default_factory=list)
    offset: int = 0
    length: int = 0
    item: Field | None = None
    values: list[tuple[str, str]] = field(default_factory=list)

    @property
    def span(self) -> int:
        """Bytes of all occurrences."""
        return self.length * (self.clauses.occurs or 1)

    def walk(self) -> Iterator["Entry"]:
        """This entry and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def lineage(self) -> Iterator["Entry"]:
        """This entry, its group, and so on up to the record."""
        yield self
        if self.parent is not None:
            yield from self.parent.lineage()


@dataclass(frozen=True, slots=True)
class Copybook:
    """The level-01 records of a copybook, in order."""

    file: str
    records: tuple[Entry, ...]

    def find(self, name: str) -> Entry:
        """The entry of that COBOL name (any case).

        Raises:
            LayoutError: There is none, or more than one.
        """
        found = [entry for record in self.records for entry in record.walk() if entry.name == name.upper()]
        if len(found) != 1:
            reason = "is not in the copybook" if not found else f"stands {len(found)} times in the copybook"
            raise LayoutError(self.file, found[1].line if found else 0, f"{name.upper()} {reason}")
        return found[0]


def read_copybook(path: Path) -> Copybook:
    """Read a copybook file.

    Raises:
        LayoutError: See `parse_copybook`.
    """
    return parse_copybook(path.read_text("latin-1"), path.name)


def parse_copybook(text: str, file: str = "copybook") -> Copybook:
    """Parse a copybook and work out where every item stands.

    Raises:
        LayoutError: With file and line, for whatever is not COBOL data description or not read yet.
    """
    whole = Entry(0, Path(file).stem.upper(), 0, Clauses())
    open_groups = [whole]
    for statement in statements(text, file):
        level = _level(statement, file)
        if level == 88:
            _add_condition(statement, open_groups, file)
        elif level != 66:  # RENAMES is another name for bytes that are read already
            _add_entry(statement, 1 if level == 77 else level, open_groups, file)
    if not whole.children:
        raise LayoutError(file, 0, "no data description in it")
    records = _records(whole)
    for record in records:
        _measure(record, 0, "DISPLAY", "trailing", file)
    return Copybook(file, records)


def _records(whole: Entry) -> tuple[Entry, ...]:
    """The level-01 entries; a fragment that begins below 01, made to be copied into a group, is one record."""
    if whole.children[0].level > 1:
        return (whole,)
    for record in whole.children:
        record.parent = None
    return tuple(whole.children)


def _level(statement: Statement, file: str) -> int:
    word = statement.tokens[0].text
    if word.upper() == "COPY":
        raise LayoutError(file, statement.line, "COPY is not expanded yet: give the copybook with its copies in it")
    level = int(word) if word.isdecimal() else 0
    if not (1 <= level <= 49 or level in {66, 77, 88}):
        raise LayoutError(file, statement.line, f"{word!r} is not a level number: this is no data description")
    return level


def _add_condition(statement: Statement, open_groups: list[Entry], file: str) -> None:
    words = [token.text for token in statement.tokens]
    if not open_groups[-1].level or len(words) < 4:
        raise LayoutError(file, statement.line, "level 88 without an item or without a value")
    literals = [word for word in words[2:] if word.upper() not in {"VALUE", "VALUES", "IS", "ARE"}]
    open_groups[-1].values.append((words[1].upper(), " ".join(literals)))


def _add_entry(statement: Statement, level: int, open_groups: list[Entry], file: str) -> None:
    clauses = read_clauses(statement, file)
    entry = Entry(level, clauses.name, statement.line, clauses)
    while open_groups[-1].level >= level:
        open_groups.pop()
    group = open_groups[-1]
    if group.clauses.picture:
        raise LayoutError(file, entry.line, f"{entry.name} stands under {group.name}, which has a picture")
    if group.children and group.children[-1].level != level:
        raise LayoutError(file, entry.line, f"level {level:02} does not match the levels beside it")
    entry.parent = group
    group.children.append(entry)
    open_groups.append(entry)


def _measure(entry: Entry, offset: int, usage: str, sign: SignPlace, file: str) -> None:
    """Give an entry and all below it their offset and length. USAGE and SIGN of a group hold for what is in it."""
    usage = entry.clauses.usage or usage
    sign = entry.clauses.sign or sign
    entry.offset = offset
    if not entry.children:
        entry.item = _elementary(entry, usage, sign, file)
        entry.length = entry.item.length
        return
    end = offset
    for child in entry.children:
        start = end
        if child.clauses.redefines:
            start = _redefined(child, entry, file).offset
        _measure(child, start, usage, sign, file)
        end = max(end, start + child.span)
    entry.length = end - offset


def _elementary(entry: Entry, usage: str, sign: SignPlace, file: str) -> Field:
    if not entry.clauses.picture:
        raise LayoutError(file, entry.line, f"{entry.name} has no picture and nothing in it")
    try:
        return place_field(entry.name, entry.offset, entry.clauses.picture, usage, sign)
    except PictureError as error:
        raise LayoutError(file, entry.line, f"{entry.name}: {error}") from None


def _redefined(entry: Entry, group: Entry, file: str) -> Entry:
    """The entry that another redefines: one beside it and before it."""
    for other in group.children:
        if other is entry:
            break
        if other.name == entry.clauses.redefines:
            return other
    raise LayoutError(
        file,
        entry.line,
        f"{entry.name} redefines {entry.clauses.redefines}, which does not stand before it in {group.name}",
    )
