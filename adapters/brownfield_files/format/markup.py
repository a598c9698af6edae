"""XML files with an element for each record, read by expat as a stream.

    [xml]
    namespaces = { s = "urn:example:stock" }

    [records.detail]
    path = "stock/items/item"
    fields = [
      { name = "sku", from = "@code", type = "text", required = true },
      { name = "on_hand", from = "s:levels/s:on_hand", type = "integer", digits = 9 },
    ]

`path` leads from the root to the records, `from` from a record to what it holds: elements with `/` between, an
attribute with `@`, the record's own text as `.`. A name without a prefix is of any namespace. Blanks around a text are
left out.

A document type, and with it every entity of its own, is refused before anything of it is read; nothing is fetched.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, Self, TypeAlias
from xml.parsers import expat

from pydantic import AfterValidator, Field, field_validator, model_validator

from brownfield.contract import Contract, Damage, Fields, Rejected, Sight
from brownfield_files.format.member import MemberTable, Seen
from brownfield_files.format.parsed import MOST_BYTES, Content
from brownfield_files.format.shape import RecordTable, Shape, check_names, contract_of, drifted, refuse_drift
from brownfield_files.layout.document import Table, read_document
from brownfield_files.layout.encoding import like_ascii
from brownfield_files.record.decode import Broken

_BLOCK = 1 << 16
_DEEPEST = 64
_MOST_MEMBERS = 10_000
_MOST_STRANGE = 20
_ANY = "?"
"""The namespace of every name in a record that is read alone: where its prefixes were declared is not known."""
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_NAME = r"(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*"
_PATH = re.compile(f"{_NAME}(?:/{_NAME})*")
_SOURCE = re.compile(rf"[.]|@{_NAME}|{_NAME}(?:/{_NAME})*(?:/@{_NAME})?")
_PREFIX = re.compile(rb"[<\s]([A-Za-z_][\w.-]*):[A-Za-z_]")

Step: TypeAlias = tuple[str, str]
"""A namespace, empty for any, and a name in it, which begins with `@` for an attribute."""


class XmlRecordTable(RecordTable):
    """One record type.

    Attributes:
        path: Where its elements are, from the root.
    """

    path: str

    @model_validator(mode="after")
    def _leads(self) -> Self:
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{self.path!r} is no path of elements: stock/items/item")
        for one in self.fields:
            if not _SOURCE.fullmatch(one.column):
                raise ValueError(f"{one.column!r} is none of a/b, a/@b, @b and .")
        return self


class XmlTable(MemberTable):
    """What is said of a file as a whole.

    Attributes:
        namespaces: What the prefixes of paths stand for.
        encoding: What the file is written in; one that says otherwise is refused.
    """

    namespaces: dict[str, str] = Field(default_factory=dict)
    encoding: Annotated[str, AfterValidator(like_ascii)] = "utf-8"


class XmlLayout(Table):
    """A layout file."""

    xml: XmlTable
    records: dict[str, XmlRecordTable] = Field(min_length=1)

    @field_validator("records")
    @classmethod
    def _named(cls, records: dict[str, XmlRecordTable]) -> dict[str, XmlRecordTable]:
        check_names(records)
        return records

    @model_validator(mode="after")
    def _bound(self) -> Self:
        paths = [path for one in self.records.values() for path in (one.path, *(each.column for each in one.fields))]
        for prefix in re.findall(r"([\w.-]+):", " ".join(paths)):
            if prefix not in self.xml.namespaces:
                raise ValueError(f"`namespaces` does not say what the prefix {prefix} stands for")
        return self


class _Kind:
    """One record type, compiled: its fields, where its elements are, and where in them the fields are."""

    def __init__(self, kind: str, record: XmlRecordTable, namespaces: dict[str, str]) -> None:
        self.shape = Shape.of(kind, record)
        self.path = _steps(record.path, namespaces)
        self._sources = [(_steps(one.column, namespaces), one.column) for one in record.fields]
        self._known: dict[tuple[Step, ...], str] = {}

    def column(self, path: tuple[Step, ...]) -> str:
        """What the layout calls what stands there in a record; what the file does, if it does not know it."""
        if path not in self._known:
            found = next((column for steps, column in self._sources if _is_at(path, steps)), "")
            self._known[path] = found or "/".join(name for _, name in path) or "."
        return self._known[path]


@dataclass(slots=True)
class _Element:
    """One record's element: where it begins, the texts in it, one that is there twice, and its bytes."""

    kind: _Kind
    offset: int
    texts: dict[str, str] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    raw: bytes = b""


