"""`keys`: made, shown once, granted, rotated, revoked. Each change is in the audit with who made it."""

import json
from zoneinfo import ZoneInfo

import pytest

from brownfield.ledger.audit import search
from brownfield.ledger.identity import find_key
from brownfield.ledger.store import Ledger
from brownfield.rules.sentence import EVENTS, Entry, sentence
from brownfield.runtime.key import KeyRing

AGENT = ("keys", "create", "bot", "--role", "agent", "--person", "ann@example.com")


@pytest.fixture
def entries(place):
    """The audit so far."""

    def entries():
        ledger = Ledger(f"sqlite:///{place / 'home' / 'ledger.db'}")
        with ledger.read() as connection:
            found = search(connection)
        ledger.close()
        return found

    return entries


def listed(run):
    return json.loads(run("keys", "list", "--json").stdout)["keys"]


def test_a_key_is_on_stdout_alone_and_nowhere_else(run, wms, place):
    """R50, R57: a script catches it with $(…); the ledger keeps an HMAC of it."""
    result = run(*AGENT, "--grant", "wms.get_item,wms.get_stock")
    key = result.stdout.strip()
    assert key.startswith("bf_")
    assert key not in result.stderr
    assert all(key.encode() not in path.read_bytes() for path in (place / "home").rglob("*") if path.is_file())
    ledger = Ledger(f"sqlite:///{place / 'home' / 'ledger.db'}")
    with ledger.read() as connection:
        row = find_key(connection, key.split("_")[1])
    ledger.close()
    assert row is not None
    assert KeyRing(place / "home" / "keys").matches(key, row.mac)
    assert (row.environment, row.identity.person) == ("sandbox", "ann@example.com")


def test_a_list_shows_everything_but_the_keys(run, wms):
    key = run(*AGENT, "--grant", "wms.get_item", "--expires", "90d").stdout.strip()
    [row] = listed(run)
    assert (row["name"], row["role"], row["state"], row["grants"]) == ("bot", "agent", "good", ["wms.get_item"])
    assert row["expires_at"] > row["created_at"]
    assert key not in run("keys", "list").stdout
    assert row["prefix"] in run("keys", "list").stdout


@pytest.mark.parametrize(
    ("role", "grant", "why"),
    [
        ("agent", "wms.get_stok", "did you mean get_stock?"),
        ("agent", "wsm.get_stock", "did you mean wms?"),
        ("agent", "wms.place_hold", "nobody declared its effect"),
        ("agent", "wms.*", "only an operator"),
        ("approver", "*", "only an operator"),
        ("auditor", "wms.get_stock", "calls nothing"),
        ("operator", "wsm.*", "did you mean wms?"),
        ("agent", "get_stock", "is no operation"),
    ],
)
def test_a_grant_is_held_against_the_manifest(run, wms, role, grant, why):
    """R50, R51: least privilege, named one by one; nothing is made when one grant is wrong."""
    result = run("keys", "create", "x", "--role", role, "--person", "p", "--grant", grant, code=65)
    assert why in result.stderr
    assert listed(run) == []


def test_an_agent_needs_agents_in_the_manifest(run, wms):
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace("agents = true", "agents = false"))
    assert "agents = true" in run(*AGENT, "--grant", "wms.get_item", code=65).stderr


def test_an_operator_may_hold_everything(run, wms):
    run("keys", "create", "op", "--role", "operator", "--person", "olga", "--grant", "*")
    assert listed(run)[0]["grants"] == ["*.*"]


def test_a_name_is_taken_once(run, wms):
    run(*AGENT)
    assert "brownfield keys rotate bot" in run(*AGENT, code=65).stderr
    assert len(listed(run)) == 1


def test_a_rotation_leaves_the_old_key_good_for_a_while(run, wms):
    """R56: no call fails while clients change over."""
    old = run(*AGENT).stdout.strip()
    result = run("keys", "rotate", "bot", "--overlap", "2h")
    assert result.stdout.strip() not in ("", old)
    assert "stays good for 2h" in result.stderr
    first, second = sorted(listed(run), key=lambda row: row["expires_at"] is None)
    assert (first["prefix"], first["state"]) == (old.split("_")[1], "good")
    assert first["expires_at"]
    assert second["state"] == "good"


