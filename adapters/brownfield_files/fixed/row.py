"""Records to what they hold, and damage, by three decoders of one meaning.

* columns, where numpy is installed: a whole batch to JSON text, byte by byte side by side (`column`);
* generated code, where it is not: a whole batch to rows, field by field (`compiled`);
* the plain decoder, which the others leave every record to that they have a doubt about. It alone judges.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache, cached_property
from itertools import compress, filterfalse
from operator import attrgetter
from typing import NamedTuple

import orjson

from brownfield.contract import Damage, Documents, Row
from brownfield.contract.adapter import key_text
from brownfield_files.fixed.compiled import DOUBTS, compile_decoder
from brownfield_files.fixed.engine import Engine, Sheet
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Layout
from brownfield_files.record.decode import Broken, record_reader
from brownfield_files.record.frame import Batch, Frame
from brownfield_files.record.late import LateRows

_MOST_BYTES = 1 << 20
_FEW = 32
_number = attrgetter("number")


class Decoder:
    """Decodes the records of a layout.

    Args:
        layout: The layout.
        encoding: The file's encoding.
        engine: What decodes in columns.
    """

    def __init__(self, layout: Layout, encoding: Encoding, engine: Engine) -> None:
        self._length = layout.length
        self._plain = {record.name: record_reader(record, encoding) for record in layout.records}
        self._columns = {record.name: engine.compile_columns(record, layout, encoding) for record in layout.records}
        self._compiled = cache(lambda name: compile_decoder(layout.record(name), layout.length, encoding))

    def decode(self, batch: Batch, names: list[str]) -> "Decoded":
        """What the records of a batch hold.

        Args:
            batch: The records.
            names: The type of each, empty where it cannot be told.
        """
        found = Decoded()
        indexes = range(batch.count)
        kinds = [names[0]] if names.count(names[0]) == len(names) else list(dict.fromkeys(names))
        for name in kinds:
            chosen = indexes if len(kinds) == 1 else list(compress(indexes, map(name.__eq__, names)))
            self._decode(batch, name, chosen, found)
        found.damaged.sort(key=_number)
        return found

    def _decode(self, batch: Batch, name: str, indexes: Sequence[int], found: "Decoded") -> None:
        columns = self._columns.get(name)
        sheet = columns(batch, indexes) if columns and len(indexes) > _FEW else None
        if sheet is None:
            self._decode_at_once(batch, name, indexes, found)
            return
        good = sheet.good()
        found.shown.append(_Shown(name, _numbers(batch, indexes, good), sheet))
        if len(good) < len(indexes):
            in_doubt = filterfalse(set(good).__contains__, range(len(indexes)))
            self._decode_plainly(batch, name, (indexes[at] for at in in_doubt), found)

    def _decode_at_once(self, batch: Batch, name: str, indexes: Sequence[int], found: "Decoded") -> None:
        """Generated code takes them all, or halves of them until those that are in doubt stand alone."""
        compiled = self._compiled(name) if name and len(indexes) > 1 else None
        if compiled is None:
            self._decode_plainly(batch, name, indexes, found)
            return
        if len(indexes) * self._length <= _MOST_BYTES:
            records = batch.records if len(indexes) == batch.count else [batch.records[index] for index in indexes]
            try:
                found.decoded += compiled(records, [batch.number + index for index in indexes])
            except DOUBTS:
                pass
            else:
                return
        middle = len(indexes) // 2
        self._decode_at_once(batch, name, indexes[:middle], found)
        self._decode_at_once(batch, name, indexes[middle:], found)

    def _decode_plainly(self, batch: Batch, name: str, indexes: Iterable[int], found: "Decoded") -> None:
        for index in indexes:
            frame = batch.frame(index)
            try:
                found.decoded.append(self._row(frame, name))
            except Broken as broken:
                reason = broken.sentence if broken.field else broken.reason
                damage = Damage(frame.number, frame.offset, frame.whole, broken.field, broken.code, reason)
                found.damaged.append(damage)

    def _row(self, frame: Frame, name: str) -> Row:
        if len(frame.record) > self._length:
            reason = f"it has {len(frame.record)} bytes, and {self._length} are described"
            raise Broken("record-length", reason)
        if not name:
            raise Broken("record-type", "it is of no declared record type")
        return Row(frame.number, name, self._plain[name](frame.record))


def _numbers(batch: Batch, indexes: Sequence[int], good: Sequence[int]) -> Sequence[int]:
    if len(good) == batch.count:
        return range(batch.number, batch.number + batch.count)
    return [batch.number + indexes[at] for at in good]


class _Shown(NamedTuple):
    """Records of one type with their numbers, ascending."""

    kind: str
    numbers: Sequence[int]
    sheet: Sheet


class Decoded(LateRows):
    """What the records of a batch hold: the rows, made when they are first asked for, in the order of the file.

    Attributes:
        damaged: The records that mean nothing, in the order of the file.
        decoded: Rows that are made already, in any order.
        shown: The other records.
    """

    def __init__(self) -> None:
        self.damaged: list[Damage] = []
        self.decoded: list[Row] = []
        self.shown: list[_Shown] = []

    def documents(self, kind: str, key: str) -> Documents:
        """The records of one type as JSON text, without making rows of them."""
        shown = [one for one in self.shown if one.kind == kind]
        plain = sorted((row for row in self.decoded if row.kind == kind), key=_number)
        if len(shown) == 1 and not plain:
            (one,) = shown
            return Documents(one.numbers, one.sheet.texts(key), one.sheet.lines())
        lines = [(row.number, key_text(row.fields, key), orjson.dumps(row.fields)) for row in plain]
        for one in shown:
            lines += zip(one.numbers, one.sheet.texts(key), b"".join(one.sheet.lines()).splitlines(), strict=True)
        lines.sort()
        numbers, keys, texts = zip(*lines, strict=True) if lines else ((), (), ())
        return Documents(numbers, keys, [text + b"\n" for text in texts])

    def replace(self, kinds: Collection[str], rows: Iterable[Row], damaged: Iterable[Damage]) -> None:
        """Hold other rows in place of those of some types, and further damage."""
        self.shown = [one for one in self.shown if one.kind not in kinds]
        self.decoded = [*(row for row in self.decoded if row.kind not in kinds), *rows]
        self.damaged = sorted([*self.damaged, *damaged], key=_number)
        self.__dict__.pop("_rows", None)

    def numbers(self, kind: str) -> Sequence[int]:
        """The numbers of the records of one type, ascending."""
        if len(self.shown) == 1 and self.shown[0].kind == kind and not self.decoded:
            return self.shown[0].numbers
        shown = [number for one in self.shown if one.kind == kind for number in one.numbers]
        return sorted([*shown, *(row.number for row in self.decoded if row.kind == kind)])

    def __len__(self) -> int:
        return len(self.decoded) + sum(len(one.numbers) for one in self.shown)

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        rows = list(self.decoded)
        for kind, numbers, sheet in self.shown:
            fields = orjson.loads(b"[%b]" % b"".join(sheet.lines())[:-1].replace(b"\n", b","))
            rows += [Row(number, kind, one) for number, one in zip(numbers, fields, strict=True)]
        return tuple(sorted(rows, key=_number))
