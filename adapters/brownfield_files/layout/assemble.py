"""A copybook and the declared record types to a layout in normal form.

* A group is a name for some bytes, so it vanishes: its fields stand beside each other. Two fields of one name are told
  apart by their group's name in front (`low_zip`, `high_zip`).
* What OCCURS becomes a list: of objects for a group, of values for a field.
* Of what REDEFINES the same bytes one alternative is read: the one that `of` names or lies in, else the first.
* FILLER is not delivered, and neither are indexes and pointers.
* A table that OCCURS DEPENDING ON a counter has as many elements as the record says; what follows it moves up unless
  the file is written with the most always (`slide`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from brownfield_files.layout.copybook import Copybook, Entry
from brownfield_files.layout.declaration import RecordDeclaration, TotalDeclaration, finish
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, Part, RecordType, Table, snake
from brownfield_files.layout.picture import ADDRESS_BYTES

_MOST_FIELDS = 100_000
_MOST_NAMED = 12
_MOST_BYTES = 1 << 20


def assemble(
    copybook: Copybook,
    records: dict[str, RecordDeclaration] | None = None,
    totals: tuple[TotalDeclaration, ...] = (),
    length: int | None = None,
    *,
    slide: bool = True,
) -> Layout:
    """The layout of a copybook.

    Args:
        copybook: The parsed copybook.
        records: The record types; none declared means one, `detail`, which the copybook must then have alone.
        totals: The control totals.
        length: The record length in bytes where it is more than the copybook describes.
        slide: Whether what follows an OCCURS DEPENDING ON moves up. It does on a mainframe; GnuCOBOL writes the most
            always unless told otherwise.

    Raises:
        LayoutError: The declarations and the copybook do not go together.
    """
    if not records:
        if len(copybook.records) > 1:
            named = [record.name for record in copybook.records]
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            names = ", ".join(named[:_MOST_NAMED]) + more
            raise LayoutError(copybook.file, 0, f"{names}: declare under `records` how their records are told apart")
        records = {"detail": RecordDeclaration()}
    types = tuple(_record_type(copybook, name, declared, slide=slide) for name, declared in records.items())
    longest = max(record.length for record in types)
    if length is not None and length < longest:
        raise LayoutError(copybook.file, 0, f"a record takes {longest} bytes, more than the {length} declared")
    return finish(types, totals, length or longest, copybook.file)


def _record_type(copybook: Copybook, name: str, declared: RecordDeclaration, *, slide: bool) -> RecordType:
    if declared.of:
        chosen = copybook.find(declared.of)
    elif len(copybook.records) == 1:
        chosen = copybook.records[0]
    else:
        raise LayoutError(copybook.file, 0, f"records.{name}: `of` must name a record of the copybook")
    lineage = tuple(chosen.lineage())
    record = lineage[-1]
    if record.length > _MOST_BYTES:
        raise LayoutError(copybook.file, record.line, f"{record.name} has {record.length} bytes, over {_MOST_BYTES}")
    if any(entry.clauses.occurs for entry in lineage):
        raise LayoutError(copybook.file, chosen.line, f"{chosen.name} stands in a table, so no record type is of it")
    parts = parts_of(record, lineage, slide=slide)
    return declared.typed(name, record.length, parts, copybook.file)


def parts_of(record: Entry, chosen: Iterable[Entry], *, slide: bool = True) -> tuple[Part, ...]:
    """The parts of a record, at offsets from its start.

    Args:
        record: The entry whose parts are wanted.
        chosen: Entries that win over what they redefine.
        slide: See `assemble`.

    Raises:
        LayoutError: Two fields cannot be told apart by name, there are too many, or a counter cannot be read.
    """
    unfolding = _Unfolding(record, frozenset(id(entry) for entry in chosen), slide)
    parts = unfolding.parts_of(record)
    unfolding.check_counters()
    return parts


class _Unfolding:
    """One record on its way from a tree of entries to parts.

    Args:
        record: The record's entry.
        picked: Identities of the entries that win over what they redefine.
        slide: See `assemble`.
    """

    def __init__(self, record: Entry, picked: frozenset[int], slide: bool) -> None:  # noqa: FBT001
        self._record = record
        self._picked = picked
        self._slide = slide
        self._names: dict[int, str] = {}
        self._counters: dict[str, Entry] = {}

    def parts_of(self, entry: Entry) -> tuple[Part, ...]:
        """The parts of the record, or of a table's element, at offsets from its start."""
        leaves = [entry] if entry.item else list(_leaves(entry, self._picked))
        if len(leaves) > _MOST_FIELDS:
            raise LayoutError(entry.file, entry.line, f"{entry.name} has more than {_MOST_FIELDS} fields")
        names = _names(leaves, entry)
        self._names |= {id(leaf): name for leaf, name in zip(leaves, names, strict=True)}
        return tuple(self._part(leaf, name, entry.offset) for leaf, name in zip(leaves, names, strict=True))

    def check_counters(self) -> None:
        """A counter is known by its name while a record is read, so no other field may have it."""
        twice = Counter(self._names.values())
        for name, table in self._counters.items():
            if twice[name] > 1:
                raise LayoutError(table.file, table.line, f"{table.name}: two fields are called {name}, its counter")

    def _part(self, leaf: Entry, name: str, origin: int) -> Part:
        offset, clauses = leaf.offset - origin, leaf.clauses
        if not clauses.occurs:
            return _field(leaf, name, offset)
        counter = self._counter(leaf) if clauses.counter else ""
        inner: tuple[Part, ...] = (_field(leaf, name, 0),) if leaf.item is not None else self.parts_of(leaf)
        table = Table(name, offset, leaf.length, clauses.occurs, inner, plain=leaf.item is not None)
        return replace(table, counter=counter, least=clauses.least, slides=self._slide) if counter else table

    def _counter(self, table: Entry) -> str:
        """The name of the field that a table depends on: a whole number that is read before the table."""
        name, *groups = table.clauses.counter
        found = [entry for entry in self._record.walk() if entry.name == name and entry.lies_in(groups)]
        item = found[0].item if len(found) == 1 else None
        if item is None or not item.exact or item.scale:
            reason = f"depends on {name}, which is not one whole number of {self._record.name}"
            raise LayoutError(table.file, table.line, f"{table.name}: it {reason}")
        if id(found[0]) not in self._names or found[0].offset >= table.offset:
            raise LayoutError(
                table.file, table.line, f"{table.name}: it depends on {name}, which is not read before it"
            )
        self._counters[self._names[id(found[0])]] = table
        return self._names[id(found[0])]


