"""A reply that is one long list → its rows, one by one, while it still comes.

The XML is parsed as it arrives and each row is taken out of the tree as soon as it is read, so memory stays flat. What
is not that kind of reply — a fault, an empty list, a page — is parsed to its end and read like any other.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from lxml import etree

from brownfield.contract import Drifted, Failure, Fields
from brownfield_soap.answer import Answer
from brownfield_soap.check import Check
from brownfield_soap.decode import names_match
from brownfield_soap.model import Field, Model, Operation
from brownfield_soap.reply import Parsed
from brownfield_soap.transport import Exchange
from brownfield_soap.tree import Tree, options, refuse_doctype

Read = Callable[[etree._Element, str], Any]
Examine = Callable[[etree._Element], None]
"""Looks at an Envelope of which the Header is there, and raises when it is not the answer to the request."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How to find and read the rows of one operation's reply.

    Attributes:
        path: The elements around a row, from the Envelope inwards.
        row: The row itself.
        read: Reads one.
        check: Holds one to the contract.
    """

    path: tuple[str, ...]
    row: Field
    read: Read
    check: Check


def rows(model: Model, operation: Operation, answer: Answer, read: Callable[[str], Read], schema: Any) -> Rows | None:
    """How to stream the rows of an operation; None when its reply has none, or cannot be streamed."""
    if not answer.rows or operation.rpc or operation.reply is None:
        return None
    (row,) = model.records[str(answer.type)].fields
    envelope = f"{{{model.envelope}}}"
    wrapper = () if answer.step is None else (answer.step.tag,)
    path = (f"{envelope}Envelope", f"{envelope}Body", operation.reply.tag, *wrapper)
    one = {**schema["properties"]["items"]["items"], "$defs": schema.get("$defs", {})}
    return Rows(path, row, read(str(row.type)), Check(one))


class Coming(Iterator[Fields]):
    """Rows that still come. When they end, fail or are given up, the connection is free again."""

    def __init__(self, first: Fields, others: Iterator[Fields], exchange: Exchange) -> None:
        self._waiting = [first]
        self._others = others
        self._exchange = exchange

    def __next__(self) -> Fields:
        if self._waiting:
            return self._waiting.pop()
        try:
            return next(self._others)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives the rest up. May be called twice."""
        self._waiting.clear()
        self._others = iter(())
        self._exchange.close()

    def read_on(self) -> None:
        """Reads the rest now, so that its socket is free. What goes wrong is told where the rows end."""
        self._others = _again(*_rest(self._others))
        self._exchange.close()

    def __del__(self) -> None:
        self._exchange.close()


def _rest(rows: Iterator[Fields]) -> tuple[list[Fields], Failure | None]:
    read: list[Fields] = []
    try:
        for row in rows:
            read.append(row)  # one by one: what came before a failure counts
    except Failure as failure:
        return read, failure
    return read, None


def _again(rows: list[Fields], failure: Failure | None) -> Iterator[Fields]:
    yield from rows
    if failure is not None:
        raise failure


class Unread(threading.local):
    """The rows that still come to a thread, each of which holds a socket."""

    def __init__(self) -> None:
        self._rows: WeakSet[Coming] = WeakSet()

    def add(self, rows: Coming) -> None:
        """Remembers rows as long as somebody holds them."""
        self._rows.add(rows)

    def read_on(self) -> None:
        """Reads all of them to their end: who makes a call while he reads rows must not wait for himself."""
        for rows in list(self._rows):
            rows.read_on()
        self._rows.clear()


class Stream:
    """One reply, parsed as it comes."""

    def __init__(self, rows: Rows, exchange: Exchange, path: str, max_bytes: int, examine: Examine) -> None:
        self._rows = rows
        self._examine = examine
        self._exchange = exchange
        self._path = f"{path}/{rows.row.name}"
        local = rows.row.tag.rpartition("}")[2]
        self._parser = etree.XMLPullParser(events=("end",), tag=f"{{*}}{local}", **options())
        self._tree = Tree(self._parser, max_bytes)
        self._chunks = exchange.chunks()
        self._within: etree._Element | None = None
        self._root: etree._Element | None = None
        self._count = 0

    def begin(self) -> Coming | None:
        """The rows, once the first has come; None when the reply ended without one, and is then `parsed`.

        Raises:
            Drifted: The first row is outside the contract.
            Uncertain: The connection was lost.
        """
        found = self._events()
        try:
            first = next(found, None)
        except etree.XMLSyntaxError:
            return None
        return None if first is None else Coming(first, self._later(found), self._exchange)

    def parsed(self) -> Parsed:
        """The whole reply, when it has no rows."""
        return Parsed(self._exchange.status, self._exchange.media_type, self._root, self._tree.empty)

    def _events(self) -> Iterator[Fields]:
        """The rows, as the parser completes them."""
        for chunk in self._chunks:
            self._tree.feed(chunk)
            events: Any = self._parser.read_events()
            for _, element in events:
                if self._is_next(element) or self._is_first(element):
                    yield self._row(element)
        self._root = None if self._tree.empty else self._tree.root()

    def _later(self, found: Iterator[Fields]) -> Iterator[Fields]:
        try:
            yield from found
        except etree.XMLSyntaxError:
            raise Drifted(f"The reply breaks off or is not well-formed after {self._count} rows.") from None
        if self._root is None or len(self._root[-1]) != 1:
            raise Drifted("The reply is outside the contract: its Body holds more than the answer.")
        beside = [str(one.tag) for one in self._root[-1][0]]
        if sum(names_match(tag, one) for tag in self._rows.path[3:] for one in beside) > 1:
            raise Drifted(f"The reply is outside the contract: it has a second list after {self._count} rows.")

    def _is_next(self, element: etree._Element) -> bool:
        """Whether an element is a row that stands beside the first."""
        tag = str(element.tag)
        known = tag == self._rows.row.tag or names_match(self._rows.row.tag, tag)
        return known and element.getparent() is self._within

    def _is_first(self, element: etree._Element) -> bool:
        """Whether an element is the first row: it stands where the contract says. Later ones stand beside it."""
        around = list(element.iterancestors())[::-1]
        names = [str(one.tag) for one in around]
        if self._within is not None or len(names) != len(self._rows.path) or names[:3] != list(self._rows.path[:3]):
            return False
        if not all(map(names_match, self._rows.path[3:], names[3:])):
            return False
        if not names_match(self._rows.row.tag, str(element.tag)):
            return False
        refuse_doctype(element)
        self._examine(around[0])
        self._within = around[-1]
        return True

    def _row(self, element: etree._Element) -> Fields:
        """One row, read and held to the contract."""
        self._count += 1
        try:
            found: Fields = self._rows.read(element, self._path)
        except RecursionError:
            raise Drifted(f"The reply is nested too deeply: {self._path}, row {self._count}.") from None
        fault = self._rows.check.fault(found)
        if fault is not None:
            raise Drifted(f"The reply is outside the contract: {self._path}, row {self._count}: {fault}.")
        self._forget(element)
        return found

    def _forget(self, row: etree._Element) -> None:
        """Takes a row, and whatever stood before it, out of the tree."""
        before = row.getprevious()
        while before is not None and self._within is not None:
            self._within.remove(before)
            before = row.getprevious()
        row.clear()  # it stays until the next: the parser still writes the text behind it
        self._tree.forget()
