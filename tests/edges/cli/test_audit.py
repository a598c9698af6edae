"""`audit`: verified against its chains and taken out, with the key that lies beside the ledger."""

import json
import sqlite3

import pytest


@pytest.fixture
def filled(run, wms):
    run("keys", "create", "op", "--role", "operator", "--person", "olga", "--grant", "*")


def test_an_audit_that_is_whole_verifies(run, filled):
    document = json.loads(run("audit", "verify", "--json").stdout)
    assert document["ok"]
    assert document["chains"] == [{"chain": "cli", "entries": 2, "ok": True, "broken_at": None, "reason": ""}]


def test_a_changed_entry_exits_65_and_is_named(run, filled, place):
    database = sqlite3.connect(place / "home" / "ledger.db")
    with database:
        database.execute("UPDATE bf_entry SET body = replace(CAST(body AS TEXT), 'olga', 'otto') WHERE seq = 1")
    database.close()
    assert "BROKEN at 1" in run("audit", "verify", code=65).stdout


def test_an_export_verifies_without_the_database(run, filled, place):
    run("audit", "export", "--out", "audit.jsonl")
    assert (place / "audit.jsonl").stat().st_mode & 0o077 == 0
    assert "3 entries" in run("audit", "verify", "audit.jsonl").stdout
    text = (place / "audit.jsonl").read_text()
    (place / "audit.jsonl").write_text(text.replace("olga", "otto"))
    run("audit", "verify", "audit.jsonl", code=65)


def test_an_export_goes_to_stdout_unless_told(run, filled):
    lines = run("audit", "export").stdout.splitlines()
    assert [json.loads(json.loads(line)["body"])["event"] for line in lines] == [
        "key.created", "grant.added", "audit.exported"]  # fmt: skip


def test_an_export_overwrites_nothing(run, filled, place):
    (place / "audit.jsonl").write_text("precious")
    run("audit", "export", "--out", "audit.jsonl", code=74)
    assert (place / "audit.jsonl").read_text() == "precious"


def test_a_window_is_given_in_dates(run, filled):
    assert run("audit", "export", "--since", "2999-01-01").stdout == ""
    assert run("audit", "export", "--until", "1999-01-01").stdout == ""
    assert "is no date" in run("audit", "export", "--since", "tuesday", code=64).stderr


def test_what_is_no_export_is_refused(run, filled, place):
    (place / "x.jsonl").write_text("{}\n")
    assert "not an export" in run("audit", "verify", "x.jsonl", code=65).stderr
    run("audit", "verify", "none.jsonl", code=74)
