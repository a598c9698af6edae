"""T28: what somebody with write access to the database can do to the audit, and that each is found (R101)."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from brownfield.ledger.audit import AuditKey, Seal, Seals, append, seal, verify
from brownfield.ledger.store import Ledger


@pytest.fixture
def story(write, entry, now):
    """Two chains, six entries each, with subjects."""
    for n in range(6):
        more = {"identity": "agent", "wrapper": "inventory", "operation": "get_stock", "proposal": f"p{n}"}
        write(entry(subjects={"sku": f"A{n}"}, body={"n": n}, **more))
        write(entry(event="key.added", body={"n": n}), chain="cli")


@pytest.fixture
def tamper(path):
    """Run SQL on the file, behind the ledger's back and without its rules."""

    def tamper(sql, *values):
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql) if not values else connection.execute(sql, values)
            connection.commit()

    return tamper


@pytest.fixture
def check(ledger, key):
    def check(*seals):
        with ledger.read() as connection:
            return verify(connection, {"k1": key}, Seals(tuple(seals)))

    return check


@pytest.fixture
def seals(ledger, story):
    with ledger.read() as connection:
        return seal(connection)


def broken(found):
    (report,) = [report for report in found.chains if not report.ok]
    assert not found.ok
    return report.chain, report.broken_at, report.reason


def test_what_nobody_touched_is_whole(story, check, seals):
    found = check(*seals)
    assert found.ok
    assert found.entries == 12
    assert [(r.chain, r.entries, r.broken_at, r.reason) for r in found.chains] == [
        ("cli", 6, None, ""),
        ("server", 6, None, ""),
    ]


def test_an_empty_audit_is_whole(check):
    assert check().ok


def test_one_byte_edited(story, tamper, check):
    tamper(
        "UPDATE bf_entry SET body = CAST(replace(body, '\"n\":3', '\"n\":9') AS BLOB) WHERE chain='server' AND seq=4"
    )
    chain, at, reason = broken(check())
    assert (chain, at) == ("server", 4)
    assert "changed" in reason


def test_a_mac_edited(story, tamper, check):
    tamper("UPDATE bf_entry SET mac = zeroblob(32) WHERE chain='server' AND seq=2")
    assert broken(check())[:2] == ("server", 2)


@pytest.mark.parametrize("seq", [1, 3])
def test_an_entry_deleted(seq, story, tamper, check):
    tamper(f"DELETE FROM bf_entry WHERE chain='server' AND seq={seq}")
    assert broken(check()) == ("server", seq, "it is missing")


def test_an_entry_deleted_and_the_rest_renumbered(story, tamper, check):
    tamper("DELETE FROM bf_entry WHERE chain='server' AND seq=3")
    for seq in (4, 5, 6):
        tamper(f"UPDATE bf_entry SET seq=seq-1 WHERE chain='server' AND seq={seq}")
    assert broken(check())[:2] == ("server", 3)


def test_two_entries_swapped(story, tamper, check):
    tamper("""
        UPDATE bf_entry SET seq=-3 WHERE chain='server' AND seq=3;
        UPDATE bf_entry SET seq=3 WHERE chain='server' AND seq=4;
        UPDATE bf_entry SET seq=4 WHERE chain='server' AND seq=-3;
    """)
    assert broken(check())[:2] == ("server", 3)


def test_an_entry_replaced_by_a_copy_of_another(story, tamper, check):
    tamper("""
        UPDATE bf_entry SET (body, mac) = (SELECT body, mac FROM bf_entry WHERE chain='server' AND seq=2)
        WHERE chain='server' AND seq=5
    """)
    assert broken(check())[:2] == ("server", 5)


def test_an_entry_moved_to_another_chain(story, tamper, check):
    tamper("UPDATE bf_entry SET chain='extra', seq=1 WHERE chain='server' AND seq=6")
    found = check()
    assert {report.chain: report.ok for report in found.chains} == {"cli": True, "extra": False, "server": False}


def test_an_entry_made_up_with_another_key(story, ledger, check, entry):
    with ledger.write() as connection:
        append(connection, AuditKey("k1", b"x" * 32), "server", [entry()])
    assert broken(check())[:2] == ("server", 7)


def test_a_key_that_is_not_at_hand_is_named(story, ledger, check, entry):
    with ledger.write() as connection:
        append(connection, AuditKey("k2", b"x" * 32), "server", [entry()])
    chain, at, reason = broken(check())
    assert (chain, at) == ("server", 7)
    assert "k2" in reason


def test_keys_may_change_along_a_chain(story, ledger, key, entry):
    """R56."""
    new = AuditKey("k2", b"x" * 32)
    with ledger.write() as connection:
        append(connection, new, "server", [entry()])
    with ledger.read() as connection:
        assert verify(connection, {"k1": key, "k2": new}).ok


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", 1), ("event", "nothing"), ("identity", "bob"), ("wrapper", None), ("operation", "x"), ("proposal", "p0")],
)
def test_a_column_that_disagrees_with_the_bytes(column, value, story, tamper, check):
    """Searches read the columns: they must say what was written."""
    tamper(f"UPDATE bf_entry SET {column}=? WHERE chain='server' AND seq=3", value)
    chain, at, reason = broken(check())
    assert (chain, at) == ("server", 3)
    assert "columns" in reason


