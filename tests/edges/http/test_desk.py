"""The desk: decisions, halts, questions, batches and events, as the web sees them."""

import asyncio
import json

import pytest
from stage import EVERYTHING, GOOD, HOLD

from brownfield.edges.http import desk
from brownfield.rules.access import Role
from brownfield.runtime import control, mending

pytestmark = pytest.mark.anyio
FEED = "canned.stock_count"


@pytest.fixture
async def door(put_up, bearer):
    edits = {'key = "sku"\n': 'key = "sku"\nagents = true\n'}
    async with put_up(edits, settings='poll = "100ms"\n') as (stage, client):
        roles = {"agent": Role.AGENT, "marie": Role.APPROVER, "operator": Role.OPERATOR, "auditor": Role.AUDITOR}
        stage.keys = {name: bearer(stage.key(name, role, *EVERYTHING)) for name, role in roles.items()}
        yield stage, client


async def until(client, url, headers, *states):
    for _ in range(100):
        found = (await client.get(url, headers=headers)).json()
        if found["state"] in states:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def test_a_write_from_its_proposal_to_its_undo(door):
    """R61, R69, R103: in requests, each by whom it behoves."""
    stage, client = door
    agent, marie, operator = (stage.keys[name] for name in ("agent", "marie", "operator"))
    made = (await client.post("/v1/canned/place_hold", json=HOLD, headers=agent)).json()
    url, good = made["url"], {"hash": made["hash"]}
    tries = [(agent, good, 403), (operator, good, 403), (marie, {}, 412), (marie, {"hash": "x"}, 412),
             (marie, {"hash": 7}, 422), (marie, good | {"x": 1}, 422), (marie, good, 200),
             (marie, good, 409)]  # fmt: skip
    for headers, body, status in tries:
        assert (await client.post(f"{url}/approve", json=body, headers=headers)).status_code == status
    done = await until(client, url, agent, "done")
    assert done["result"]["Id"] == "H-1"
    assert [decision["person"] for decision in done["decisions"]] == ["marie@example.com"]
    assert (await client.post(f"{url}/undo", json={}, headers=agent)).status_code == 403
    undo = await client.post(f"{url}/undo", json={"reason": "a mistake"}, headers=operator)
    assert (undo.status_code, undo.json()["undo_of"]) == (202, made["proposal"])
    await client.post(f"{undo.json()['url']}/approve", json={"hash": undo.json()["hash"]}, headers=marie)
    await until(client, undo.json()["url"], operator, "done")
    assert [name for name, _ in stage.system.writes] == ["PlaceHold", "ReleaseHold"]


async def test_a_declined_one_is_declined(door):
    """R61: and listed so."""
    stage, client = door
    made = (await client.post("/v1/canned/place_hold", json=HOLD, headers=stage.keys["agent"])).json()
    said = {"hash": made["hash"], "note": "too many"}
    answer = await client.post(f"{made['url']}/decline", json=said, headers=stage.keys["marie"])
    assert answer.json()["state"] == "declined"
    found = await client.get("/v1/proposals", params={"state": "declined"}, headers=stage.keys["auditor"])
    assert [one["proposal"] for one in found.json()["proposals"]] == [made["proposal"]]
    assert (await client.get("/v1/proposals?state=done", headers=stage.keys["auditor"])).json() == {
        "proposals": [], "more": False,
    }  # fmt: skip


async def whole(client, url, word, mark, headers):
    """A list two at a time, as a program goes through it; what each page says of whether it is the last."""
    found, pages, after = [], [], None
    while True:
        params = {"limit": 2} | ({"after": after} if after is not None else {})
        page = (await client.get(url, params=params, headers=headers)).json()
        found += [one[mark] for one in page[word]]
        pages.append((len(page[word]), page["more"]))
        if not page["more"]:
            assert "after" not in page
            return found, pages
        after = page["after"]


