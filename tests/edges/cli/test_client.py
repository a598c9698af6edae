"""Commands that ask the running server: what they send, what they show, how they end."""

import json
import threading
import time

import pytest

SCHEMA = {
    "type": "object",
    "properties": {"sku": {"type": "string"}, "units": {"type": "integer"}, "rush": {"$ref": "#/$defs/Flag"},
                   "share": {"type": ["number", "null"]}, "note": {"type": ["string", "null"]},
                   "lines": {"type": "array"}},
    "$defs": {"Flag": {"type": "boolean"}},
}  # fmt: skip
DESCRIBED = {"paths": {"/v1/inventory/get_stock": {"post": {"requestBody": {"content": {"application/json": {
    "schema": SCHEMA}}}}}, "/v1/proposals/{id}": {}, "/v1/status": {}}}  # fmt: skip
ANSWER = {"data": {"on_hand": 127, "place": {"row": "A"}}, "as_of": "2026-11-21T10:00:00+00:00",
          "source": {"system": "WMS", "class": "record"}}  # fmt: skip
PROPOSAL = {"proposal": "p-1", "state": "proposed", "hash": "h" * 64, "url": "/v1/proposals/p-1", "needed": 2,
            "operation": "inventory.place_hold", "arguments": {"sku": "A-100\x1b[2J"}, "before": {"on_hand": 127},
            "impact": {"minor": 12500, "currency": "EUR"}, "decisions": [], "proposer": "bot", "person": "ann",
            "expires_at": "2026-11-24T10:00:00+00:00"}  # fmt: skip
EVENT = {"specversion": "1.0", "id": "x/1", "type": "inventory.stock-counted.v1", "subject": "A-100",
         "time": "2026-11-21T03:00:00Z", "position": "42", "data": {"on_hand": 127}}  # fmt: skip


@pytest.fixture
def operations(server):
    server.answers |= {"GET /openapi.json": (200, DESCRIBED), "POST /v1/inventory/get_stock": (200, ANSWER)}
    return server


WITHOUT_A_SERVER = [
    ["call", "inventory.get_stock"], ["events"], ["proposals"], ["proposals", "show", "p-1"], ["approve", "p-1"],
    ["decline", "p-1", "--note", "no"], ["undo", "p-1", "--reason", "r"], ["halt"], ["resume"], ["ask", "what"],
    ["status"], ["mcp", "inventory"], ["proposals", "done-by-hand", "p-1", "--reference", "r"],
    ["proposals", "resolve", "p-1", "--outcome", "done", "--note", "n"], ["events", "--follow"],
]  # fmt: skip


@pytest.mark.parametrize("line", WITHOUT_A_SERVER, ids=" ".join)
def test_without_a_server_exits_69_and_says_how_to_start_one(run, line):
    assert "brownfield up wrappers/" in run(*line, code=69).stderr
    assert json.loads(run(*line, "--json", code=69).stderr)["title"] == "No server is running"


def test_a_server_that_was_killed_is_no_server(run, place):
    home = place / "home"
    home.mkdir()
    (home / "server.json").write_text('{"address": "http://127.0.0.1:1", "pid": 1}')
    assert "does not answer" in run("status", code=69).stderr


def test_without_a_key_exits_77(run, server):
    """R50: nobody is anonymous."""
    assert "BROWNFIELD_KEY" in run("status", key="", code=77).stderr
    assert server.asked == []