class Xml:
    """Reads XML files: a `Parser`.

    Args:
        path: The layout.
    """

    def __init__(self, path: Path) -> None:
        document = read_document(path, XmlLayout)
        self._table = document.xml
        self._kinds = [_Kind(name, one, self._table.namespaces) for name, one in document.records.items()]
        self.layout: Fields = document.model_dump(mode="json")

    def contract(self) -> Contract:
        """The record types."""
        return contract_of(kind.shape for kind in self._kinds)

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its end says against a file."""
        file.seek(max(0, size - _BLOCK))
        return "" if file.read().rstrip(b"\r\n\t \0\x1a").endswith(b">") else "it does not end with an element"

    def check(self, file: BinaryIO) -> None:
        """See that it is well-formed to its end, and that its members are those of the layout.

        Raises:
            Rejected: Codes `framing`, `dtd`, `encoding`, `depth`, `drift`.
        """
        seen = {kind.shape.kind: Seen(kind.shape) for kind in self._kinds}
        walk, found = self._walk(), False
        for element in walk.elements(file):
            found = True
            seen[element.kind.shape.kind].add(element.texts)
        walk.around.judge(self._table.undeclared, found=found)
        for one in seen.values():
            one.judge(self._table.undeclared)

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Its records."""
        return map(_content, self._walk().elements(file))

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """The record that is one element; prefixes that it does not declare itself may stand for anything.

        Raises:
            Rejected: It is no element.
        """
        prefixes = sorted({*_PREFIX.findall(raw)} - {b"xml", b"xmlns"})
        bound = b"".join(b' xmlns:%b="%b"' % (prefix, _ANY.encode()) for prefix in prefixes)
        whole = BytesIO(b'<alone xmlns="%b"%b>%b</alone>' % (_ANY.encode(), bound, raw))
        walk = _Walk([(((("", "alone"), kind.path[-1])), kind) for kind in self._kinds], self._table.encoding)
        return map(_content, walk.elements(whole))

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """Its records member by member, or the layout."""
        if file is None:
            for kind in self._kinds:
                yield from kind.shape.pictures()
            return
        for number, element in enumerate(self._walk().elements(file)):
            shape = element.kind.shape
            yield from shape.sights(number, [element.texts.get(column, "") for column in shape.columns])

    def _walk(self) -> "_Walk":
        return _Walk([(kind.path, kind) for kind in self._kinds], self._table.encoding)


class _Around:
    """What stands where records could, and is none: the whole file may have been renamed, or a part of it.

    Args:
        paths: Where the records are.
    """

    def __init__(self, paths: list[tuple[Step, ...]]) -> None:
        self._paths = paths
        self._names = ["/".join(name for _, name in path) for path in paths]
        self._strange: dict[str, None] = {}
        self._has_room = False

    def see(self, at: tuple[Step, ...]) -> None:
        """Take an element into account that is in no record."""
        if any(_is_at(at, path[: len(at)]) for path in self._paths):
            self._has_room = self._has_room or any(_is_at(at, path[:-1]) for path in self._paths)
        elif any(_is_at(at[:-1], path[:-1]) or _is_at(at[-1:], path[-1:]) for path in self._paths):
            name = "/".join(name for _, name in at)
            strange = f"{name} of {at[-1][0] or 'no namespace'}" if name in self._names else name
            if len(self._strange) < _MOST_STRANGE:
                self._strange[strange] = None

    @property
    def has_strangers(self) -> bool:
        """Whether there is any."""
        return bool(self._strange)

    def judge(self, undeclared: str, *, found: bool) -> None:
        """Refuse a file with records that the layout does not know, or with none: an empty list is an honest one.

        Raises:
            Rejected: With the code `drift`.
        """
        if found and undeclared != "refuse":
            return
        needed = [] if found or (self._has_room and not self._strange) else self._names
        refuse_drift(drifted(self._names, self._strange, needed, what="element"))