async def test_no_list_ends_without_saying_so(door):
    """R97: proposals, files, records in quarantine, the audit: whether there are more, and after which one to go on."""
    stage, client = door
    auditor, agent, operator = (stage.keys[name] for name in ("auditor", "agent", "operator"))
    made = [(await client.post("/v1/canned/place_hold", json=HOLD | {"Order": f"SO-{n}"}, headers=agent)).json()
            for n in range(5)]  # fmt: skip
    for number in range(4):
        stage.drop.put(f"{number}.dat", GOOD.replace(b"140", b"14%d" % number))
        await client.post("/v1/collect/canned/stock_count", json={}, headers=operator)
    bad = b"".join(b"A-%03d x\n" % n for n in range(4)) + b"B-200 7\n= 5\n"
    stage.drop.put("bad.dat", bad)
    await client.post("/v1/collect/canned/stock_count", json={}, headers=operator)
    found, pages = await whole(client, "/v1/proposals", "proposals", "proposal", auditor)
    assert sorted(found) == sorted(one["proposal"] for one in made)
    assert pages == [(2, True), (2, True), (1, False)]
    files, pages = await whole(client, "/v1/batches", "batches", "id", auditor)
    assert (files, pages[-1]) == (sorted(set(files), reverse=True), (1, False))
    assert len(files) == 5
    records, pages = await whole(client, f"/v1/batches/{files[0]}/quarantine", "quarantined", "record", auditor)
    assert (records, pages) == ([0, 1, 2, 3], [(2, True), (2, False)])
    entries, pages = await whole(client, "/v1/audit", "entries", "id", auditor)
    assert entries == sorted(set(entries))
    assert len(entries) == len(stage.entries())
    held = await client.get("/v1/batches", params={"state": "held"}, headers=auditor)
    assert held.json() == {"batches": [], "more": False}
    assert (await client.get("/v1/batches?state=horse", headers=auditor)).status_code == 422
    assert (await client.get(f"/v1/proposals?after=p-{'0' * 32}", headers=auditor)).status_code == 404


async def test_the_status_tells_fifty_held_files_and_says_when_there_are_more(door, monkeypatch):
    """R97: how to see the others is said, too."""
    stage, client = door
    monkeypatch.setattr(control, "HELD", 1)
    for number in range(2):
        stage.drop.put(f"{number}.dat", b"A-00%d x\n= 1\n" % number)
        await client.post("/v1/collect/canned/stock_count", json={}, headers=stage.keys["operator"])
        status = (await client.get("/v1/status", headers=stage.keys["operator"])).json()
        assert (len(status["held"]), status["more_held"]) == (1, number == 1)


async def test_the_status_tells_the_files_that_were_refused_lately(door, monkeypatch):
    """R97: nobody has to ask for what was lost over night; the day after it is no news."""
    stage, client = door
    stage.drop.put("bad.dat", b"A-001 x\n= 9\n")
    await client.post("/v1/collect/canned/stock_count", json={}, headers=stage.keys["operator"])
    status = (await client.get("/v1/status", headers=stage.keys["operator"])).json()
    assert [one["file"] for one in status["refused"]] == ["bad.dat"]
    assert status["more_refused"] is False
    monkeypatch.setattr(control, "LATELY", -control.LATELY)  # as if it had been earlier than that
    assert (await client.get("/v1/status", headers=stage.keys["operator"])).json()["refused"] == []


async def test_halt_and_resume(door):
    """R102: from the next request on."""
    stage, client = door
    agent, operator = stage.keys["agent"], stage.keys["operator"]
    scope = {"scope": "identity:agent"}
    assert (await client.post("/v1/halt", json=scope | {"reason": "drill"}, headers=operator)).json()["halted"] is True
    answer = await client.post("/v1/canned/get_stock", json={"Sku": "A-100"}, headers=agent)
    assert (answer.status_code, answer.json()["code"]) == (403, "halted")
    assert (await client.post("/v1/halt", json=scope, headers=operator)).status_code == 409
    assert (await client.post("/v1/resume", json=scope, headers=operator)).status_code == 200
    assert (await client.post("/v1/canned/get_stock", json={"Sku": "A-100"}, headers=agent)).status_code == 200
    assert (await client.post("/v1/resume", json=scope, headers=operator)).status_code == 409


