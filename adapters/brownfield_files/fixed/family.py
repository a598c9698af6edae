"""Parents and children: an order, then its lines. A line's row holds the fields of its order under the order's name.

A record belongs to the last one of its parent's type that stands before it. Whether that is so must be certain: where
the parent could not be read, or a record of no known type stands between that may have been one, the record is damage.
"""

from collections.abc import Mapping
from typing import Any

from brownfield.contract import Damage, Fields, Row
from brownfield_files.fixed.row import Decoded
from brownfield_files.layout.normal_form import Layout
from brownfield_files.record.frame import Batch

Open = dict[str, Fields | None]


class Families:
    """The parents that are open at a place in a file.

    Args:
        layout: Says which type is whose parent.
        context: The checkpoint's, see `show`.

    Attributes:
        any: Whether the layout has parents at all.
    """

    def __init__(self, layout: Layout, context: Mapping[str, Any]) -> None:
        self._parent = {record.name: record.parent for record in layout.records if record.parent}
        self._below = {name: self._descendants(name) for name in self._parent.values()}
        self._kinds = frozenset([*self._parent, *self._below])
        self._open: Open = dict(context.get("open", {}))
        self.any = bool(self._parent)

    def show(self) -> dict[str, Open]:
        """What a checkpoint has to keep: the fields of the open parents."""
        return {"open": dict(self._open)} if self.any else {}

    def relate(self, batch: Batch, names: list[str], decoded: Decoded) -> None:
        """Give the rows of a batch their parents. A record whose parent is not known becomes damage."""
        if not self.any:
            return
        rows = {row.number: row for row in decoded if row.kind in self._kinds}
        related: list[Row] = []
        orphans: list[Damage] = []
        for index, name in enumerate(names):
            if not name:
                self._open.clear()
            if name not in self._kinds:
                continue
            row = self._with_parent(rows.get(batch.number + index))
            if row is not None:
                related.append(row)
            elif batch.number + index in rows:
                orphans.append(self._orphan(batch, index, name))
            self._turn(name, row)
        decoded.replace(self._kinds, related, orphans)

    def _with_parent(self, row: Row | None) -> Row | None:
        parent = self._parent.get(row.kind) if row else None
        if row is None or parent is None:
            return row
        above = self._open.get(parent)
        return None if above is None else Row(row.number, row.kind, {**row.fields, parent: above})

    def _turn(self, name: str, row: Row | None) -> None:
        """A new record of a parent's type ends those that belonged to the one before it."""
        if name in self._below:
            self._open |= dict.fromkeys(self._below[name]) | {name: row.fields if row else None}

    def _orphan(self, batch: Batch, index: int, name: str) -> Damage:
        frame = batch.frame(index)
        reason = f"no {self._parent[name]} that can be read stands before it, and it belongs to one"
        return Damage(frame.number, frame.offset, frame.whole, "", "orphan", reason)

    def _descendants(self, name: str) -> tuple[str, ...]:
        children = [child for child, parent in self._parent.items() if parent == name]
        return tuple(kind for child in children for kind in (child, *self._descendants(child)))
