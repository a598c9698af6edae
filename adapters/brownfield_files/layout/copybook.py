"""A COBOL copybook to a tree of entries with offsets and lengths.

What would need a guess is refused with file, line and reason. Source: IBM Enterprise COBOL for z/OS, Language
Reference, "Data division, data description entry"; of the slack bytes of SYNCHRONIZED, there, "SYNCHRONIZED clause".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brownfield_files.layout.clause import Clauses, read_clauses, read_renames
from brownfield_files.layout.copying import copied
from brownfield_files.layout.normal_form import Field, LayoutError, SignPlace
from brownfield_files.layout.picture import PictureError, is_pictured, place_field, read_picture, suits_text
from brownfield_files.layout.program import described, is_program
from brownfield_files.layout.source import Statement, read_source, statements


@dataclass(slots=True)
class Entry:
    """One data description entry: a group (with children) or an elementary item (with an item).

    Attributes:
        level: 1 to 49; 77 counts as 1.
        name: The COBOL name in capitals, `FILLER` when there is none.
        file: The copybook, or the member copied into it, that it stands in.
        line: Its line there.
        clauses: What was written.
        parent: The group that it stands in.
        children: Its entries, in order.
        offset: Bytes from the start of the record, in the first element where a table encloses it.
        length: Bytes of one occurrence.
        item: The field, when the entry is elementary.
        values: Level 88: condition name and literals.
        aligned: SYNCHRONIZED: the boundary in bytes on which the item, or the widest item within, stands; else 1.
    """

    level: int
    name: str
    file: str
    line: int
    clauses: Clauses
    parent: "Entry | None" = None
    children: list["Entry"] = field(default_factory=list)
    offset: int = 0
    length: int = 0
    item: Field | None = None
    values: list[tuple[str, str]] = field(default_factory=list)
    aligned: int = 1

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

    def lies_in(self, groups: Iterable[str]) -> bool:
        """Whether it stands in all groups of those names."""
        above = [group.name for group in self.lineage()]
        return all(group in above for group in groups)


@dataclass(frozen=True, slots=True)
class Renaming:
    """Level 66: another name for bytes that are read already, so it is not delivered.

    Attributes:
        name: The COBOL name.
        offset: Bytes from the start of the record.
        length: Bytes.
    """

    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Copybook:
    """The level-01 records of a copybook, in order, and what level 66 names again.

    Attributes:
        file: Its name.
        records: Those of a program that cannot be read are left out.
        renamings: What level 66 says.
        refused: Records of a program by name, with the reason why they cannot be read.
    """

    file: str
    records: tuple[Entry, ...]
    renamings: tuple[Renaming, ...] = ()
    refused: Mapping[str, LayoutError] = field(default_factory=dict)

    def find(self, name: str) -> Entry:
        """The entry of that COBOL name (any case); a record wins over what has its name elsewhere.

        Raises:
            LayoutError: There is none, or more than one; it cannot be read.
        """
        wanted = name.upper()
        named = [record for record in self.records if record.name == wanted]
        found = named or [entry for record in self.records for entry in record.walk() if entry.name == wanted]
        if not found and wanted in self.refused:
            raise self.refused[wanted]
        if len(found) != 1:
            reason = "is not in the copybook" if not found else f"stands {len(found)} times in the copybook"
            raise LayoutError(self.file, found[1].line if found else 0, f"{wanted} {reason}")
        return found[0]


def read_copybook(path: Path) -> Copybook:
    """Read a copybook, or a program. What it copies lies beside it.

    Raises:
        LayoutError: See `parse_copybook`.
    """
    return parse_copybook(read_source(path), path.name, path.parent)


def parse_copybook(text: str, file: str = "copybook", folder: Path | None = None) -> Copybook:
    """Parse a copybook and work out where every item stands.

    Of a program the records of its DATA DIVISION are read. One that cannot be does no harm until it is asked for.

    Args:
        text: The copybook.
        file: Its name, for messages.
        folder: Where COPY finds its members; without one, COPY is refused.

    Raises:
        LayoutError: With file and line, for whatever is not COBOL data description or not read yet.
    """
    records: list[Entry] = []
    renamings: list[Renaming] = []
    refused: dict[str, LayoutError] = {}
    found, program = list(described(copied(statements(text, file), folder))), is_program(text)
    if not program and (fault := next((statement.fault for statement in found if statement.fault), None)):
        raise fault
    for written in _by_record(found):
        try:
            record, renames = _read_record(written, Path(file).stem.upper())
        except LayoutError as error:
            if not program:
                raise
            refused[_name_of(written[0])] = error
            continue
        records.append(record)
        renamings += renames
    if not records:
        raise next(iter(refused.values()), LayoutError(file, 0, "no data description in it"))
    return Copybook(file, tuple(records), tuple(renamings), refused)


def _by_record(found: Iterable[Statement]) -> Iterator[list[Statement]]:
    """The statements of each record: those from a level 01 or 77 on; a fragment may begin below 01."""
    held: list[Statement] = []
    for statement in found:
        if held and statement.tokens[0].text.lstrip("0") in {"1", "77"}:
            yield held
            held = []
        held.append(statement)
    if held:
        yield held


def _name_of(statement: Statement) -> str:
    return statement.tokens[1].text.upper() if len(statement.tokens) > 1 else ""


def _read_record(written: list[Statement], fragment: str) -> tuple[Entry, list[Renaming]]:
    """A record and what level 66 says of it. One that begins below 01, made to be copied, is called `fragment`."""
    whole = Entry(0, fragment, written[0].file, 0, Clauses())
    open_groups = [whole]
    renames: list[Statement] = []
    for statement in written:
        if statement.fault:
            raise statement.fault
        level = _level(statement)
        if level == 88:
            _add_condition(statement, open_groups)
        elif level == 66 and whole.children:
            renames.append(statement)
        else:
            _add_entry(statement, 1 if level == 77 else level, open_groups)
    record = whole
    if whole.children[0].level == 1:
        record = whole.children[0]
        record.parent = None
    _measure(record, 0, _Inherited())
    return record, [_renaming(statement, record) for statement in renames]


def _level(statement: Statement) -> int:
    word = statement.tokens[0].text
    level = int(word) if word.isascii() and word.isdecimal() else 0
    if not (1 <= level <= 49 or level in {66, 77, 88}):
        raise LayoutError(
            statement.file, statement.line, f"{word!r} is not a level number: this is no data description"
        )
    return level


def _add_condition(statement: Statement, open_groups: list[Entry]) -> None:
    words = [token.text for token in statement.tokens]
    if not open_groups[-1].level or len(words) < 4:
        raise LayoutError(statement.file, statement.line, "level 88 without an item or without a value")
    literals = [word for word in words[2:] if word.upper() not in {"VALUE", "VALUES", "IS", "ARE"}]
    open_groups[-1].values.append((words[1].upper(), " ".join(literals)))


def _add_entry(statement: Statement, level: int, open_groups: list[Entry]) -> None:
    clauses = read_clauses(statement)
    entry = Entry(level, clauses.name, statement.file, statement.line, clauses)
    while open_groups[-1].level >= level:
        open_groups.pop()
    group = open_groups[-1]
    if group.clauses.picture:
        raise LayoutError(entry.file, entry.line, f"{entry.name} stands under {group.name}, which has a picture")
    entry.parent = group
    group.children.append(entry)
    open_groups.append(entry)


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What a group says for everything in it."""

    usage: str = "DISPLAY"
    sign: SignPlace = "trailing"
    sync: bool = False

    def under(self, clauses: Clauses) -> "_Inherited":
        return _Inherited(clauses.usage or self.usage, clauses.sign or self.sign, clauses.sync or self.sync)