async def test_a_question_and_the_audit(door):
    """R98, R100, R101."""
    stage, client = door
    await client.post("/v1/canned/get_stock", json={"Sku": "A-100"}, headers=stage.keys["agent"])
    asked = {"question": "what did the agent do with SKU A-100 today"}
    told = (await client.post("/v1/ask", json=asked, headers=stage.keys["operator"])).json()
    assert told.keys() == {"reading", "summary", "story", "complete"}
    assert "agent asked to get stock" in told["story"][0]
    auditor = stage.keys["auditor"]
    entries = (await client.get("/v1/audit", headers=auditor)).json()["entries"]
    assert [entry["event"] for entry in entries] == ["server.started", "read.done", "audit.asked"]
    assert (await client.post("/v1/audit/verify", headers=auditor)).json()["ok"] is True
    window = {"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
    lines = (await client.get("/v1/audit/export", params=window, headers=auditor)).content.splitlines()
    assert len(lines) == 4
    naive = {"since": "2026-11-21T00:00:00", "until": "2026-11-22T00:00:00"}
    assert (await client.get("/v1/audit/export", params=naive, headers=auditor)).status_code == 422
    assert (await client.get("/v1/audit", headers=stage.keys["operator"])).status_code == 403


async def test_batches_and_events(door):
    """R20, R89."""
    stage, client = door
    operator, agent = stage.keys["operator"], stage.keys["agent"]
    stage.drop.put("one.dat", GOOD.replace(b"C-300 1", b"C-300 ?"))
    (file,) = (await client.post(f"/v1/collect/{FEED.replace('.', '/')}", json={}, headers=operator)).json()["files"]
    assert (file["state"], file["events"], file["quarantined"]) == ("archived", 4, 1)
    assert (await client.get("/v1/batches", headers=operator)).json()["batches"][0]["id"] == file["id"]
    kept = (await client.get(f"/v1/batches/{file['id']}/quarantine", headers=operator)).json()["quarantined"]
    assert bytes.fromhex(kept[0]["raw"]) == b"C-300 ?\n"
    assert (await client.get("/v1/batches/77/quarantine", headers=operator)).status_code == 404
    page = (await client.get("/v1/events", params={"feed": FEED, "limit": 3}, headers=agent)).json()
    rest = (await client.get("/v1/events", params={"feed": FEED, "after": page["position"]}, headers=agent)).json()
    assert [event["subject"] for event in page["events"] + rest["events"]] == ["A-100", "B-200", "D-400", "E-500"]
    assert (await client.get("/v1/batches", headers=agent)).status_code == 403
    assert (await client.post("/v1/collect/canned/horse", json={}, headers=operator)).status_code == 404


async def test_records_and_held_files_are_decided_on(door):
    """R20, R72, R98: corrected, written off, read again, resumed, refused; once each, and only by who may."""
    stage, client = door
    operator, agent = stage.keys["operator"], stage.keys["agent"]
    stage.drop.put("one.dat", GOOD.replace(b"C-300 1", b"C-300 ?").replace(b"D-400 0", b"D-400 ?"))
    (file,) = (await client.post(f"/v1/collect/{FEED.replace('.', '/')}", json={}, headers=operator)).json()["files"]
    records = f"/v1/batches/{file['id']}/quarantine"
    fields = {"fields": {"sku": "C-300", "on_hand": 1}, "note": "asked the site"}
    assert (await client.post(f"{records}/2/correct", json=fields, headers=agent)).status_code == 403
    assert (await client.post(f"{records}/2/correct", json={"raw": "xyz"}, headers=operator)).status_code == 422
    done = (await client.post(f"{records}/2/correct", json=fields, headers=operator)).json()
    assert (done["state"], done["note"]) == ("corrected", "asked the site")
    assert (await client.post(f"{records}/2/correct", json=fields, headers=operator)).status_code == 409
    again = await client.post(f"/v1/batches/{file['id']}/replay", json={}, headers=operator)
    assert [one["state"] for one in again.json()["quarantined"]] == ["open"]
    gone = (await client.post(f"{records}/3/write-off", json={"note": "twice"}, headers=operator)).json()
    assert gone["state"] == "written-off"
    for verb in ("resume", "refuse"):
        answer = await client.post(f"/v1/batches/{file['id']}/{verb}", json={"note": "n"}, headers=operator)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert (await client.post(f"/v1/batches/77/{verb}", json={}, headers=operator)).status_code == 404
    planned = await client.post(f"/v1/collect/{FEED.replace('.', '/')}", json={"dry_run": True}, headers=operator)
    assert planned.json() == {"files": [], "strays": []}


async def heard(app, key, headers=(), path="/v1/events/stream", query="feed=canned.stock_count", until=4, patience=5.0):
    """The lines of a stream, until so many events were heard or it ended."""
    lines, gone, asked = [], asyncio.Event(), False
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
             "headers": [(b"host", b"127.0.0.1"), (b"authorization", key.encode()), *headers],
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}  # fmt: skip

    async def receive():
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        lines.append(message.get("body", b"").decode())
        if sum(line.startswith("id:") for line in lines) >= until:
            gone.set()

    await asyncio.wait_for(app(scope, receive, send), patience)
    return lines


