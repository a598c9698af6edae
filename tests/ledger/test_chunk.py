"""Chunks: events of one transaction in one row. A reader cannot tell them from rows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from brownfield.contract import Arrival, Documents, Unavailable
from brownfield.contract.adapter import Image
from brownfield.ledger.batch import FileState, begin_file, finish_file
from brownfield.ledger.chunk import Packed, key_of
from brownfield.ledger.conflict import Settled
from brownfield.ledger.count import file_counts
from brownfield.ledger.event import Rows, append_events, page, position

FIXED = {"environment": "production", "wrapper": "inventory", "shape": "s1"}


def documents(numbers):
    lines = "".join(f'{{"sku":"K-{number}","n":{number}}}\n' for number in numbers)
    return Documents(numbers, [f"K-{number}" for number in numbers], [lines.encode()])


def shouted(source):
    """An adapter that renders records: here they are their numbers."""
    assert (source.adapter, source.layout, source.kind) == ("files", "how", "detail")
    return documents([int(number) for number in source.data.split()]).lines


def image(numbers):
    return Packed.of_image(Image(numbers, [b" ".join(b"%d" % number for number in numbers)], "how", "files"), "detail")


KEPT = {"rows": Rows.of, "bare": Rows.without_keys, "chunks": Packed.of, "raw": lambda d: image(d.numbers)}


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


def begun(connection, now, feed, content="A"):
    arrival = Arrival(content, 1, f"{content}{feed}".rjust(64, "0"))
    return begin_file(connection, arrival=arrival, now=now, feed=feed, **FIXED).id


def followed(connection, feed, limit):
    """A consumer reads to the end, so many at a time."""
    position, seen = 0, []
    while True:
        found = page(connection, environment="production", feed=feed, after=position, limit=limit, render=shouted)
        if found.position == position:
            return seen
        assert len(found.events) <= limit
        seen += found.events
        position = found.position


NUMBERS = st.lists(st.integers(0, 60), min_size=1, unique=True).map(sorted)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=NUMBERS, cuts=st.sets(st.integers(0, 60)), limit=st.integers(1, 9), file=st.text("abc", min_size=1))
def test_a_consumer_cannot_tell_how_events_are_kept(ledger, now, numbers, cuts, limit, file):
    """R20: records that are no events leave gaps; pages end anywhere; every sink gives the same events."""
    told = {}
    for sink, kept in KEPT.items():
        with ledger.write() as connection:
            number = begun(connection, now, sink, file)
            low = -1
            for high in [*sorted(cuts), 61]:
                part = [one for one in numbers if low < one <= high]
                append_events(connection, number, "t.v1", "sku", kept(documents(part)), now)
                low = high
            events = [event for event in followed(connection, sink, limit) if event.file == file]
            assert file_counts(connection, number) == (len(numbers), 0)
            told[sink] = [(event.record, event.key, event.data, event.type, event.at, event.id - (number << 32))
                          for event in events]  # fmt: skip
            finish_file(connection, number, FileState.REFUSED, records=0, events=0, quarantined=0, now=now)
            connection.rollback()
    assert told["rows"] == told["bare"] == told["chunks"] == told["raw"]
    assert [one[0] for one in told["rows"]] == numbers


def test_a_sink_may_change_within_a_file(connection, now):
    """R20: a killed run is taken up again by another setting."""
    file = begun(connection, now, "f")
    for numbers, sink in (([0, 1], "rows"), ([2, 4], "bare"), ([5], "raw"), ([6, 7], "bare")):
        append_events(connection, file, "t.v1", "sku", KEPT[sink](documents(numbers)), now)
    assert [event.record for event in followed(connection, "f", 3)] == [0, 1, 2, 4, 5, 6, 7]
    assert position(connection) == file << 32 | 7


def test_a_chunk_is_stored_once(connection, now):
    """R20: the same chunk again voids its transaction."""
    file = begun(connection, now, "f")
    append_events(connection, file, "t.v1", "sku", Packed.of(documents([3, 4])), now)
    with pytest.raises(IntegrityError):
        append_events(connection, file, "t.v1", "sku", Packed.of(documents([3, 4])), now)


def test_nothing_is_stored_of_a_chunk_without_events_or_after_the_end(connection, now):
    """R20: a chunk of damaged records only; a file that has ended."""
    file = begun(connection, now, "f")
    append_events(connection, file, "t.v1", "sku", Packed.of(documents([])), now)
    assert position(connection) == 0
    finish_file(connection, file, FileState.COMMITTED, records=0, events=0, quarantined=0, now=now)
    with pytest.raises(Settled):
        append_events(connection, file, "t.v1", "sku", Packed.of(documents([1])), now)


def test_records_without_their_adapter_are_not_skipped(connection, now):
    """R20: a reader is told, and reads on when the adapter is there again."""
    append_events(connection, begun(connection, now, "f"), "t.v1", "sku", image([1, 2]), now)
    with pytest.raises(Unavailable):
        page(connection, environment="production")


@pytest.mark.parametrize(("data", "key"), [('{"sku":"A"}', "A"), ('{"sku":0}', "0"), ('{"sku":null}', ""), ("{}", "")])
def test_an_event_without_a_key_has_none(data, key):
    """A nil one was told as the word None, which somebody may take for a thing."""
    assert key_of(data, "sku") == key
