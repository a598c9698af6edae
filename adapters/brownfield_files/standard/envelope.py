"""What stands around the messages of a file of segments, and what it states of them.

An interchange holds groups, a group holds messages, a message holds segments. Each has a segment that begins it and
one that ends it; the last states what was counted and repeats the number that the first gave. That is a table, see
`Level`; what reads it is the same for every format.

A message whose own count or number is wrong, or that holds what cannot be a segment, is damage, and the others are
read. What is wrong about a group or an interchange is said of the whole file, and refuses it before its first row.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from brownfield.contract import Contract, Damage, Fields, RecordShape, Rejected
from brownfield_files.format.parsed import Content
from brownfield_files.layout.calendar_date import DateFormat, NoDate
from brownfield_files.record.decode import Broken
from brownfield_files.record.schema import closed, day, text
from brownfield_files.standard.grouped import Grouped
from brownfield_files.standard.segment import MOST_BYTES, Segment, Start, segments

_TAG = re.compile(rb"[A-Z][A-Z0-9]{1,2}")
_MOST_SEGMENTS = 200_000
_NONE = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in the segment that begins a level.

    Attributes:
        element: The element, the tag being 0.
        component: Its component, from 0; -1: the whole element, as it stands.
        dates: How a date may be written there; none for text.
    """

    element: int
    component: int = _NONE
    dates: tuple[DateFormat, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """An interchange, a group, a message.

    Attributes:
        kind: The row's kind.
        begin: The tag that begins it.
        end: The tag that ends it; empty where the next one, or the end of what it is in, does.
        fields: What its row holds.
        control: The fields that are its number, and the element of its end that repeats it; 0 for none.
        numeric: Whether that is a number, of which leading zeros are no part; else a text.
        count: The element of its end that counts what is in it; 0 for none.
        must_count: Whether that element must be there.
        optional: Whether the level may be missing altogether.
        charset: The element that says what the text is written in, and the codec of each word; 0 where none does.
    """

    kind: str
    begin: bytes
    end: bytes
    fields: Mapping[str, Place]
    control: str = ""
    repeats: int = 0
    numeric: bool = False
    count: int = 0
    must_count: bool = True
    optional: bool = False
    charset: int = 0
    codecs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A format of segments.

    Attributes:
        name: What the format is called.
        levels: Outermost first; the last is the message.
        start: What an interchange begins with.
        last: What stands in the last bytes of a file that is whole; empty where that cannot be told.
        service: Tags that may stand outside a message; each is a row of its own, of the kind `service`.
    """

    name: str
    levels: tuple[Level, ...]
    start: Start
    last: bytes = b""
    service: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class _Open:
    """A level that began and has not ended."""

    level: Level
    depth: int
    number: str
    counted: int = 0
    numbers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Message:
    """A message that began: where, its segments, and what is wrong about it first."""

    opened: _Open
    segments: list[Segment]
    fault: tuple[str, str, str] | None = None
    size: int = 0


class Enveloped(Grouped):
    """Reads the files of a format of segments: a `Parser`.

    Args:
        envelope: The format.
    """

    group = "an interchange"

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self.layout: Fields = {"format": envelope.name, "version": 2}

    def contract(self) -> Contract:
        """The levels of the envelope."""
        levels = self._envelope.levels
        shapes = {level.kind: _shape(level, levels) for level in levels}
        if self._envelope.service:
            texts = {level.kind: text(null=True) for level in levels[:-1]} | {"tag": text(), "segment": text()}
            shapes["service"] = RecordShape(fields=closed(texts), documentation="A segment outside a message.")
        return Contract(records=shapes)

    def flaw(self, file: BinaryIO, size: int) -> str:
        """Whether it ends as an interchange does."""
        last = self._envelope.last
        file.seek(max(0, size - 256))
        if last and last not in file.read(256):
            return f"it does not end with {last.decode()}"
        return ""

    def check(self, file: BinaryIO) -> None:
        """See that every interchange and every group holds what it states.

        Raises:
            Rejected: Codes `framing`, `totals`, `too-large`.
        """
        for _ in self.records(file):
            pass

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """An interchange, its groups and messages, in the order in which they begin.

        Raises:
            Rejected: As `check`.
        """
        reading = _Reading(self._envelope, file)
        for segment in segments(file, self._envelope.start):
            for record in reading.take(segment):
                file.seek(segment.end)
                yield record
        file.seek(0, os.SEEK_END)
        yield from reading.end()


class _Reading:
    """One pass over a file: what is open, and what is counted."""

    def __init__(self, envelope: Envelope, file: BinaryIO) -> None:
        self._file = file
        self._levels = envelope.levels
        self._begins = {level.begin: depth for depth, level in enumerate(envelope.levels)}
        self._ends = {level.end: depth for depth, level in enumerate(envelope.levels) if level.end}
        self._service = envelope.service
        self._open: list[_Open] = []
        self._message: _Message | None = None

    def take(self, segment: Segment) -> Iterator[Content | Damage]:
        """What a segment gives: the row of what it begins, the message that it ends."""
        tag = segment.tag
        if tag in self._begins:
            yield from self._begin(segment, self._begins[tag])
        elif tag in self._ends:
            yield from self._end(segment, self._ends[tag])
        elif self._message is None and self._open and tag in self._service:
            yield (
                "service",
                {**self._above(len(self._levels) - 1), "tag": _shown(tag), "segment": text_of(segment.bare)},
            )
        elif self._message is None:
            raise Rejected(f"byte {segment.offset}: {_shown(tag)} stands in no message", code="framing")
        else:
            self._add(self._message, segment, tag)

    def end(self) -> Iterator[Content | Damage]:
        """The end of the file.

        Raises:
            Rejected: Something is not ended.
        """
        yield from self._close(0, "the file ends")

    def _begin(self, segment: Segment, depth: int) -> Iterator[Content | Damage]:
        level = self._levels[depth]
        yield from self._close(depth, f"byte {segment.offset}: {_shown(segment.tag)} begins")
        above = self._open[-1].depth if self._open else _NONE
        if missing := [one.begin for one in self._levels[above + 1 : depth] if not one.optional]:
            where = f"byte {segment.offset}: {_shown(segment.tag)}"
            raise Rejected(f"{where} stands in no {_shown(missing[0])}", code="framing")
        opened = _Open(level, depth, "")
        fault: tuple[str, str, str] | None = None
        fields: Fields = {}
        try:
            fields = _fields(level, segment)
            opened.number = str(fields.get(level.control, ""))
        except Broken as broken:
            fault = broken.field, broken.code, broken.reason
        if self._open:
            fault = self._count(self._open[-1], opened, fault)
        self._open.append(opened)
        if depth == len(self._levels) - 1:
            self._message = _Message(opened, [segment], fault, len(segment.bare))
        elif fault:
            raise Rejected(
                f"byte {segment.offset}: {fault[2]}", code="totals" if fault[1] == "duplicate" else "framing"
            )
        else:
            yield level.kind, {**self._above(depth), **fields}

    def _count(self, above: _Open, opened: _Open, fault: tuple[str, str, str] | None) -> tuple[str, str, str] | None:
        """It is one more of what it is in, and no other there may have its number."""
        above.counted += 1
        if opened.number and opened.level.repeats:
            number = _compared(opened.number, opened.level)
            if number in above.numbers:
                return fault or ("control", "duplicate", f"the number {opened.number} was given before")
            above.numbers.add(number)
        return fault

    def _add(self, message: _Message, segment: Segment, tag: bytes) -> None:
        message.segments.append(segment)
        message.size += len(segment.bare)
        if message.size > MOST_BYTES or len(message.segments) > _MOST_SEGMENTS:
            most = f"{MOST_BYTES} bytes or {_MOST_SEGMENTS} segments"
            raise Rejected(f"the message at byte {message.segments[0].offset} has more than {most}", code="too-large")
        if not message.fault and not _TAG.fullmatch(tag):
            message.fault = "", "segment", f"byte {segment.offset}: {_shown(segment.bare[:12])} is no segment"

    def _end(self, segment: Segment, depth: int) -> Iterator[Content | Damage]:
        yield from self._close(depth + 1, f"byte {segment.offset}: {_shown(segment.tag)} ends")
        if not self._open or self._open[-1].depth != depth:
            raise Rejected(f"byte {segment.offset}: {_shown(segment.tag)} ends what never began", code="framing")
        message, opened = self._message, self._open[-1]
        if message is not None:
            self._add(message, segment, segment.tag)
            fault = _wrong(opened, segment, len(message.segments))
            message.fault = message.fault or (("", "totals", fault) if fault else None)
            yield self._told(message)
        elif fault := _wrong(opened, segment, opened.counted):
            raise Rejected(f"byte {segment.offset}: {fault}", code="totals")
        self._open.pop()

    def _close(self, depth: int, why: str) -> Iterator[Content | Damage]:
        """Leave every level from a depth on: those that nothing ends are at their end here."""
        while self._open and self._open[-1].depth >= depth:
            opened, message = self._open[-1], self._message
            if opened.level.end:
                reason = f"{why}, and {_shown(opened.level.begin)} {opened.number} has no {_shown(opened.level.end)}"
                raise Rejected(reason, code="framing")
            if message is not None:
                yield self._told(message)
            self._open.pop()

    def _told(self, message: _Message) -> Content | Damage:
        """A message, read."""
        self._message = None
        try:
            charset, texts = _texts(message)
        except Broken as broken:
            message.fault = message.fault or (broken.field, broken.code, broken.reason)
        if message.fault:
            name, code, reason = message.fault
            start, end, here = message.segments[0].offset, message.segments[-1].end, self._file.tell()
            self._file.seek(start)
            raw = self._file.read(end - start)
            self._file.seek(here)
            return Damage(0, start, raw, name, code, reason)
        level = message.opened.level
        above = self._above(message.opened.depth)
        return level.kind, {
            **above,
            **_fields(level, message.segments[0]),
            **_signs(message.segments[0]),
            "charset": charset,
            "segments": texts,
        }

    def _above(self, depth: int) -> Fields:
        """The numbers of what is open above a depth, None where a level is missing."""
        found = {opened.level.kind: opened.number for opened in self._open}
        return {level.kind: found.get(level.kind) for level in self._levels[:depth]}


def _codec(level: Level, segment: Segment) -> str:
    """What the text of a level is written in; empty where nothing says it.

    Raises:
        Broken: It is in what is not read.
    """
    if segment.syntax.mark:
        return segment.syntax.mark
    elements = segment.elements() if level.charset else []
    said = elements[level.charset].decode("latin-1").strip() if level.charset < len(elements) else ""
    if not said:
        return segment.syntax.codec
    if said not in level.codecs:
        raise Broken("encoding", f"its text is in {said[:40]!r}, which is not read").inside("charset", 0)
    return level.codecs[said]


def _texts(message: _Message) -> tuple[str, list[str]]:
    """What a message is written in, and its segments: one guess for all of them, where nothing says it.

    Raises:
        Broken: They are not in what the message says.
    """
    codec = _codec(message.opened.level, message.segments[0]) or _guessed(message.segments)
    return codec, [_text(one.bare, "" if _is_binary(one) else codec, "segments") for one in message.segments]


def _is_binary(segment: Segment) -> bool:
    return segment.tag in segment.syntax.binary


def _guessed(segments_: list[Segment]) -> str:
    try:
        for segment in segments_:
            if not _is_binary(segment):
                segment.bare.decode()
    except UnicodeDecodeError:
        return "iso8859-1"
    return "utf-8"


def _text(raw: bytes, codec: str, name: str) -> str:
    if not codec:
        return text_of(raw)
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise Broken("encoding", f"0x{raw[error.start]:02X} is no character in {codec}").inside(name, 0) from None


def text_of(raw: bytes) -> str:
    """The text of bytes that do not say in what they are written: UTF-8, or, where they are not, ISO 8859-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _fields(level: Level, segment: Segment) -> Fields:
    """What the segment says that begins a level.

    Raises:
        Broken: A date is none, or the text is in what is not read.
    """
    elements, codec = segment.elements(), _codec(level, segment)
    return {name: _value(name, place, elements, segment, codec) for name, place in level.fields.items()}


def _value(name: str, place: Place, elements: list[bytes], segment: Segment, codec: str) -> str | None:
    raw = elements[place.element] if place.element < len(elements) else b""
    if place.component >= 0:
        parts = segment.syntax.split(raw, segment.syntax.component)
        raw = segment.syntax.plain(parts[place.component]) if place.component < len(parts) else b""
    text = _text(raw, codec, name).rstrip()
    if not place.dates:
        return text
    if not text:
        return None
    for form in place.dates:
        try:
            return form.read(text)
        except NoDate:
            continue
    raise Broken("date", f"{name}: {text!r} is no date ({' or '.join(form.text for form in place.dates)})").inside(
        name, 0
    )


def _wrong(opened: _Open, segment: Segment, counted: int) -> str:
    """What the segment that ends a level states that is not so; empty when all is."""
    level, elements = opened.level, segment.elements()
    stated = [text_of(element).strip() for element in elements] + [""] * 16
    tag = _shown(segment.tag)
    if level.repeats and _compared(stated[level.repeats], level) != _compared(opened.number, level):
        return f"{tag} has the number {stated[level.repeats]!r}, and {_shown(level.begin)} {opened.number!r}"
    said = stated[level.count]
    if not level.count or (not said and not level.must_count):
        return ""
    if not (said.isascii() and said.isdecimal() and len(said) < 12):
        return f"{tag} states {said!r}, which is no count"
    return "" if int(said) == counted else f"{tag} states {int(said)}, and there are {counted}"


def _compared(number: str, level: Level) -> str:
    """A number as it is held against another one: an empty one is none, and never zero."""
    if not level.numeric or not (number.isascii() and number.isdecimal()):
        return number
    return number.lstrip("0") or "0"


def _signs(segment: Segment) -> Fields:
    syntax = segment.syntax
    signs = {"element": syntax.element, "component": syntax.component, "release": syntax.release}
    return {"signs": {name: sign.decode("latin-1") for name, sign in signs.items()}}


def _shown(raw: bytes) -> str:
    return raw.decode("ascii", "backslashreplace")


def _shape(level: Level, levels: tuple[Level, ...]) -> RecordShape:
    fields = {name: day(null=True) if place.dates else text() for name, place in level.fields.items()}
    if level is levels[-1]:
        signs = dict.fromkeys(("element", "component", "release"), text())
        fields |= {
            "signs": closed(signs),
            "charset": text(),
            "segments": {"type": "array", "items": text(), "minItems": 1},
        }
    words = f"From {level.begin.decode()} to {level.end.decode() or 'the next'}."
    return RecordShape(fields=closed({**_above(level, levels), **fields}), documentation=words)


def _above(level: Level, levels: tuple[Level, ...]) -> dict[str, Any]:
    """The numbers of the levels that a row stands in."""
    return {one.kind: text(null=one.optional) for one in levels[: levels.index(level)]}
