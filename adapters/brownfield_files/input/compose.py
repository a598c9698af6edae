"""Composing: a batch of writes becomes the bytes of a file, which are read again before anybody gets them."""

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from brownfield.contract import Contract, OperationShape, Rejected, Sight
from brownfield.contract.input import RESULT, InputBatch, InputFile, InputRecord
from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.tally import Tally
from brownfield_files.input.filling import Facts, make_plans, totals_of
from brownfield_files.input.setting import InputSettings, file_name
from brownfield_files.layout.normal_form import LayoutError, RecordType
from brownfield_files.record.decode import Broken, record_reader
from brownfield_files.record.descriptor import SIZE, BadFraming, Descriptor
from brownfield_files.record.encode import DoesNotFit, encode_record
from brownfield_files.record.frame import Cut, Frame, batches
from brownfield_files.record.router import router
from brownfield_files.record.schema import contract_of
from brownfield_files.sample.look import look_at

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
Written = tuple[str, Mapping[str, Any]]
"""A record type and all fields of one record."""


class Composer:
    """Writes the files of one layout, and reads them.

    Raises:
        LayoutError: The layout cannot be read, or a file of it cannot be written.
    """

    def __init__(self, settings: InputSettings) -> None:
        form = settings.form
        self._template = settings.name
        self._layout, self._encoding, self._cut = form.layout, form.encoding, form.cut
        self._end = _line_end(self._cut, settings.line_end, settings.layout.name)
        self._plans = make_plans(form.layout, settings.fill, settings.layout.name)
        self._route = router(form.layout, form.encoding)
        self._read = {record.name: record_reader(record, form.encoding) for record in form.layout.records}

    def contract(self) -> Contract:
        """An operation for each record type that stands between the first and the last."""
        shapes = contract_of(self._layout).records
        return Contract(operations={
            name: OperationShape(input=_without(shapes[name].fields, plan.words), output=RESULT,
                                 documentation=shapes[name].documentation)
            for name, plan in self._plans.items() if plan.record.place == "body"
        })  # fmt: skip

    def flaw(self, record: InputRecord, facts: Facts) -> str:
        """Why a record cannot be written, alone in a file; empty when it can."""
        if name := next((name for name, value in record.fields.items() if _controls(value)), ""):
            return f"{name}: it holds a control character, which a job may take for the end of a line or of the file"
        try:
            written = self._detail(record, facts)
            return self._difference(self._framed(written), [written])
        except DoesNotFit as error:
            return str(error)

    def render(self, batch: InputBatch) -> InputFile:
        """The file of a batch.

        Raises:
            Rejected: It cannot be written.
        """
        try:
            records = self._whole(batch)
            data = b"".join(map(self._framed, records))
        except DoesNotFit as error:
            raise Rejected(f"file {batch.sequence} cannot be written: {error}", code="does-not-fit") from error
        flaw = self._difference(data, records)
        if flaw:
            raise Rejected(f"file {batch.sequence} cannot be written: {flaw}", code="not-identical")
        return InputFile(file_name(self._template, batch.sequence, batch.date), data)

    def look(self, data: bytes) -> Iterator[Sight]:
        """Every field of every record of a file."""
        for frame, kind in self._frames(data):
            if kind:
                yield from look_at(frame, self._layout.record(kind), self._encoding)

    def _whole(self, batch: InputBatch) -> list[Written]:
        facts = Facts(batch.sequence, batch.date, 0)
        first, last = self._layout.at("first"), self._layout.at("last")
        records: list[Written] = [(first.name, self._plans[first.name].filled(facts))] if first else []
        for number, record in enumerate(batch.records, start=1):
            records.append(self._detail(record, facts._replace(record=number)))
        if last:
            records.append((last.name, {}))
            stated = totals_of(self._layout, records)
            records[-1] = (last.name, self._plans[last.name].filled(facts) | stated)
        return records

    def _detail(self, record: InputRecord, facts: Facts) -> Written:
        return record.call, {**record.fields, **self._plans[record.call].filled(facts)}

    def _framed(self, written: Written) -> bytes:
        kind, fields = self._layout.record(written[0]), written[1]
        length = self._layout.length if self._cut.framing == "fixed" else None
        raw = encode_record(kind, fields, self._encoding, length)
        if self._cut.framing == "variable":
            return _descriptor(len(raw), self._cut.record) + raw
        return raw + self._end

    def _frames(self, data: bytes) -> Iterator[tuple[Frame, str]]:
        for batch in batches(BytesIO(data), self._cut, 1024):
            names = self._route(batch)
            yield from ((batch.frame(index), names[index]) for index in range(batch.count))

    def _difference(self, data: bytes, written: list[Written]) -> str:
        """How what is read from these bytes differs from what was written into them; empty when it does not."""
        try:
            frames = list(self._frames(data))
        except BadFraming as error:
            return f"it does not come back: {error}"
        if len(frames) != len(written):
            return f"{len(written)} records come back as {len(frames)}: a text has a line end in it"
        tally = Tally(self._layout, self._encoding, engine())
        for (frame, name), (kind, fields) in zip(frames, written, strict=True):
            if name != kind:
                return f"record {frame.number}: a {kind} comes back as {name or 'no record type'}"
            if difference := _different(self._layout.record(kind), fields, frame, self._read[kind]):
                return difference
            tally.add([name], frame.batch)
        trailer = frames[-1][0].record if self._layout.at("last") and len(frames) > 1 else None
        try:
            tally.judge(trailer)
        except Rejected as refusal:
            return refusal.message
        return ""


def _controls(value: Any) -> bool:
    """Whether a text, or one within a table, holds a control character."""
    if isinstance(value, str):
        return _CONTROL.search(value) is not None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_controls, inner))


def _different(kind: RecordType, fields: Mapping[str, Any], frame: Frame, read: Any) -> str:
    try:
        found = read(frame.record)
    except Broken as broken:
        return f"record {frame.number}: {broken.sentence}"
    wrong = next((name for name in found if found[name] != fields.get(name)), "")
    if wrong:
        return f"{wrong}: {fields.get(wrong)!r} would come back as {found[wrong]!r}"
    return "" if found.keys() == fields.keys() else f"{kind.name} has no {', '.join(fields.keys() - found.keys())}"


def _without(schema: dict[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of what is left to be given; what every file has is nobody's to say."""
    properties = {name: shape for name, shape in schema["properties"].items() if name not in filled}
    return {**schema, "properties": properties, "required": [one for one in schema["required"] if one in properties]}


def _descriptor(size: int, form: Descriptor) -> bytes:
    head = bytearray(SIZE)
    head[form.at : form.at + 2] = (size + SIZE * form.includes).to_bytes(2, form.order)
    return bytes(head)


def _line_end(cut: Cut, told: str | None, file: str) -> bytes:
    if cut.framing not in {"fixed", "line", "variable"}:
        raise LayoutError(file, 0, f"a file of framing {cut.framing} is not written")
    if cut.framing != "line":
        return b""
    return {"lf": b"\n", "crlf": b"\r\n", None: b"\x15" if cut.ebcdic else b"\n"}[told]