def test_a_rotation_does_not_lengthen_a_life(run, wms):
    run(*AGENT, "--expires", "1h")
    before = listed(run)[0]["expires_at"]
    assert "replaces" in run("keys", "rotate", "bot", "--json").stdout
    assert before in {row["expires_at"] for row in listed(run)}


def test_a_rotation_without_overlap_ends_the_old_key_now(run, wms):
    run(*AGENT)
    run("keys", "rotate", "bot", "--overlap", "0s")
    assert sorted(row["state"] for row in listed(run)) == ["expired", "good"]


def test_a_revoked_key_is_revoked_once(run, wms):
    prefix = run(*AGENT).stdout.split("_")[1]
    assert "is revoked" in run("keys", "revoke", prefix).stdout
    assert listed(run)[0]["state"] == "revoked"
    assert "revoked already" in run("keys", "revoke", prefix, code=65).stderr


def test_a_whole_key_may_be_given_to_revoke_and_is_not_repeated(run, wms):
    key = run(*AGENT).stdout.strip()
    assert key not in run("keys", "revoke", key).output


def test_an_unknown_key_or_identity_names_the_nearest(run, wms):
    prefix = run(*AGENT).stdout.split("_")[1]
    assert f"Did you mean {prefix}?" in run("keys", "revoke", prefix[:-1], code=66).stderr
    assert "Did you mean bot?" in run("keys", "rotate", "bott", code=66).stderr


def test_grants_are_added_and_taken_back(run, wms):
    """R51: a new use adds a grant; it is taken back the same way."""
    run(*AGENT)
    assert "granted wms.get_item, wms.get_stock" in run("keys", "grant", "bot", "wms.get_item", "wms.get_stock").stdout
    assert "nothing has changed" in run("keys", "grant", "bot", "wms.get_item").stdout
    assert "taken back wms.get_item" in run("keys", "ungrant", "bot", "wms.get_item").stdout
    assert listed(run)[0]["grants"] == ["wms.get_stock"]


def test_one_wrong_grant_grants_nothing(run, wms):
    run(*AGENT)
    run("keys", "grant", "bot", "wms.get_item", "wms.nosuch", code=65)
    assert listed(run)[0]["grants"] == []


def test_every_change_is_in_the_audit_and_reads_as_a_sentence(run, wms, entries):
    """R49: the entry commits with the change."""
    prefix = run(*AGENT, "--grant", "wms.get_item").stdout.split("_")[1]
    run("keys", "rotate", "bot")
    run("keys", "ungrant", "bot", "wms.get_item")
    run("keys", "revoke", prefix)
    found = entries()
    assert [entry.event for entry in found] == [
        "key.created", "grant.added", "key.created", "grant.removed", "key.revoked"]  # fmt: skip
    assert {entry.chain for entry in found} == {"cli"}
    assert all(entry.event in EVENTS for entry in found)
    told = [sentence(Entry(e.event, e.at, e.identity, e.wrapper, e.operation, e.proposal, e.body), ZoneInfo("UTC"))
            for e in found]  # fmt: skip
    assert told[1].endswith("added the grant of get item (wms) to bot.")
    assert prefix in told[4]
    assert "good" in run("audit", "verify").stdout


def test_what_fails_leaves_no_entry(run, wms, entries):
    run(*AGENT)
    run(*AGENT, code=65)
    run("keys", "grant", "bot", "wms.nosuch", code=65)
    assert [entry.event for entry in entries()] == ["key.created"]


def test_without_settings_no_key_is_made(run, place):
    """R13: a key belongs to an environment, and none is assumed."""
    assert 'environment = "sandbox"' in run(*AGENT, code=78).stderr


def test_a_length_that_is_none_is_refused(run, wms):
    assert "is not a duration" in run(*AGENT, "--expires", "soon", code=64).stderr


def test_a_name_that_no_halt_can_say_is_refused(run, place):
    """R97: `identity:a b` is no scope, and the audit quotes what is no name."""
    (place / "brownfield.toml").write_text('environment = "sandbox"\n')
    for name in ("a b", "-x", "é", "x" * 65):
        said = run("keys", "create", "--role", "agent", "--person", "x", "--", name, code=65).stderr
        assert "is no name for an identity" in said
    assert json.loads(run("keys", "list", "--json").stdout)["keys"] == []
