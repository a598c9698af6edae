"""The audit out of the house (R101)."""

from datetime import timedelta

import orjson
import pytest

from brownfield.ledger.audit import export, verify_export


@pytest.fixture
def lines(ledger, write, entry, now):
    for hour in range(5):
        write(entry(at=now + timedelta(hours=hour), body={"n": hour}), entry(at=now), chain="server")
        write(entry(at=now + timedelta(hours=hour)), chain="cli")
    with ledger.read() as connection:
        return list(export(connection, now + timedelta(hours=1), now + timedelta(hours=4)))


def test_a_window_verifies_offline(lines, key):
    found = verify_export(lines, {"k1": key})
    assert found.ok
    assert [(r.chain, r.entries) for r in found.chains] == [("cli", 3), ("server", 5)]


def test_a_chain_has_no_gap_though_times_are_not_in_order(lines):
    numbers = [orjson.loads(orjson.loads(line)["body"])["seq"] for line in lines]
    assert numbers == [2, 3, 4, 3, 4, 5, 6, 7]


def test_the_text_is_the_text_that_is_stored(lines, key):
    edited = [line.replace(b'\\"n\\":2', b'\\"n\\":7') for line in lines]
    assert edited != lines
    (report,) = [r for r in verify_export(edited, {"k1": key}).chains if not r.ok]
    assert (report.chain, report.broken_at) == ("server", 5)


@pytest.mark.parametrize("gone", [1, 4])
def test_a_line_taken_out_is_found(gone, lines, key):
    assert not verify_export(lines[:gone] + lines[gone + 1 :], {"k1": key}).ok


def test_lines_in_another_order_are_found(lines, key):
    assert not verify_export([lines[1], lines[0], *lines[2:]], {"k1": key}).ok


def test_without_the_key_nothing_is_good(lines):
    assert verify_export(lines, {}).entries == 0


@pytest.mark.parametrize("line", [b"", b"[]\n", b'{"body": "{}"}\n', b"\xff"])
def test_what_is_no_export_is_refused(line, key):
    with pytest.raises(ValueError, match="not a line of an export"):
        verify_export([line], {"k1": key})


def test_an_empty_window_is_empty(ledger, now):
    with ledger.read() as connection:
        assert list(export(connection, now, now)) == []
