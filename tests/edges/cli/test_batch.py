"""Batch files and their records from the command line: what is asked of the server, and what a person reads."""

import pytest

FILE = {"id": 12, "feed": "inventory.stock_count", "name": "STK1.DAT", "state": "held", "records": 602, "events": 590,
        "quarantined": 12, "open": 7, "reason": "12 records cannot be read"}  # fmt: skip
RECORD = {"record": 412, "state": "open", "offset": 32960, "field": "on_hand", "code": "packed",
          "reason": "0xF1 holds a nibble that is no digit", "raw": "c4d560f5"}  # fmt: skip


def test_files_are_listed_with_their_state(run, server):
    """R97: what is held, and why."""
    server.answers["GET /v1/batches"] = (200, {"batches": [FILE]})
    said = run("batches", "--feed", "inventory.stock_count").stdout
    assert all(word in said for word in ("12", "STK1.DAT", "held", " 7 ", "12 records cannot be read"))


def test_the_status_says_how_many_records_are_open(run, server):
    """R97: nobody lists files to find out."""
    server.answers["GET /v1/status"] = (200, {"environment": "sandbox", "identity": "op", "role": "operator",
        "systems": [], "unread": [{"feed": "inventory.stock_count", "records": 1200}]})  # fmt: skip
    said = " ".join(run("status").stdout.split())
    assert "inventory.stock_count: 1,200 records could not be read and wait for a person" in said


def test_the_status_says_which_files_were_refused(run, server):
    """R97: how many, the latest names, and where the reasons are."""
    lost = [{"id": n, "feed": "inventory.stock_count", "file": f"STK{n}.DAT", "reason": "totals"} for n in (4, 3, 2, 1)]
    status = {"environment": "sandbox", "identity": "op", "role": "operator", "systems": []}
    server.answers["GET /v1/status"] = (200, status | {"refused": lost, "more_refused": False})
    said = " ".join(run("status").stdout.split())
    assert "4 files were refused in the last 24 hours: STK4.DAT, STK3.DAT, STK2.DAT, …. See why:" in said
    server.answers["GET /v1/status"] = (200, status | {"refused": lost[:1], "more_refused": False})
    assert "1 file was refused in the last 24 hours: STK4.DAT." in " ".join(run("status").stdout.split())


def test_records_are_listed_with_their_reason(run, server):
    """R97."""
    server.answers["GET /v1/batches/12/quarantine"] = (200, {"quarantined": [RECORD]})
    said = run("batches", "records", 12).stdout
    assert all(word in said for word in ("412", "open", "no digit", "c4d560f5"))


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["resume", 12, "--note", "fine"], "12/resume", {"note": "fine"}),
        (["refuse", 12, "--note", "not ours"], "12/refuse", {"note": "not ours"}),
        (["correct", 12, 412, "--raw", "c4"], "12/quarantine/412/correct", {"raw": "c4", "note": ""}),
        (["correct", 12, 412, "--fields", '{"a": 1}'], "12/quarantine/412/correct", {"fields": {"a": 1}, "note": ""}),
        (["write-off", 12, 412, "--note", "twice"], "12/quarantine/412/write-off", {"note": "twice"}),
    ],
)
def test_a_decision_is_sent_with_its_note(run, server, words, path, body):
    """R72, R98."""
    server.answers[f"POST /v1/batches/{path}"] = (200, FILE | RECORD)
    run("batches", *words)
    assert server.last[2] == body


def test_a_file_that_is_held_again_ends_as_a_held_one_does(run, server):
    """R72: it had gone, and a script must not go on as if it were taken in."""
    server.answers["POST /v1/batches/12/resume"] = (200, FILE | {"id": 13, "state": "held", "reason": "No such file"})
    assert "No such file" in run("batches", "resume", 12, code=65).stdout


def test_records_that_are_read_again_are_listed(run, server):
    """R20."""
    server.answers["POST /v1/batches/12/replay"] = (200, {"quarantined": [RECORD | {"state": "corrected"}]})
    assert "corrected" in run("batches", "replay", 12).stdout


def test_records_that_still_cannot_be_read_are_counted_and_end_it_with_65(run, server):
    """R20, R97: a script that replays has to see it."""
    ended = [RECORD, RECORD | {"record": 413, "state": "corrected"}]
    server.answers["POST /v1/batches/12/replay"] = (200, {"quarantined": ended})
    said = run("batches", "replay", 12, code=65).stdout
    assert "1 became events, 1 still cannot be read and stay open." in said
    server.answers["POST /v1/batches/12/replay"] = (200, {"quarantined": []})
    assert "No record of it is open" in run("batches", "replay", 12).stdout


@pytest.mark.parametrize("words", [[], ["--raw", "c4", "--fields", "{}"], ["--fields", "{a}"]])
def test_what_cannot_be_meant_is_not_sent(run, server, words):
    """R97."""
    run("batches", "correct", 12, 412, *words, code=65)
    assert server.asked == []


def test_the_status_says_what_waits_and_what_is_held(run, server):
    """R97: at three in the morning: what happened, what did not, what to do next."""
    server.answers["GET /v1/status"] = (200, {
        "environment": "production", "identity": "op", "role": "operator", "systems": [],
        "collecting": [{"feed": "inventory.stock_count", "file": "STK2.DAT", "percent": 43, "records": 1200,
                        "seconds_left": 130, "files_behind": 3}],
        "waiting": [{"feed": "inventory.stock_count", "files": 2, "oldest": "STK3.DAT", "since": "2026-11-21T03:00:00",
                     "waits_for": "its marker is not there"}],
        "held": [FILE | {"file": "STK1.DAT", "since": "2026-11-21T02:00:00"}],
    })  # fmt: skip
    said = run("status").stdout
    assert "STK2.DAT: 43 %, 1,200 records, about 2 m left; 3 files behind it." in said
    assert "its marker is not there" in said
    assert "brownfield batches resume ID" in said


def test_a_dry_run_says_so_to_the_server(run, server):
    """R97."""
    planned = {"feed": "inventory.stock_count", "name": "STK1.DAT", "size": 80, "state": "planned",
               "note": "would be taken"}  # fmt: skip
    server.answers["POST /v1/collect/inventory/stock_count"] = (200, {"files": [planned]})
    assert "would be taken" in run("collect", "inventory.stock_count", "--dry-run").stdout
    assert server.last[2] == {"replay": False, "dry_run": True}