def _measure(entry: Entry, offset: int, inherited: _Inherited) -> None:
    """Give an entry and all below it their offset and length."""
    inherited = inherited.under(entry.clauses)
    entry.offset = offset
    if not entry.children:
        entry.item = _elementary(entry, inherited)
        entry.length, entry.aligned = entry.item.length, _boundary(entry.item, inherited)
        return
    end = offset
    for child in entry.children:
        start = _aligned(end, _first_boundary(child, inherited))
        if child.clauses.redefines:
            start = _redefined(child, entry).offset
        _measure(child, start, inherited)
        end = max(end, start + child.span)
        entry.aligned = max(entry.aligned, child.aligned)
    entry.length = end - offset
    if entry.clauses.occurs:  # slack bytes after each element, so that all of them stand as the first does
        entry.length = _aligned(entry.length, entry.aligned)


def _aligned(offset: int, boundary: int) -> int:
    return -(-offset // boundary) * boundary


def _first_boundary(entry: Entry, inherited: _Inherited) -> int:
    """The boundary of the first item in an entry: the slack bytes stand before the groups that begin with it."""
    inherited = inherited.under(entry.clauses)
    if entry.children:
        return _first_boundary(entry.children[0], inherited)
    return _boundary(_elementary(entry, inherited), inherited)


def _boundary(item: Field, inherited: _Inherited) -> int:
    """Halfword, fullword (binaries of eight bytes too) or, for COMP-2, doubleword; other usages have no boundary."""
    if not inherited.sync or item.kind not in {"binary", "float"}:
        return 1
    return item.length if item.kind == "float" else min(item.length, 4)


def _elementary(entry: Entry, inherited: _Inherited) -> Field:
    clauses, usage = entry.clauses, inherited.usage
    if not clauses.picture and is_pictured(usage):
        raise LayoutError(entry.file, entry.line, f"{entry.name} has no picture and nothing in it")
    picture = clauses.picture
    if clauses.sign and picture and not picture.upper().startswith("S"):
        picture = f"S{picture}"  # compilers refuse it; Cobrix and the files that are written so have the sign's byte
    try:
        if not clauses.usage and not suits_text(usage) and picture and read_picture(picture).category != "number":
            usage = "DISPLAY"  # compilers refuse it too; a group's usage can only be meant for the numbers in it
        blank = clauses.blank_zero
        return place_field(entry.name, entry.offset, picture, usage, inherited.sign, blank_zero=blank)
    except PictureError as error:
        raise LayoutError(entry.file, entry.line, f"{entry.name}: {error}") from None


def _renaming(statement: Statement, record: Entry) -> Renaming:
    """Where the bytes of a level 66 stand.

    Raises:
        LayoutError: It renames what is not in its record, or what stands in a table, or the wrong way round.
    """
    ends: list[Entry] = []
    for name, *groups in read_renames(statement):
        found = [entry for entry in record.walk() if entry.name == name and entry.lies_in(groups)]
        if len(found) != 1 or any(entry.clauses.occurs for entry in found[0].lineage()):
            raise LayoutError(
                statement.file, statement.line, f"it renames {name}, which is not one item of {record.name}"
            )
        ends += found
    first, last = ends
    length = last.offset + last.length - first.offset
    if length < first.length:
        raise LayoutError(statement.file, statement.line, f"{last.name} does not stand after {first.name}")
    return Renaming(statement.tokens[1].text.upper(), first.offset, length)


def _redefined(entry: Entry, group: Entry) -> Entry:
    """The entry that another redefines: one beside it and before it."""
    for other in group.children:
        if other is entry:
            break
        if other.name == entry.clauses.redefines:
            return other
    raise LayoutError(
        entry.file,
        entry.line,
        f"{entry.name} redefines {entry.clauses.redefines}, which does not stand before it in {group.name}",
    )