def test_the_key_is_sent_as_a_bearer_and_never_through_a_proxy(run, operations, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    run("call", "inventory.get_stock", key="bf_1_secret")
    assert operations.last[1]["Authorization"] == "Bearer bf_1_secret"


def test_call_sends_what_was_typed_as_the_operation_declares_it(run, operations):
    """R34: strict on the server, so exact here: `007` is a text where a text is asked for."""
    run("call", "inventory.get_stock", "sku=007", "units=12", "rush=true", "share=0.5", "note=3", 'lines:=["a"]')
    assert operations.last[2] == {"sku": "007", "units": 12, "rush": True, "share": 0.5, "note": "3", "lines": ["a"]}


@pytest.mark.parametrize(("word", "value"), [("units=a few", "a few"), ("units=1.5", "1.5"), ("units=true", "true"),
                                             ("rush=1", "1"), ("sku=a=b", "a=b"), ("other=1", "1")])  # fmt: skip
def test_what_does_not_fit_is_sent_as_it_is_for_the_server_to_teach(run, operations, word, value):
    run("call", "inventory.get_stock", word)
    assert list(operations.last[2].values()) == [value]


def test_call_takes_a_whole_document_too(run, operations):
    run("call", "inventory.get_stock", '{"sku": "A-1"}')
    assert operations.last[2] == {"sku": "A-1"}
    run("call", "inventory.get_stock", "-", stdin='{"sku": "A-2"}')
    assert operations.last[2] == {"sku": "A-2"}


@pytest.mark.parametrize("words", [["sku"], ["sku=1", "sku=2"], ["lines:=["], ["{"], ["=1"]])
def test_arguments_that_cannot_be_read_exit_64_before_anything_is_sent(run, operations, words):
    run("call", "inventory.get_stock", *words, code=64)
    assert [asked for asked, _, _ in operations.asked] == ["GET /openapi.json"]


def test_an_answer_is_shown_with_its_time_and_source(run, operations):
    """R24: as of when, and from where."""
    result = run("call", "inventory.get_stock")
    assert "on_hand  127" in result.stdout
    assert "As of 2026-11-21T10:00:00+00:00, from WMS." in result.stdout
    assert json.loads(run("call", "inventory.get_stock", "--json").stdout) == ANSWER


def test_a_write_shows_its_proposal_and_sends_the_reason(run, operations):
    operations.answers["POST /v1/inventory/get_stock"] = (202, PROPOSAL)
    said = run("call", "inventory.get_stock", "--reason", "a\nb").stdout
    assert "p-1 is proposed. Nothing is written before 2 other people approve it." in said
    assert operations.last[1]["Brownfield-Reason"] == "a b"


def test_an_operation_that_the_key_may_not_see_names_the_nearest(run, operations):
    assert "Did you mean inventory.get_stock?" in run("call", "inventory.get_stok", code=66).stderr
    assert "is not WRAPPER.NAME" in run("call", "get_stock", code=64).stderr


def test_a_problem_is_told_argument_by_argument(run, operations):
    """R34: errors that teach; with --json the server's own document."""
    problem = {"code": "invalid", "title": "The arguments are not valid", "detail": "not valid: site", "next": "Do.",
               "trace": "t-9", "errors": [{"path": "site", "message": "is missing", "allowed": ["LYON"]}]}  # fmt: skip
    operations.answers["POST /v1/inventory/get_stock"] = (422, problem)
    result = run("call", "inventory.get_stock", code=65)
    assert result.stderr.splitlines() == [
        "The arguments are not valid: not valid: site", "  site: is missing", '    allowed: ["LYON"]', "Next: Do.",
        "Trace: t-9"]  # fmt: skip
    assert json.loads(run("call", "inventory.get_stock", "--json", code=65).stderr) == problem


@pytest.mark.parametrize(
    ("code", "expected"),
    [("denied", 77), ("halted", 75), ("busy", 75), ("deadline", 75), ("unavailable", 69), ("uncertain", 75),
     ("drifted", 76), ("ledger", 74), ("rejected", 65)],
)  # fmt: skip
def test_every_kind_of_problem_has_its_exit_code(run, operations, code, expected):
    """A scheduler tells "try later" from "never"."""
    document = {"code": code, "title": "T", "detail": "D", "next": "N", "system": {"code": "WMS-1"}, "retry_after": 2}
    operations.answers["POST /v1/inventory/get_stock"] = (500, document)
    assert "try again after 2 s" in run("call", "inventory.get_stock", code=expected).stderr


def test_a_server_that_hangs_up_leaves_a_write_uncertain(run, operations):
    """R18: what may have happened is not repeated."""
    operations.answers["POST /v1/inventory/get_stock"] = (0, {})
    assert "may have been acted on" in run("call", "inventory.get_stock", code=75).stderr
    operations.answers["GET /v1/status"] = (0, {})
    run("status", code=69)


@pytest.mark.parametrize("reply", [b"<html>", b"[]", b'{"code": "unheard-of"}'])
def test_what_is_no_brownfield_is_told(run, server, reply):
    server.answers["GET /v1/status"] = (502, reply)
    assert "not as a brownfield does" in run("status", code=70).stderr


def test_proposals_are_listed_and_shown(run, server):
    server.answers |= {"GET /v1/proposals": (200, {"proposals": [PROPOSAL]}), "GET /v1/proposals/p-1": (200, PROPOSAL)}
    assert "inventory.place_hold" in run("proposals", "--state", "proposed").stdout
    assert server.last[0] == "GET /v1/proposals?state=proposed&limit=100"
    shown = run("proposals", "show", "p-1").stdout
    assert "EUR" in shown
    assert "\x1b" not in shown
    assert json.loads(run("proposals", "--json").stdout) == {"proposals": [PROPOSAL]}


def test_an_approval_shows_all_and_sends_the_hash_it_has_shown(run, server):
    """R69, R35: what is approved is what was seen."""
    server.answers |= {"GET /v1/proposals/p-1": (200, PROPOSAL), "POST /v1/proposals/p-1/approve": (200, PROPOSAL | {
        "decisions": [{"person": "eva", "decision": "approved"}]})}  # fmt: skip
    result = run("approve", "p-1", "--yes", "--note", "fine")
    assert server.last[2] == {"hash": "h" * 64, "note": "fine"}
    for word in ("arguments", "before", "impact", "inventory.place_hold", "h" * 64):
        assert word in result.stderr
    assert "It needs 1 more." in result.stdout


def test_an_approval_is_asked_for_and_a_no_exits_1(run, server, monkeypatch):
    server.answers |= {"GET /v1/proposals/p-1": (200, PROPOSAL), "POST /v1/proposals/p-1/approve": (200, PROPOSAL)}
    monkeypatch.setattr("brownfield.edges.cli.terminal.Terminal.interactive", True)
    run("approve", "p-1", stdin="n\n", code=1)
    assert server.last[0] == "GET /v1/proposals/p-1"
    run("approve", "p-1", stdin="y\n")
    assert server.last[0] == "POST /v1/proposals/p-1/approve"


def test_an_approval_that_nobody_can_be_asked_for_needs_yes(run, server):
    server.answers["GET /v1/proposals/p-1"] = (200, PROPOSAL)
    assert "--yes" in run("approve", "p-1", code=64).stderr


def test_an_approval_by_hash_is_refused_when_it_is_another(run, server):
    """R35: a script approves what it has looked at, or nothing."""
    server.answers["GET /v1/proposals/p-1"] = (200, PROPOSAL)
    assert "Nothing was approved" in run("approve", "p-1", "--yes", "--hash", "0" * 64, code=65).stderr


def test_deciding_sends_what_the_desk_expects(run, server):
    done = PROPOSAL | {"state": "declined"}
    server.answers |= {f"POST /v1/proposals/p-1/{verb}": (200, done)
                       for verb in ("decline", "undo", "done-by-hand", "resolve")}  # fmt: skip
    server.answers["GET /v1/proposals/p-1"] = (200, PROPOSAL)
    sent = {
        ("decline", "p-1", "--note", "no"): {"hash": "h" * 64, "note": "no"},
        ("undo", "p-1", "--reason", "wrong"): {"reason": "wrong"},
        ("proposals", "done-by-hand", "p-1", "--reference", "WMS-7"): {"reference": "WMS-7"},
        ("proposals", "resolve", "p-1", "--outcome", "failed", "--note", "n"): {"outcome": "failed", "note": "n"},
    }
    for line, body in sent.items():
        assert "p-1 is declined." in run(*line).stdout
        assert server.last[2] == body


def test_an_id_cannot_lead_elsewhere(run, server):
    run("proposals", "show", "../status", code=66)
    assert server.last[0] == "GET /v1/proposals/..%2Fstatus"


def test_a_halt_is_of_everything_unless_told(run, server):
    server.answers |= {"POST /v1/halt": (200, {"halted": True}), "POST /v1/resume": (200, {"halted": False})}
    assert "brownfield resume everything" in run("halt", "--reason", "fire").stdout
    assert server.last[2] == {"scope": "everything", "reason": "fire"}
    run("resume", "identity:bot")
    assert server.last[2] == {"scope": "identity:bot"}


def test_status_names_halts_first(run, server):
    server.answers["GET /v1/status"] = (200, {
        "environment": "sandbox", "identity": "olga", "role": "operator", "proposals": {"proposed": 2},
        "halts": [{"scope": "everything", "by": "olga", "reason": "fire", "at": "2026-11-21T10:00:00+00:00"}],
        "systems": [{"id": "inventory", "title": "WMS", "mode": "read-only", "owner": "o", "feeds": ["stock_count"],
                     "operations": {"get_stock": "read"}, "stopped": []}]})  # fmt: skip
    lines = run("status").stdout.splitlines()
    assert lines[1].startswith("HALTED: everything by olga")
    assert lines[-1] == "Proposals: 2 proposed"


def test_ask_joins_words_and_tells_the_story(run, server):
    server.answers["POST /v1/ask"] = (200, {"reading": "Reading: x.", "summary": "Nothing.", "story": ["A.", "B."],
                                            "complete": "All."})  # fmt: skip
    assert run("ask", "what", "did", "the agent do").stdout.splitlines() == [
        "Reading: x.",
        "Nothing.",
        "A.",
        "B.",
        "All.",
    ]
    assert server.last[2] == {"question": "what did the agent do"}


def test_events_are_one_json_document_per_line(run, server):
    """R20: a consumer reads from its position."""
    server.answers["GET /v1/events"] = (200, {"events": [EVENT, EVENT], "position": 42})
    result = run("events", "--after", 7, "--feed", "inventory.stock_count", "--json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [EVENT, EVENT]
    assert server.last[0] == "GET /v1/events?after=7&feed=inventory.stock_count&limit=500"
    assert "Position 42." in run("events").stderr


def test_following_goes_on_after_a_stream_that_ended(run, server, monkeypatch):
    stream = f"id: 42\ndata: {json.dumps(EVENT)}\n\n: still here\n\n".encode()
    server.answers["GET /v1/events/stream"] = (200, stream)
    asked: list[float] = []

    def enough(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("brownfield.edges.cli.events.time.sleep", enough)
    result = run("events", "--follow", "--json", code=130)
    assert [json.loads(line)["position"] for line in result.stdout.splitlines()] == ["42", "42"]
    assert server.last[0] == "GET /v1/events/stream?after=42"
    assert "--after" in result.stderr


def test_following_what_may_not_be_followed_is_a_problem(run, server):
    server.answers["GET /v1/events/stream"] = (403, {"code": "denied", "title": "T", "detail": "D", "next": "N"})
    run("events", "--follow", code=77)


def test_collect_goes_through_the_server_and_tells_of_lost_files(run, server):
    file = {"name": "STK1.DAT", "state": "archived", "records": 3, "events": 2, "quarantined": 1}
    server.answers["POST /v1/collect/inventory/stock_count"] = (200, {"files": [file]})
    assert "STK1.DAT" in run("collect", "inventory.stock_count", "--replay").stdout
    assert server.last[2] == {"replay": True, "dry_run": False}
    refused = file | {"state": "refused", "reason": "truncated"}
    server.answers["POST /v1/collect/inventory/stock_count"] = (200, {"files": [file, refused]})
    assert "truncated" in run("collect", "inventory.stock_count", code=65).stdout


@pytest.mark.parametrize(("line", "path", "word", "row"), [
    (("proposals",), "/v1/proposals", "proposals", {"proposal": "p-1", "state": "done"}),
    (("batches",), "/v1/batches", "batches", {"id": 7, "feed": "a.b", "name": "x", "state": "held", "records": 1,
                                             "events": 1, "quarantined": 0}),
    (("inputs",), "/v1/inputs", "inputs", {"id": 7, "connection": "a.b", "sequence": 1, "name": "x", "state": "sent",
                                          "records": 1, "proposals": {}}),
    (("batches", "records", 7), "/v1/batches/7/quarantine", "quarantined",
     {"record": 7, "state": "open", "offset": 0, "field": "", "reason": "", "raw": "00"}),
])  # fmt: skip
def test_a_list_that_goes_on_says_how(run, server, line, path, word, row):
    """R97: nobody takes the first page for all; --json has it as `more` and `after`."""
    server.answers[f"GET {path}"] = (200, {word: [row], "more": True, "after": 7})
    assert "That is not all: the same with --after 7 goes on." in run(*line, "--limit", 1).stdout
    assert json.loads(run(*line, "--json").stdout)["after"] == 7
    server.answers[f"GET {path}"] = (200, {word: [row], "more": False})
    assert "not all" not in run(*line, "--after", 7).stdout
    assert "after=7" in server.last[0]
    run(*line, "--limit", 1001, code=64)


def test_an_answer_that_contradicts_is_seen_where_people_look(run, server):
    """R97: by `status`, `inputs` and `inputs show`; and a withdrawn file takes no number from the next."""
    told = {"connection": "orders.entry", "sequence": 1, "file": "ORD000001.DAT", "records": 2,
            "last": "file 1, record 1: 10", "at": "2026-11-21T09:00:00+00:00"}  # fmt: skip
    server.answers["GET /v1/status"] = (200, {"environment": "test", "identity": "o", "role": "operator",
                                              "systems": [], "contradicted": [told]})  # fmt: skip
    said = run("status").stdout
    assert "orders.entry: of 2 records of ORD000001.DAT the other thing was answered, too" in said
    assert "file 1, record 1: 10" in said
    file = {"connection": "orders.entry", "sequence": 1, "name": "ORD000001.DAT", "state": "sent", "records": 2,
            "proposals": {"done": 2}, "resent": 1, "contradicted": 2}  # fmt: skip
    gone = {"connection": "orders.entry", "gave_back": 1, "name": "ORD000001.DAT", "state": "withdrawn", "records": 1,
            "proposals": {}}  # fmt: skip
    server.answers["GET /v1/inputs"] = (200, {"inputs": [file, gone]})
    listed = run("inputs").stdout
    assert "sent again 1 time; of 2 records the other thing was answered, too" in listed
    assert "(1 given back)" in listed
    record = {"record": 1, "proposal": "p-1", "state": "done", "arguments": {}, "outcome": "accepted with 00",
              "contradiction": "file 1, record 1: 10"}  # fmt: skip
    server.answers["GET /v1/inputs/orders/entry/1"] = (200, {"file": file, "records": [record], "fields": []})
    shown = run("inputs", "show", "orders.entry", "1").stdout
    assert "accepted with 00; the other thing was answered, too: file 1, record 1: 10" in shown


def test_files_that_no_feed_takes_are_named_and_change_no_exit_code(run, server):
    """R97: by `collect` and by `status`, in words and in --json."""
    stray = {"connection": "inventory.nightly", "files": 7, "names": ["stk1.dat", "NOTES.txt"],
             "since": "2026-11-01T00:00:00+00:00", "looked": "2026-11-21T21:03:09+00:00",
             "unread": None}  # fmt: skip
    server.answers["POST /v1/collect/inventory/stock_count"] = (200, {"files": [], "strays": [stray]})
    words = ("inventory.nightly: 7 files lie there that no feed takes (`match`): stk1.dat, NOTES.txt and 5 more, the"
             " oldest changed 2026-11-01T00:00:00+00:00 (its own clock); looked at 2026-11-21 21:03 UTC")  # fmt: skip
    assert words in run("collect", "inventory.stock_count").stdout
    assert json.loads(run("collect", "inventory.stock_count", "--json").stdout)["strays"] == [stray]
    server.answers["GET /v1/status"] = (200, {"environment": "test", "identity": "o", "role": "operator",
                                              "systems": [], "strays": [stray]})  # fmt: skip
    assert f"{words}.\n" in run("status").stdout
    stray["unread"] = "2026-11-21T21:09:00+00:00"
    said = run("status").stdout
    assert "7 files lay there" in said
    assert "looked at 2026-11-21 21:03 UTC, and at 2026-11-21 21:09 UTC it could not be read.\n" in said


def test_a_collect_that_a_server_did_not_answer_is_run_again(run, server):
    """R97: the server was killed meanwhile; what a write must not, a collect may."""
    server.answers["POST /v1/collect/inventory/stock_count"] = (0, {})
    said = run("collect", "inventory.stock_count", code=75).stderr
    assert "No answer came: the server took the collect of inventory.stock_count" in said
    assert "Run it again" in said
    assert "may have happened" not in said
    assert "Do not repeat" not in said
    told = json.loads(run("collect", "inventory.stock_count", "--json", code=75).stderr)
    assert (told["code"], told["title"], told["retry"]) == ("uncertain", "No answer came", True)


def test_collect_with_an_expectation_ends_otherwise_when_it_is_not_met(run, server):
    """R97: for a scheduler that starts what comes after by the exit code; what was known before is no new file."""
    place, feed = "POST /v1/collect/inventory/stock_count", "inventory.stock_count"
    new = {"name": "STK1.DAT", "state": "archived", "records": 3, "events": 2, "quarantined": 0, "note": "new"}
    known = new | {"name": "STK2.DAT", "note": "seen before"}
    waits = {"name": "STK3.DAT", "state": "seen", "note": "waiting", "reason": "its marker is not there"}
    server.answers[place] = (200, {"files": []})
    run("collect", feed)
    assert (
        "Expected 1 of inventory.stock_count, and 0 were taken in."
        in run("collect", feed, "--expect", "1", code=75).stderr
    )
    server.answers[place] = (200, {"files": [known, waits]})
    run("collect", feed, "--expect", "1", code=75)
    server.answers[place] = (200, {"files": [new, known, waits]})
    run("collect", feed, "--expect", "1")
    run("collect", feed, "--expect", "2", code=75)
    server.answers[place] = (200, {"files": [new | {"state": "refused"}]})
    run("collect", feed, "--expect", "1", code=65)
    run("collect", feed, "--expect", "-1", code=64)


def test_status_waits_for_a_server_that_is_starting(run, place, server):
    """R97: a script needs no guess at how long that takes; and is told when none came."""
    server.answers["GET /v1/status"] = (200, {"environment": "test", "identity": "o", "role": "operator",
                                              "systems": []})  # fmt: skip
    announced = place / "home" / "server.json"
    told = announced.read_bytes()
    announced.unlink()
    begun = time.monotonic()
    assert "No server is running" in run("status", "--wait", "300ms", code=69).stderr
    assert time.monotonic() - begun >= 0.3
    timer = threading.Timer(0.3, announced.write_bytes, [told])
    timer.start()
    assert "environment" in json.loads(run("status", "--wait", "30s", "--json").stdout)
    timer.join()
    assert "is not a duration" in run("status", "--wait", "soon", code=64).stderr


@pytest.mark.parametrize("line", ["proposals", "batches"])
def test_a_state_that_there_is_not_is_refused_before_anything_is_sent(run, server, line):
    """R97: with those that there are."""
    said = run(line, "--state", "horse", code=64).stderr
    assert "'horse' is not one of" in said
    assert "\\t" not in said
    assert "Value error" not in said
    assert server.asked == []


def test_a_name_without_its_dot_is_refused_with_what_is_wanted(run, server):
    """R97: whatever the command, the example is none of another sort of thing."""
    for line in (("collect", "orders"), ("send", "orders"), ("inputs", "show", "orders", 1), ("call", "orders")):
        assert "orders is not WRAPPER.NAME: two names, a dot between them" in run(*line, code=64).stderr
