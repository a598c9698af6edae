"""Seals in a file of their own."""

import pytest

from brownfield.ledger.audit import Seal, append_seals, read_seals, seal

SEALS = [Seal("cli", 3, b"\x01" * 32), Seal("server", 7, b"\x02" * 32)]


def test_a_seal_is_the_head_of_each_chain(ledger, write, entry):
    write(entry(), entry())
    write(entry(), chain="cli")
    with ledger.read() as connection:
        assert [(s.chain, s.seq) for s in seal(connection)] == [("cli", 1), ("server", 2)]


def test_seals_are_only_ever_added(tmp_path, now):
    path = tmp_path / "seals.jsonl"
    assert read_seals(path) == []
    append_seals(path, SEALS, now)
    append_seals(path, SEALS, now)
    assert read_seals(path) == SEALS * 2


def test_only_the_owner_reads_them(tmp_path, now):
    path = tmp_path / "seals.jsonl"
    append_seals(path, SEALS, now)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_line_torn_by_a_kill_costs_only_itself(cut, tmp_path, now):
    path = tmp_path / "seals.jsonl"
    append_seals(path, SEALS, now)
    path.write_bytes(path.read_bytes()[:-cut])
    append_seals(path, SEALS, now)
    assert read_seals(path)[0] == SEALS[0]
    assert read_seals(path)[-2:] == SEALS
