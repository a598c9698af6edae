"""Asking: “what did the agent do with account 4471 last Tuesday?” (R100)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from brownfield.ledger.audit import count, search, subject_token


@pytest.fixture
def ask(ledger):
    def ask(**question):
        with ledger.read() as connection:
            found = search(connection, **question)
            bounds = {name: value for name, value in question.items() if name not in {"after", "limit"}}
            if "after" not in question and "limit" not in question:
                assert count(connection, **bounds) == len(found)
        return [f"{r.event} {r.identity}" for r in found]

    return ask


@pytest.fixture
def story(write, entry, now):
    """A read, then a write from proposal to execution; and the same by somebody else on another SKU."""
    hour = timedelta(hours=1)
    call = {"wrapper": "inventory", "operation": "place_hold"}
    write(
        entry("read.done", identity="agent", wrapper="inventory", operation="get_stock", subjects=["A1", "PAR1"]),
        entry("write.proposed", now + hour, identity="agent", proposal="p1", subjects=["A1", "PAR1"], **call),
        entry("write.proposed", now + hour, identity="other", proposal="p2", subjects=["B2", "PAR1"], **call),
    )
    write(entry("write.approved", now + 2 * hour, identity="ann", proposal="p1", **call))
    write(entry("write.executed", now + 3 * hour, identity="worker", proposal="p1", **call))


def test_everything_in_order(story, ask):
    assert len(ask()) == 5


def test_a_question_about_a_sku_shows_the_whole_story_of_its_proposal(story, ask, key):
    assert ask(tokens=[subject_token(key, "a1")]) == [
        "read.done agent",
        "write.proposed agent",
        "write.approved ann",
        "write.executed worker",
    ]


def test_several_subjects_must_all_be_meant(story, ask, key):
    par1 = subject_token(key, "PAR1")
    assert ask(tokens=[par1, subject_token(key, "B2")]) == ["write.proposed other"]
    assert len(ask(tokens=[par1])) == 5
    assert ask(tokens=[par1, subject_token(key, "C3")]) == []


def test_the_story_of_what_one_identity_asked_includes_who_approved(story, ask, key):
    tokens = [subject_token(key, "PAR1")]
    assert ask(tokens=tokens, identity="other") == ["write.proposed other"]
    assert "write.approved ann" in ask(tokens=tokens, identity="agent")


def test_time_narrows_the_story_not_what_leads_to_it(story, ask, key, now):
    """An approval on Tuesday of what was asked on Monday."""
    since = now + timedelta(hours=2)
    tokens = [subject_token(key, "A1")]
    assert ask(tokens=tokens, since=since) == ["write.approved ann", "write.executed worker"]
    assert ask(tokens=tokens, since=since, until=since + timedelta(hours=1)) == ["write.approved ann"]


def test_by_column(story, ask, now):
    assert ask(identity="ann") == ["write.approved ann"]
    assert len(ask(proposal="p1")) == 3
    assert len(ask(wrapper="inventory", operation="get_stock")) == 1
    assert ask(events=["write.executed", "read.done"]) == ["read.done agent", "write.executed worker"]
    assert ask(events=[]) == []


def test_pages_follow_each_other_without_gap_or_repeat(story, ledger):
    seen, after = [], 0
    with ledger.read() as connection:
        while page := search(connection, after=after, limit=2):
            seen += [recorded.id for recorded in page]
            after = seen[-1]
    assert seen == [1, 2, 3, 4, 5]


def test_an_entry_comes_back_as_it_was_noted(write, entry, ledger, now):
    write(entry(identity="agent", body={"outcome": "ok", "units": "12.50"}))
    with ledger.read() as connection:
        (found,) = search(connection)
    assert found.body == {"outcome": "ok", "units": "12.50"}
    assert (found.at, found.chain, found.seq, found.wrapper) == (now, "server", 1, None)


def test_entries_of_a_proposal_are_found_by_an_index(ledger):
    """Few of the entries are of one: the index holds these alone."""
    with ledger.read() as connection:
        plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT id FROM bf_entry WHERE proposal = 'p'")).all()
        story = text("EXPLAIN QUERY PLAN SELECT id FROM bf_entry WHERE proposal IN (SELECT proposal FROM bf_entry)")
        within = connection.execute(story).all()
    assert "ix_bf_entry_proposal (proposal=?)" in plan[0].detail
    assert any("ix_bf_entry_proposal (proposal=?)" in row.detail for row in within)
