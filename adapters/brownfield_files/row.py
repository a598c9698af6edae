"""Records to rows and damage: the compiled decoder where it has no doubt, the plain one where it has."""

from collections.abc import Sequence
from itertools import compress

from brownfield.contract import Damage, Row
from brownfield_files.compiled import DOUBTS, Decode, compile_decoder
from brownfield_files.decode import Broken, record_reader
from brownfield_files.encoding import Encoding
from brownfield_files.frame import Batch, Frame
from brownfield_files.layout import Layout

_MOST_BYTES = 1 << 20


class Decoder:
    """Decodes the records of a layout.

    Args:
        layout: The layout.
        encoding: The file's encoding.
    """

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._length = layout.length
        self._plain = {record.name: record_reader(record, encoding) for record in layout.records}
        self._compiled = {record.name: compile_decoder(record, layout.length, encoding) for record in layout.records}

    def decode(self, batch: Batch, names: list[str]) -> tuple[tuple[Row, ...], tuple[Damage, ...]]:
        """The rows and the damage of a batch, each in the order of the file.

        Args:
            batch: The records.
            names: The type of each, empty where it cannot be told.
        """
        rows: list[Row] = []
        damaged: list[Damage] = []
        indexes = range(len(names))
        kinds = dict.fromkeys(names)
        for name in kinds:
            chosen = indexes if len(kinds) == 1 else list(compress(indexes, map(name.__eq__, names)))
            self._decode(batch, name, chosen, rows, damaged)
        if len(kinds) > 1:
            rows.sort(key=_number)
        damaged.sort(key=_number)
        return tuple(rows), tuple(damaged)

    def _decode(self, batch: Batch, name: str, indexes: Sequence[int], rows: list[Row], damaged: list[Damage]) -> None:
        """Records of one type: all at once, or in halves until those that are in doubt stand alone."""
        compiled: Decode | None = self._compiled.get(name)
        if len(indexes) * self._length > _MOST_BYTES and len(indexes) > 1:
            self._halve(batch, name, indexes, rows, damaged)
            return
        if compiled is None or len(indexes) == 1:
            for index in indexes:
                self._decode_plainly(batch.frame(index), name, rows, damaged)
            return
        whole = len(indexes) == len(batch.records)
        records = batch.records if whole else [batch.records[index] for index in indexes]
        first = batch.number
        try:
            rows += compiled(records, [first + index for index in indexes])
        except DOUBTS:
            self._halve(batch, name, indexes, rows, damaged)

    def _halve(self, batch: Batch, name: str, indexes: Sequence[int], rows: list[Row], damaged: list[Damage]) -> None:
        middle = len(indexes) // 2
        self._decode(batch, name, indexes[:middle], rows, damaged)
        self._decode(batch, name, indexes[middle:], rows, damaged)

    def _decode_plainly(self, frame: Frame, name: str, rows: list[Row], damaged: list[Damage]) -> None:
        try:
            rows.append(self._row(frame, name))
        except Broken as broken:
            reason = broken.sentence if broken.field else broken.reason
            damaged.append(Damage(frame.number, frame.offset, frame.whole, broken.field, broken.code, reason))

    def _row(self, frame: Frame, name: str) -> Row:
        if len(frame.record) > self._length:
            reason = f"it has {len(frame.record)} bytes, and {self._length} are described"
            raise Broken("record-length", reason)
        if not name:
            raise Broken("record-type", "it is of no declared record type")
        return Row(frame.number, name, self._plain[name](frame.record))


def _number(one: Row | Damage) -> int:
    return one.number