@pytest.mark.parametrize("value", ["text", b"not json", b"[]", b"{}", 7])
def test_bytes_that_no_writer_writes(value, story, tamper, check):
    tamper("UPDATE bf_entry SET body=? WHERE chain='server' AND seq=3", value)
    assert broken(check())[:2] == ("server", 3)


def test_an_entry_moved_in_time_by_its_id(story, tamper, check):
    tamper("UPDATE bf_entry SET id=0 WHERE chain='server' AND seq=3")
    assert broken(check())[:2] == ("server", 3)


def test_the_tail_cut_the_head_left(story, tamper, check):
    tamper("DELETE FROM bf_entry WHERE chain='server' AND seq > 4")
    chain, at, reason = broken(check())
    assert (chain, at) == ("server", 5)
    assert "tail" in reason


CUT = """
    DELETE FROM bf_entry WHERE chain='server' AND seq > 4;
    DELETE FROM bf_subject WHERE entry NOT IN (SELECT id FROM bf_entry);
    UPDATE bf_chain SET seq=4, mac=(SELECT mac FROM bf_entry WHERE chain='server' AND seq=4) WHERE id='server';
"""


def test_the_tail_cut_with_a_matching_head_is_found_by_the_seal(story, tamper, check, seals):
    tamper(CUT)
    assert check().ok  # from inside nothing can tell: this is what seals are for
    chain, at, reason = broken(check(*seals))
    assert (chain, at) == ("server", 5)
    assert "older copy" in reason


def test_a_tail_cut_and_written_anew_with_the_key_is_found_by_the_seal(story, tamper, check, seals, write, entry):
    tamper(CUT)
    write(entry(), entry(), entry())
    assert check().ok
    assert broken(check(*seals)) == ("server", 6, "it is not the entry that was sealed")


def test_an_old_backup_put_back(story, path, tmp_path, ledger, key, write, entry):
    ledger.close()
    backup = shutil.copy(path, tmp_path / "backup.db")
    write(entry())
    with ledger.read() as connection:
        seals = seal(connection)
    restored = Ledger(f"sqlite:///{backup}")
    with restored.read() as connection:
        assert verify(connection, {"k1": key}).ok
        assert broken(verify(connection, {"k1": key}, Seals(tuple(seals))))[:2] == ("server", 7)
    restored.close()


@pytest.mark.parametrize("table", ["bf_entry", "bf_chain"])
def test_one_half_of_a_chain_gone(table, story, tamper, check):
    tamper(f"DELETE FROM {table} WHERE {'chain' if table == 'bf_entry' else 'id'}='cli'")
    assert broken(check())[0] == "cli"


def test_a_whole_chain_gone_is_found_by_the_seal(story, tamper, check, seals):
    tamper("DELETE FROM bf_entry WHERE chain='cli'; DELETE FROM bf_chain WHERE id='cli'")
    assert check().ok
    assert broken(check(*seals))[:2] == ("cli", 1)


def test_everything_gone_is_found_by_the_seals(story, tamper, check, seals):
    tamper("DELETE FROM bf_entry; DELETE FROM bf_chain; DELETE FROM bf_subject")
    assert [report.ok for report in check(*seals).chains] == [False, False]


def test_seals_that_contradict_each_other_are_never_whole(story, check, seals):
    """A history that was rewritten and sealed again does not pass for the first one."""
    forged = [Seal(s.chain, s.seq, bytes(32)) for s in seals]
    assert not check(*forged, *seals).ok
    assert not check(*seals, *forged).ok


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM bf_subject WHERE entry=1",
        "INSERT INTO bf_subject SELECT token, 3 FROM bf_subject WHERE entry=1",
        "UPDATE bf_subject SET entry=entry+0.5 WHERE entry=1",
        "UPDATE bf_subject SET token='text' WHERE entry=1",
        "UPDATE bf_subject SET entry=4 - entry WHERE entry IN (1, 3)",
    ],
)
def test_a_question_led_astray(sql, story, tamper, check):
    """Who removes a subject from the index hides its entries from every question about it."""
    tamper(sql)
    found = check()
    assert not found.ok
    assert all(report.ok for report in found.chains)
    assert "index" in found.index


def test_it_says_how_far_it_is(story, ledger, key):
    told = []
    with ledger.read() as connection:
        verify(connection, {"k1": key}, progress=told.append)
    assert told == [6, 12]


def test_it_reads_what_was_committed_when_it_began(story, ledger, key, write, entry):
    with ledger.read() as connection:
        write_once = iter([lambda: write(entry())])
        assert verify(connection, {"k1": key}, progress=lambda _: next(write_once, lambda: None)()).entries == 12