async def test_a_stream_is_taken_up_where_it_was_left(door, monkeypatch):
    """R20, R87: by `Last-Event-ID`, as a browser does by itself."""
    monkeypatch.setattr(desk, "FOLLOW_EVERY", 0.01)
    stage, client = door
    key = stage.keys["agent"]["authorization"]
    stage.drop.put("one.dat", GOOD)
    await client.post("/v1/collect/canned/stock_count", json={}, headers=stage.keys["operator"])
    first = [line for line in await heard(stage.app, key, until=5) if line.startswith("id:")]
    last = first[1].splitlines()[0].removeprefix("id: ")
    rest = await heard(stage.app, key, [(b"last-event-id", last.encode())], until=3)
    assert [line for line in rest if line.startswith("id:")] == first[2:]
    data = json.loads(first[0].splitlines()[1].removeprefix("data: "))
    assert (data["specversion"], data["subject"]) == ("1.0", "A-100")


@pytest.mark.parametrize("last", [b"", b"x", b"-1", b"9" * 5000, "\u0663".encode()])
async def test_a_last_event_that_is_none_begins_at_the_beginning(door, last):
    """R34: and no defect."""
    stage, client = door
    stage.drop.put("one.dat", GOOD)
    await client.post("/v1/collect/canned/stock_count", json={}, headers=stage.keys["operator"])
    lines = await heard(stage.app, stage.keys["agent"]["authorization"], [(b"last-event-id", last)], until=5)
    assert len([line for line in lines if line.startswith("id:")]) == 5


async def test_a_stream_ends_with_its_key_and_says_so(door, monkeypatch):
    """R102: a request that lasts does not outlive what allowed it."""
    monkeypatch.setattr(desk, "FOLLOW_EVERY", 0.01)
    stage, _ = door
    key = stage.keys["agent"]["authorization"]
    began, page = asyncio.Event(), stage.assembly.events.page
    loop = asyncio.get_running_loop()

    def seen(*given, **named):
        loop.call_soon_threadsafe(began.set)
        return page(*given, **named)

    monkeypatch.setattr(type(stage.assembly.events), "page", lambda _self, *given, **named: seen(*given, **named))
    following = asyncio.create_task(heard(stage.app, key))
    await began.wait()
    stage.revoke(key.removeprefix("Bearer "))
    lines = await following
    (told,) = [line for line in lines if line.startswith("event: problem")]
    assert '"code":"unauthenticated"' in told


async def test_a_name_that_there_is_not_is_no_empty_list(door):
    """R97: nobody who mistypes a feed believes that it has no files; and is told where the names are."""
    stage, client = door
    auditor = stage.keys["auditor"]
    for path in ("batches?feed=canned.nosuch", "batches?feed=nosuch", "inputs?connection=canned.far",
                 "events?feed=nosuch", "events?feed=canned.nosuch"):  # fmt: skip
        answer = await client.get(f"/v1/{path}", headers=auditor)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
        assert answer.json()["next"] != "List what there is and check the name."
    for path in ("batches?feed=canned.stock_count", "batches?feed=canned", "inputs"):
        assert (await client.get(f"/v1/{path}", headers=auditor)).status_code == 200


async def test_a_replay_of_many_records_says_that_there_are_more(door, monkeypatch):
    """R97: so many are read at once, and nobody takes them for all."""
    stage, client = door
    stage.drop.put("bad.dat", b"".join(b"A-%03d x\n" % n for n in range(3)) + b"B-200 7\n= 4\n")
    operator = stage.keys["operator"]
    (file,) = (await client.post("/v1/collect/canned/stock_count", json={}, headers=operator)).json()["files"]
    for most, more in ((2, True), (9, False)):
        monkeypatch.setattr(desk, "AT_ONCE", most)
        monkeypatch.setattr(mending, "AT_ONCE", most)
        answer = (await client.post(f"/v1/batches/{file['id']}/replay", json={}, headers=operator)).json()
        assert (len(answer["quarantined"]), answer["more"]) == (min(most, 3), more)
