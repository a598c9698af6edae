"""Seals in a file of their own."""

import pytest

from brownfield.ledger.audit import AuditKey, Seal, Seals, append_seals, read_seals, seal, verify

KEY = AuditKey("k1", b"k" * 32)
KEYS = {"k1": KEY}
SEALS = [Seal("cli", 3, b"\x01" * 32), Seal("server", 7, b"\x02" * 32)]


def test_a_seal_is_the_head_of_each_chain(ledger, write, entry):
    write(entry(), entry())
    write(entry(), chain="cli")
    with ledger.read() as connection:
        assert [(s.chain, s.seq) for s in seal(connection)] == [("cli", 1), ("server", 2)]


def test_seals_are_only_ever_added(tmp_path, now):
    path = tmp_path / "seals.jsonl"
    assert read_seals(path, KEYS) == Seals()
    append_seals(path, KEY, SEALS, now)
    append_seals(path, KEY, SEALS, now)
    assert read_seals(path, KEYS) == Seals((*SEALS, *SEALS), now)


def test_only_the_owner_reads_them(tmp_path, now):
    path = tmp_path / "seals.jsonl"
    append_seals(path, KEY, SEALS, now)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_torn_by_a_kill_costs_only_itself(cut, tmp_path, now):
    path = tmp_path / "seals.jsonl"
    append_seals(path, KEY, SEALS, now)
    path.write_bytes(path.read_bytes()[:-cut])
    append_seals(path, KEY, SEALS, now)
    assert read_seals(path, KEYS).found[0] == SEALS[0]
    assert list(read_seals(path, KEYS).found[-2:]) == SEALS


def test_a_line_that_was_changed_added_or_taken_out_ends_the_reading(tmp_path, now):
    """R99: without the key of the audit nobody makes a line, nor one less in between."""
    path = tmp_path / "seals.jsonl"
    for _ in range(3):
        append_seals(path, KEY, SEALS, now)
    lines = path.read_bytes().splitlines(keepends=True)
    unsigned = b'{"at":1,"chain":"cli","mac":"00","seq":1}\n'
    changed = lines[1].replace(b'"seq":7', b'"seq":6')
    assert changed != lines[1]
    for content, line in (([lines[0], changed, *lines[2:]], 2), ([lines[0], *lines[2:]], 2), (lines[1:], 1),
                          ([unsigned], 1), ([*lines, unsigned], 7)):  # fmt: skip
        path.write_bytes(b"".join(content))
        read = read_seals(path, KEYS)
        assert read.problem.startswith(f"line {line} of the seals")
        assert len(read.found) == line - 1


def test_seals_that_are_gone_or_not_ours_are_no_silence(ledger, write, entry, key, tmp_path, now):
    """R99: of a ledger whose server ran there are seals; verification says how many, and of when."""
    path, keys = tmp_path / "seals.jsonl", {key.id: key}
    write(entry(event="server.stopped"))
    with ledger.read() as connection:
        append_seals(path, key, seal(connection), now)
        good = verify(connection, keys, read_seals(path, keys))
        assert (good.ok, good.seals, good.sealed_at) == (True, 1, now)
        forged = verify(connection, keys, Seals((), None, "line 1 is not ours"))
        assert (forged.ok, forged.unsealed) == (False, "line 1 is not ours")
        gone = verify(connection, keys, Seals())
        assert (gone.ok, gone.unsealed) == (False, "a server ran on this ledger, and no seal of it is left")