def _leaves(group: Entry, picked: frozenset[int]) -> Iterator[Entry]:
    """The fields and tables that are read, in order of offset; what is not chosen of a REDEFINES is left out."""
    for entry in _read_alternatives(group, picked):
        if entry.item is None and not entry.clauses.occurs:
            yield from _leaves(entry, picked)
        elif entry.children or not (entry.name == "FILLER" or _is_address(entry)):
            yield entry


def _is_address(entry: Entry) -> bool:
    """An index or a pointer means nothing outside its program."""
    return entry.item is not None and entry.item.picture in ADDRESS_BYTES


def _read_alternatives(group: Entry, picked: frozenset[int]) -> Iterator[Entry]:
    """The children of a group, one for each place that is redefined."""
    places: dict[str | int, list[Entry]] = {}
    roots: dict[str, str | int] = {}
    for entry in group.children:
        target = entry.clauses.redefines
        root = roots[target] if target in roots else id(entry)
        if entry.name != "FILLER":
            roots[entry.name] = root
        places.setdefault(root, []).append(entry)
    for alternatives in places.values():
        yield next((entry for entry in alternatives if id(entry) in picked), alternatives[0])


def _names(leaves: list[Entry], record: Entry) -> list[str]:
    """A name for each leaf: its own, with as many groups in front as it takes to tell it from the others."""
    chains = [[snake(entry.name) for entry in leaf.lineage()] for leaf in leaves]
    depth = [1] * len(leaves)
    while True:
        names = ["_".join(reversed(chain[:take])) for chain, take in zip(chains, depth, strict=True)]
        twice = {name for name, count in Counter(names).items() if count > 1}
        if not twice:
            return names
        for index, name in enumerate(names):
            if name in twice:
                if depth[index] >= len(chains[index]):
                    raise LayoutError(
                        record.file, leaves[index].line, f"{record.name} has two fields that are called {name}"
                    )
                depth[index] += 1


def _field(leaf: Entry, name: str, offset: int) -> Field:
    assert leaf.item is not None  # noqa: S101 -- groups were unfolded before
    return replace(leaf.item, name=name, offset=offset, values=tuple(leaf.values))
