"""A copybook and the declared record types to a layout in normal form.

* A group is a name for some bytes, so it vanishes: its fields stand beside each other. Two fields of one name are told
  apart by their group's name in front (`low_zip`, `high_zip`).
* What OCCURS becomes a list: of objects for a group, of values for a field.
* Of what REDEFINES the same bytes one alternative is read: the one that `of` names or lies in, else the first.
* FILLER is not delivered.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from plain.copybook import Copybook, Entry
from plain.declaration import RecordDeclaration, TotalDeclaration, finish
from plain.layout import Field, Layout, LayoutError, Part, RecordType, Table, snake

_MOST_FIELDS = 100_000


def assemble(
    copybook: Copybook,
    records: dict[str, RecordDeclaration] | None = None,
    totals: tuple[TotalDeclaration, ...] = (),
    length: int | None = None,
) -> Layout:
    """The layout of a copybook.

    Args:
        copybook: The parsed copybook.
        records: The record types; none declared means one, `detail`, which the copybook must then have alone.
        totals: The control totals.
        length: The record length in bytes where it is more than the copybook describes.

    Raises:
        LayoutError: The declarations and the copybook do not go together.
    """
    if not records:
        if len(copybook.records) > 1:
            names = ", ".join(record.name for record in copybook.records)
            raise LayoutError(copybook.file, 0, f"{names}: declare under `records` how their records are told apart")
        records = {"detail": RecordDeclaration()}
    types = tuple(_record_type(copybook, name, declared) for name, declared in records.items())
    longest = max(record.length for record in types)
    if length is not None and length < longest:
        raise LayoutError(copybook.file, 0, f"a record takes {longest} bytes, more than the {length} declared")
    return finish(types, totals, length or longest, copybook.file)


def _record_type(copybook: Copybook, name: str, declared: RecordDeclaration) -> RecordType:
    if declared.of:
        chosen = copybook.find(declared.of)
    elif len(copybook.records) == 1:
        chosen = copybook.records[0]
    else:
        raise LayoutError(copybook.file, 0, f"records.{name}: `of` must name a record of the copybook")
    lineage = tuple(chosen.lineage())
    record = lineage[-1]
    if any(entry.clauses.occurs for entry in lineage):
        raise LayoutError(copybook.file, chosen.line, f"{chosen.name} stands in a table, so no record type is of it")
    parts = parts_of(record, lineage, copybook.file)
    return declared.typed(name, record.length, parts, copybook.file)


def parts_of(record: Entry, chosen: Iterable[Entry], file: str) -> tuple[Part, ...]:
    """The parts of a record (or of a table's element), at offsets from its start.

    Args:
        record: The entry whose parts are wanted.
        chosen: Entries that win over what they redefine.
        file: The copybook's name, for messages.

    Raises:
        LayoutError: Two fields cannot be told apart by name, or there are too many.
    """
    picked = {id(entry) for entry in chosen}
    leaves = [record] if record.item else list(_leaves(record, picked))
    if len(leaves) > _MOST_FIELDS:
        raise LayoutError(file, record.line, f"{record.name} has more than {_MOST_FIELDS} fields")
    names = _names(leaves, record, file)
    return tuple(_part(leaf, name, record.offset, file) for leaf, name in zip(leaves, names, strict=True))


def _leaves(group: Entry, picked: set[int]) -> Iterator[Entry]:
    """The fields and tables that are read, in order of offset; what is not chosen of a REDEFINES is left out."""
    for entry in _read_alternatives(group, picked):
        if entry.item is None and not entry.clauses.occurs:
            yield from _leaves(entry, picked)
        elif entry.name != "FILLER" or entry.children:
            yield entry


def _read_alternatives(group: Entry, picked: set[int]) -> Iterator[Entry]:
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


def _names(leaves: list[Entry], record: Entry, file: str) -> list[str]:
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
                    raise LayoutError(file, leaves[index].line, f"{record.name} has two fields that are called {name}")
                depth[index] += 1


def _part(leaf: Entry, name: str, origin: int, file: str) -> Part:
    offset = leaf.offset - origin
    if not leaf.clauses.occurs:
        return _field(leaf, name, offset)
    if leaf.item is not None:
        inner: tuple[Part, ...] = (_field(leaf, name, 0),)
    else:
        inner = parts_of(leaf, (), file)
    return Table(name, offset, leaf.length, leaf.clauses.occurs, inner, plain=leaf.item is not None)


def _field(leaf: Entry, name: str, offset: int) -> Field:
    assert leaf.item is not None
    return replace(leaf.item, name=name, offset=offset, values=tuple(leaf.values))