class _Walk:
    """One way through a document.

    Args:
        kinds: The record types, each with where its elements are.
        encoding: Of the document.
    """

    def __init__(self, kinds: list[tuple[tuple[Step, ...], _Kind]], encoding: str) -> None:
        self._kinds, self._encoding = kinds, encoding
        self.around = _Around([path for path, _ in kinds])
        self._stack: list[Step] = []
        self._texts: list[list[str]] = []
        self._open: _Element | None = None
        self._depth = 0
        self._leaf = False
        self._done: list[_Element] = []
        self._window, self._start = b"", 0
        self._parser = expat.ParserCreate(encoding, " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.XmlDeclHandler = self._declared

    def elements(self, file: BinaryIO) -> Iterator[_Element]:
        """The records.

        Raises:
            Rejected: It is not well-formed, or breaks a rule.
        """
        while True:
            block = file.read(_BLOCK)
            self._window += block
            if not self._start and 0 in self._window[:4]:
                raise Rejected(f"it is UTF-16 or UTF-32, and the layout says {self._encoding}", code="encoding")
            try:
                self._parser.Parse(block, not block)
            except expat.ExpatError as error:
                raise Rejected(f"it is no whole XML document: {error}", code="framing") from None
            yield from self._done
            self._done.clear()
            if not block:
                return
            self._forget()

    def _forget(self) -> None:
        """Let go of the bytes of what is done; what begins and does not end is refused."""
        reached = self._start + len(self._window)
        kept = self._open.offset if self._open else max(self._parser.CurrentByteIndex, self._start)
        if reached - kept > MOST_BYTES:
            raise Rejected(f"at byte {kept} begins what is longer than {MOST_BYTES} bytes", code="framing")
        self._window = self._window[kept - self._start :]
        self._start = kept

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._stack.append(_step(name))
        self._texts.append([])
        self._leaf = True
        if len(self._stack) > _DEEPEST:
            raise Rejected(f"elements lie more than {_DEEPEST} deep in it", code="depth")
        if self._open is None:
            at = tuple(self._stack)
            kind = next((kind for path, kind in self._kinds if _is_at(at, path)), None)
            if kind is None:
                self.around.see(at)
                return
            self._open, self._depth = _Element(kind, self._parser.CurrentByteIndex), len(self._stack)
        for attribute, value in attributes.items():
            space, local = _step(attribute)
            if space != _INSTANCE:
                self._hold((*self._inner(), (space, f"@{local}")), value)

    def _end(self, _: str) -> None:
        pieces = self._texts.pop()
        text = "".join(pieces).strip()
        if self._open is not None:
            if text or (self._leaf and len(self._stack) > self._depth):
                self._hold(self._inner(), text)
            if len(self._stack) == self._depth:
                self._finish(self._open, empty=self._leaf and not pieces)
        self._leaf = False
        self._stack.pop()

    def _finish(self, element: _Element, *, empty: bool) -> None:
        at = self._parser.CurrentByteIndex - self._start
        closed = empty and self._window[at - 2 : at] == b"/>"  # expat stands behind an empty tag, and before an end tag
        end = at if closed else self._window.index(b">", at) + 1
        element.raw = self._window[element.offset - self._start : end]
        self._done.append(element)
        self._open = None

    def _hold(self, path: tuple[Step, ...], text: str) -> None:
        element = self._open
        assert element is not None  # noqa: S101 -- only within a record
        column = element.kind.column(path)
        if column in element.texts:
            element.twice.add(column)
        element.texts[column] = text
        if len(element.texts) > _MOST_MEMBERS:
            raise Rejected(f"a record has more than {_MOST_MEMBERS} members", code="depth")

    def _inner(self) -> tuple[Step, ...]:
        return tuple(self._stack[self._depth :])

    def _text(self, text: str) -> None:
        if self._open is not None:
            self._texts[-1].append(text)

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and _codec(encoding) != _codec(self._encoding):
            reason = f"it says that it is {encoding}, and the layout says {self._encoding}"
            raise Rejected(reason, code="encoding")


def sampled(file: BinaryIO, path: str, encoding: str, most: int) -> tuple[list[tuple[dict[str, str], set[str]]], bool]:
    """What the first elements at a path hold, and whether others stand beside them.

    For each of them its texts, by where they are in it, and those that are there twice.
    """
    record = XmlRecordTable.model_construct(path=path, fields=())
    walk = _Walk([(_steps(path, {}), _Kind("sample", record, {}))], encoding)
    found = [(one.texts, one.twice) for one in islice(walk.elements(file), most)]
    return found, walk.around.has_strangers


def _content(element: _Element) -> Content | Damage:
    shape = element.kind.shape
    try:
        for cell in shape.cells:
            if cell.column in element.twice:
                raise Broken("twice", "it is there more than once").inside(cell.name, 0)
        return shape.kind, shape.read([element.texts.get(column, "") for column in shape.columns])
    except Broken as broken:
        reason = f"{broken.field}: {broken.reason}"
        return Damage(0, element.offset, element.raw, broken.field, broken.code, reason)


def _refuse_doctype(*_: object) -> None:
    raise Rejected("it has a document type (DTD), which no batch file needs: it is not read", code="dtd")


def _steps(path: str, namespaces: dict[str, str]) -> tuple[Step, ...]:
    """A path of the layout."""
    found = []
    for step in path.split("/") if path != "." else ():
        prefix, _, local = step.removeprefix("@").rpartition(":")
        found.append((namespaces.get(prefix, ""), f"@{local}" if step.startswith("@") else local))
    return tuple(found)


def _step(name: str) -> Step:
    """A name as expat gives it."""
    space, _, local = name.rpartition(" ")
    return space, local


def _is_at(path: tuple[Step, ...], steps: tuple[Step, ...]) -> bool:
    """Whether a path of the file is one that the layout has."""
    return len(path) == len(steps) and all(
        name == local and (not space or there in {space, _ANY})
        for (there, name), (space, local) in zip(path, steps, strict=True)
    )


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name
