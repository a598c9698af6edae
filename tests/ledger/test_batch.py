"""Files, checkpoints and quarantine (R20, R77)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from brownfield.contract import Arrival, Checkpoint, Damage
from brownfield.ledger.batch import (
    FileState,
    begin_file,
    files,
    find_file,
    finish_file,
    get_file,
    load_checkpoint,
    open_files,
    save_checkpoint,
)
from brownfield.ledger.conflict import Settled
from brownfield.ledger.migration.migrate import migrate
from brownfield.ledger.name import name_of
from brownfield.ledger.quarantine import (
    Quarantined,
    RecordState,
    add_quarantine,
    decide_record,
    open_by_feed,
    open_records,
    quarantined,
    still_open,
)
from brownfield.ledger.store import Ledger


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


@pytest.fixture
def begin(connection, now):
    def begin(name="STK1.DAT", sha256="a" * 64, **more):
        fixed = {"environment": "production", "wrapper": "inventory", "feed": "stock_count", "shape": "s1"}
        return begin_file(connection, arrival=Arrival(name, 120, sha256), now=now, **{**fixed, **more})

    return begin


COUNTS = {"records": 10, "events": 9, "quarantined": 1}


def test_a_file_that_begins_is_collecting(begin, connection, now):
    begun = begin()
    assert begun.state is FileState.COLLECTING
    assert (begun.name, begun.size, begun.seen_at, begun.settled_at) == ("STK1.DAT", 120, now, None)
    assert get_file(connection, begun.id) == begun
    assert get_file(connection, 99) is None


def test_a_file_is_what_it_holds_not_what_it_is_called(begin, connection):
    """T24: yesterday's file with today's name, or today's name on the same bytes."""
    first = begin("STK1.DAT")
    assert begin("STK2.DAT") == first
    assert find_file(connection, "inventory", "stock_count", "a" * 64, "s1") == first
    assert begin("STK1.DAT", sha256="b" * 64).id > first.id
    assert find_file(connection, "inventory", "stock_count", "c" * 64, "s1") is None


def test_another_layout_or_a_replay_makes_it_another_file(begin, connection):
    first, second, third = begin(), begin(shape="s2"), begin(replay=1)
    assert len({first.id, second.id, third.id}) == 3
    assert find_file(connection, "inventory", "stock_count", "a" * 64, "s1") == third
    fourth = begin(shape="s3")
    assert find_file(connection, "inventory", "stock_count", "a" * 64, None) == fourth, "however often it was replayed"


def test_what_a_killed_process_left_open_is_found_again(begin, connection, now):
    """R77: restart at every commit point."""
    first, second = begin(), begin(sha256="b" * 64)
    begin(feed="prices")
    finish_file(connection, first.id, FileState.COMMITTED, now=now, **COUNTS)
    assert open_files(connection, "inventory", "stock_count") == [second]


def test_a_file_is_committed_then_archived(begin, connection, now):
    begun = begin()
    later = now + timedelta(minutes=1)
    committed = finish_file(connection, begun.id, FileState.COMMITTED, now=now, **COUNTS)
    assert (committed.records, committed.events, committed.quarantined) == (10, 9, 1)
    assert finish_file(connection, begun.id, FileState.ARCHIVED, now=later, **COUNTS).settled_at == later


@pytest.mark.parametrize("state", [FileState.ARCHIVED, FileState.HELD, FileState.REFUSED])
def test_a_settled_file_stays_settled(state, begin, connection, now):
    begun = begin()
    finish_file(connection, begun.id, state, "totals differ", now=now, **COUNTS)
    with pytest.raises(Settled):
        finish_file(connection, begun.id, FileState.COMMITTED, now=now, **COUNTS)
    assert get_file(connection, begun.id).reason == "totals differ"


def test_nothing_is_collected_again_but_as_a_replay(begin, connection, now):
    with pytest.raises(ValueError, match="begin a replay"):
        finish_file(connection, begin().id, FileState.COLLECTING, now=now, **COUNTS)


