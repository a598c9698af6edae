"""The log of events: each once, none missed, whatever the order of commits."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from brownfield.contract import Arrival, Documents
from brownfield.ledger.batch import FileState, begin_file, finish_file
from brownfield.ledger.conflict import Settled
from brownfield.ledger.event import Rows, StoredEvent, append_events, page, position


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


@pytest.fixture
def begin(connection, now):
    """Begin a file of its own content and give its number."""

    def begin(name="A", **more):
        fixed = {"environment": "production", "wrapper": "inventory", "feed": "stock_count", "shape": "s1"}
        sha256 = f"{name:0>64}"
        return begin_file(connection, arrival=Arrival(name, 1, sha256), now=now, **{**fixed, **more}).id

    return begin


@pytest.fixture
def store(connection, now):
    def store(file, *records):
        lines = "".join(f'{{"n": {record}}}\n' for record in records).encode()
        documents = Documents(records, [f"key-{record}" for record in records], [lines])
        append_events(connection, file, "inventory.stock-counted.v1", "n", Rows.of(documents), now)

    return store


@pytest.fixture
def finish(connection, now):
    def finish(file, state=FileState.COMMITTED):
        finish_file(connection, file, state, records=0, events=0, quarantined=0, now=now)

    return finish


@pytest.fixture
def read(connection):
    """A consumer that remembers its position."""

    class Reader:
        position = 0

        def __call__(self, **more):
            found = page(connection, environment="production", after=self.position, **more)
            self.position = found.position
            return [(event.file, event.record) for event in found.events]

    return Reader()


def test_an_event_comes_with_what_its_envelope_needs(begin, store, connection, now):
    file = begin("STK1.DAT")
    store(file, 0, 3)
    found = page(connection, environment="production")
    assert found.events[1] == StoredEvent(
        id=file << 32 | 3,
        type="inventory.stock-counted.v1",
        key="key-3",
        data='{"n": 3}',
        at=now,
        file="STK1.DAT",
        sha256=f"{'STK1.DAT':0>64}",
        shape="s1",
        feed="stock_count",
        wrapper="inventory",
        record=3,
    )
    assert found.position == position(connection) == file << 32 | 3


def test_before_anything_there_is_nothing(read, connection):
    assert read() == []
    assert position(connection) == 0


def test_a_reader_does_not_pass_a_file_that_is_still_collecting(begin, store, finish, read):
    """R20, R87: two files interleaved: B commits first, and A's later events lie behind B's ids."""
    a, b = begin("A"), begin("B")
    store(a, 0)
    store(b, 0, 1)
    assert read() == [("A", 0)]  # A's own committed events are seen, B's are held back
    store(a, 1)
    finish(b)
    assert read() == [("A", 1)]  # though B is finished
    store(a, 2)
    finish(a)
    assert read() == [("A", 2), ("B", 0), ("B", 1)]
    assert read() == []


@pytest.mark.parametrize("state", [FileState.COMMITTED, FileState.HELD, FileState.REFUSED])
def test_a_file_that_is_settled_gets_no_more_events(state, begin, store, finish):
    """Otherwise a reader could be past it."""
    file = begin()
    finish(file, state)
    with pytest.raises(Settled):
        store(file, 1)
    with pytest.raises(Settled, match="unknown"):
        store(99, 1)


def test_a_record_is_stored_once(begin, store):
    """A chunk that is stored again, because its checkpoint was not, is refused whole."""
    file = begin()
    store(file, 0, 1)
    with pytest.raises(IntegrityError):
        store(file, 1, 2)


def test_pages_follow_each_other(begin, store, finish, read):
    a, b = begin("A"), begin("B")
    store(a, *range(3))
    store(b, *range(2))
    finish(a)
    pages = [read(limit=2) for _ in range(4)]
    assert pages == [[("A", 0), ("A", 1)], [("A", 2), ("B", 0)], [("B", 1)], []]


def test_a_reader_of_one_feed_moves_past_what_it_does_not_want(begin, store, finish, read, connection):
    a, b, c = begin("A"), begin("B", feed="prices"), begin("C", wrapper="billing")
    for file in (a, b, c):
        store(file, 0)
        finish(file)
    assert read(feed="prices") == [("B", 0)]
    assert read.position == position(connection)
    read.position = 0
    assert read(wrapper="billing") == [("C", 0)]
    read.position = 0
    assert read(feed="stock_count", wrapper="inventory", limit=1) == [("A", 0)]
    assert read.position == a << 32


def test_a_reader_sees_its_environment_only(begin, store, read):
    store(begin("A", environment="sandbox"), 0)
    assert read() == []


def test_the_largest_record_number_is_still_its_own_files(begin, store, finish, read):
    a, b = begin("A"), begin("B")
    store(a, 2**32 - 1)
    store(b, 0)
    finish(a)
    assert read() == [("A", 2**32 - 1), ("B", 0)]


class Collector:
    """Begins, grows and ends up to four files at a time, in one transaction that is never committed."""

    def __init__(self, connection, now):
        self.connection, self.now = connection, now
        self.opened, self.stored, self.contents = {}, [], itertools.count()

    def begin(self, number):
        if number not in self.opened:
            content = str(next(self.contents))
            fixed = {"environment": "production", "wrapper": "w", "feed": "f", "shape": "s", "now": self.now}
            made = begin_file(self.connection, arrival=Arrival(content, 1, content), **fixed)
            self.opened[number] = (made.id, itertools.count())

    def store(self, number):
        if number in self.opened:
            file, records = self.opened[number]
            record = next(records)
            append_events(self.connection, file, "t", "n", Rows([record], ["k"], ["{}"]), self.now)
            self.stored.append(file << 32 | record)

    def finish(self, number):
        if number in self.opened:
            file, _ = self.opened.pop(number)
            counts = {"records": 0, "events": 0, "quarantined": 0}
            finish_file(self.connection, file, FileState.ARCHIVED, now=self.now, **counts)


STEPS = st.lists(st.tuples(st.sampled_from(["begin", "store", "finish", "read"]), st.integers(0, 3)), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, limit=st.integers(1, 4))
def test_whatever_the_order_every_event_is_read_once_and_in_order(steps, limit, ledger, now):
    """Files begin, grow, end and are read in any order; at the end nothing was missed."""
    seen, after = [], 0
    with ledger.engine.connect() as connection:
        collector = Collector(connection, now)
        for action, number in [*steps, *(("finish", n) for n in range(4)), *[("read", 0)] * 40]:
            if action != "read":
                getattr(collector, action)(number)
                continue
            found = page(connection, environment="production", after=after, limit=limit)
            seen += [event.id for event in found.events]
            after = found.position
    assert seen == sorted(collector.stored)