def test_a_file_number_is_never_given_twice(begin, connection, now):
    last = begin()
    connection.exec_driver_sql("DELETE FROM bf_file")
    assert begin().id > last.id


def test_files_are_listed_newest_first_page_by_page(begin, connection, now):
    made = [begin(sha256=f"{n:064d}", feed="prices" if n == 2 else "stock_count") for n in range(4)]
    finish_file(connection, made[0].id, FileState.HELD, now=now, **COUNTS)
    ids = [file.id for file in made]
    assert [file.id for file in files(connection)] == ids[::-1]
    assert [file.id for file in files(connection, limit=2)] == [ids[3], ids[2]]
    assert [file.id for file in files(connection, before=ids[2])] == [ids[1], ids[0]]
    assert [file.id for file in files(connection, feed="prices")] == [ids[2]]
    assert [file.id for file in files(connection, wrapper="inventory", state=FileState.HELD)] == [ids[0]]


def test_a_checkpoint_comes_back_exactly_and_only_the_last(begin, connection, now):
    begun = begin()
    assert load_checkpoint(connection, begun.id) == Checkpoint()
    save_checkpoint(connection, begun.id, Checkpoint(5, 600, "p" * 64, {"units": "10.50"}, {"header": {"n": 1}}), now)
    last = Checkpoint(9, 1080, "q" * 64, {"units": "20.75"}, {})
    save_checkpoint(connection, begun.id, last, now)
    assert load_checkpoint(connection, begun.id) == last


def test_a_damaged_record_is_kept_whole(begin, connection, now):
    begun = begin()
    damages = [Damage(n, n * 12, b"\x00\xff raw", "QTY", "packed-nibble", "byte 3 is no digit") for n in (0, 4, 7)]
    add_quarantine(connection, begun.id, damages, now)
    add_quarantine(connection, begun.id, [], now)
    assert quarantined(connection, begun.id, limit=2) == [Quarantined(begun.id, damage, now) for damage in damages[:2]]
    assert quarantined(connection, begun.id, after=4) == [Quarantined(begun.id, damages[2], now)]
    assert quarantined(connection, 99) == []


def test_what_is_still_to_be_decided_is_found_among_what_was(begin, connection, now):
    """R20: by file and by feed, from an index of the open ones alone: a million decided ones are not read."""
    begun, other = begin(), begin(sha256="9" * 64, feed="prices")
    damages = [Damage(n, n * 12, b"raw", "QTY", "packed-nibble", "byte 3 is no digit") for n in range(5)]
    for file in (begun, other):
        add_quarantine(connection, file.id, damages, now)
    for record in (0, 1, 3):
        decide_record(connection, begun.id, record, RecordState.WRITTEN_OFF, by="marie", note="", now=now)
    assert [item.damage.number for item in still_open(connection, begun.id, limit=9)] == [2, 4]
    assert [item.damage.number for item in still_open(connection, other.id, limit=2)] == [0, 1]
    assert open_records(connection, [begun.id, other.id]) == {begun.id: 2, other.id: 5}
    assert open_by_feed(connection, "production") == {"inventory.prices": 5, "inventory.stock_count": 2}
    for find in (lambda: open_by_feed(connection, "production"), lambda: open_records(connection, [begun.id])):
        assert "INDEX ix_bf_quarantine_open" in _plan(connection, find)


def _plan(connection, find):
    """How SQLite goes about what a function asks."""
    asked = []
    event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2:4]), named=False)
    find()
    statement, values = asked[-1]
    return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))


def test_a_ledger_has_a_name_of_its_own_for_ever(tmp_path):
    """R77: what it claimed outside is known by it after any restart; no two have the same."""
    names = []
    for number in (1, 1, 2):
        ledger = Ledger(f"sqlite:///{tmp_path}/{number}.db")
        migrate(ledger)
        with ledger.read() as connection:
            names.append(name_of(connection))
        ledger.close()
    assert names[0] == names[1] != names[2]
    assert re.fullmatch("[0-9a-f]{12}", names[0])
