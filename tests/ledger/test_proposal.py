"""Proposals: every change of state is one compare-and-set (R61, R75, R86)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from brownfield.ledger.conflict import Moved
from brownfield.ledger.halt import lift_halt, set_halt
from brownfield.ledger.proposal import (
    Decision,
    Proposal,
    claim,
    decisions,
    expired,
    get,
    insert,
    listing,
    move,
    orphans,
    record_decision,
)
from brownfield.rules.proposal import UNDONE, Event, NotPossible, State

LEASE = timedelta(minutes=1)


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


@pytest.fixture
def hold(now):
    """A proposal to place a hold."""

    def hold(name="p1", **more):
        return replace(
            Proposal(
                id=name,
                environment="production",
                wrapper="inventory",
                operation="place_hold",
                arguments={"sku": "A1", "units": 3},
                surface="f" * 64,
                before={"on_hand": 7},
                before_hash="b" * 64,
                hash="h" * 64,
                impact={"minor": 49999, "currency": "EUR"},
                tier="one",
                needed=1,
                origin="agent",
                proposer="agent",
                person="ann",
                reason="order 12",
                created_at=now,
                expires_at=now + timedelta(hours=4),
            ),
            **more,
        )

    return hold


@pytest.fixture
def approved(connection, hold, now):
    """Store a proposal that is approved."""

    def approved(name="p1", **more):
        insert(connection, hold(name, **more))
        return move(connection, name, Event.APPROVE, now)

    return approved


@pytest.fixture
def executing(approved, connection, now):
    approved()
    return claim(connection, "worker-1", now, LEASE)


class TestStoring:
    def test_it_comes_back_as_it_was(self, connection, hold):
        stored, created = insert(connection, hold(key="order-12"))
        assert created
        assert stored == hold(key="order-12") == get(connection, "p1")
        assert get(connection, "p2") is None

    def test_an_unknown_impact_stays_unknown(self, connection, hold):
        """R62: unknown impact is the highest tier; it must not come back as nothing."""
        insert(connection, hold(impact=None, before=None))
        assert get(connection, "p1").impact is None

    def test_one_key_is_one_proposal(self, connection, hold):
        """The caller sees the first one's arguments and tells a repeat from a conflict."""
        insert(connection, hold("p1", key="order-12"))
        stored, created = insert(connection, hold("p2", key="order-12", arguments={"sku": "B2", "units": 1}))
        assert not created
        assert (stored.id, stored.arguments["sku"]) == ("p1", "A1")
        assert get(connection, "p2") is None

    def test_of_eight_requests_with_one_key_one_is_stored(self, ledger, hold):
        def propose(number):
            with ledger.write() as connection:
                return insert(connection, hold(f"p{number}", key="order-12"))

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(propose, range(8)))
        assert [created for _, created in results].count(True) == 1
        assert len({stored.id for stored, _ in results}) == 1

    @pytest.mark.parametrize("other", [{"environment": "sandbox"}, {"wrapper": "billing"}, {"operation": "x"}])
    def test_a_key_is_of_one_operation_of_one_environment(self, other, connection, hold):
        insert(connection, hold("p1", key="order-12"))
        assert insert(connection, hold("p2", key="order-12", **other))[1]

    def test_without_a_key_every_proposal_is_its_own(self, connection, hold):
        assert insert(connection, hold("p1"))[1]
        assert insert(connection, hold("p2"))[1]

    def test_an_id_is_never_used_twice(self, connection, hold):
        insert(connection, hold())
        with pytest.raises(IntegrityError):
            insert(connection, hold())


class TestListing:
    @pytest.fixture(autouse=True)
    def five(self, connection, hold, now):
        for n in range(5):
            wrapper, proposer = ("billing", "agent") if n == 4 else ("inventory", f"agent-{n % 2}")
            created_at = now + timedelta(seconds=n // 2)  # some at the same instant
            insert(connection, hold(f"p{n}", wrapper=wrapper, proposer=proposer, created_at=created_at))
        move(connection, "p0", Event.APPROVE, now)

    def test_newest_first(self, connection):
        assert [p.id for p in listing(connection)] == ["p4", "p3", "p2", "p1", "p0"]

    def test_pages_follow_each_other_even_within_one_instant(self, connection):
        seen, after = [], None
        while page := listing(connection, limit=2, after=after):
            seen += [p.id for p in page]
            after = seen[-1]
        assert seen == ["p4", "p3", "p2", "p1", "p0"]

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            ({"states": [State.APPROVED]}, ["p0"]),
            ({"states": []}, []),
            ({"proposer": "agent-1"}, ["p3", "p1"]),
            ({"wrapper": "billing"}, ["p4"]),
            ({"states": [State.PROPOSED], "proposer": "agent-0"}, ["p2"]),
        ],
    )
    def test_by_what_is_wanted(self, wanted, ids, connection):
        assert [p.id for p in listing(connection, **wanted)] == ids


class TestMoving:
    def test_an_event_leads_along_the_table(self, connection, hold, now):
        insert(connection, hold())
        assert move(connection, "p1", Event.APPROVE, now).state is State.APPROVED
        with pytest.raises(NotPossible):
            move(connection, "p1", Event.CONFIRM, now)

    def test_of_eight_who_decide_at_once_one_wins(self, ledger, hold, now):
        with ledger.write() as connection:
            insert(connection, hold())

        def decline(_):
            with ledger.write() as connection:
                return move(connection, "p1", Event.DECLINE, now)

        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(decline, n) for n in range(8)]
        failures = [future.exception() for future in futures]
        assert failures.count(None) == 1
        assert all(isinstance(failure, NotPossible | Moved) for failure in failures if failure)

    def test_what_is_not_there_cannot_move(self, connection, now):
        with pytest.raises(Moved, match="no proposal p9"):
            move(connection, "p9", Event.APPROVE, now)

    def test_a_claim_has_its_own_door(self, connection, hold, now):
        insert(connection, hold())
        move(connection, "p1", Event.APPROVE, now)
        with pytest.raises(ValueError, match="lease"):
            move(connection, "p1", Event.CLAIM, now)

    def test_the_end_is_dated_and_told(self, connection, executing, now):
        """R99: input, decision, human, resulting state change."""
        done = move(
            connection,
            "p1",
            Event.CONFIRM,
            now + LEASE,
            fence=executing.fence,
            result={"id": "H-1"},
            reading={"units": 3},
            outcome="held 3 units",
        )
        assert done == get(connection, "p1")
        assert (done.state, done.settled_at, done.outcome) == (State.DONE, now + LEASE, "held 3 units")
        assert (done.result, done.reading) == ({"id": "H-1"}, {"units": 3})
        assert (done.holder, done.lease_until) == (None, None)

    @pytest.mark.parametrize("event", [Event.REFUSE, Event.EXHAUST, Event.DENY])
    def test_a_key_is_free_again_when_nothing_was_written(self, event, connection, approved, hold, now):
        approved(key="order-12")
        taken = claim(connection, "worker-1", now, LEASE)
        ended = move(connection, "p1", event, now, fence=taken.fence)
        assert ended.state in UNDONE
        assert ended.key is None
        assert insert(connection, hold("p2", key="order-12"))[1]

    @pytest.mark.parametrize("event", [Event.CONFIRM, Event.LOSE])
    def test_a_key_stays_taken_when_something_was_or_may_have_been_written(self, event, approved, connection, now):
        approved(key="order-12")
        claim(connection, "worker-1", now, LEASE)
        assert move(connection, "p1", event, now).key == "order-12"


class TestClaiming:
    def test_eight_workers_and_one_proposal_make_one_claim(self, ledger, hold, now):
        with ledger.write() as connection:
            insert(connection, hold())
            move(connection, "p1", Event.APPROVE, now)

        def attempt(number):
            with ledger.write() as connection:
                return claim(connection, f"worker-{number}", now, LEASE)

        with ThreadPoolExecutor(8) as pool:
            claims = [taken for taken in pool.map(attempt, range(8)) if taken]
        (taken,) = claims
        assert (taken.state, taken.fence, taken.attempts) == (State.EXECUTING, 1, 1)
        assert taken.lease_until == now + LEASE

    def test_only_what_was_approved_is_taken(self, connection, hold, now):
        """R61: no path from proposed to executing without a decision."""
        insert(connection, hold())
        assert claim(connection, "worker-1", now, LEASE) is None

    def test_the_oldest_goes_first(self, connection, approved, now):
        approved("young", created_at=now + timedelta(seconds=1))
        approved("old")
        assert claim(connection, "worker-1", now, LEASE).id == "old"

    def test_a_wrapper_that_is_read_only_waits(self, connection, approved, now):
        """R52."""
        approved("p1")
        approved("p2", wrapper="billing", created_at=now + timedelta(seconds=1))
        assert claim(connection, "worker-1", now, LEASE, read_only={"inventory"}).id == "p2"

    def test_only_its_own_environment(self, connection, approved, now):
        approved()
        assert claim(connection, "worker-1", now, LEASE, environment="sandbox") is None
        assert claim(connection, "worker-1", now, LEASE, environment="production").id == "p1"

    @pytest.mark.parametrize(
        "scope", ["everything", "identity:agent", "wrapper:inventory", "operation:inventory.place_hold"]
    )
    def test_a_halt_stands_in_the_way_until_it_is_lifted(self, scope, connection, approved, now):
        """R102: the halt is asked within the claim; T31."""
        approved()
        set_halt(connection, scope, "olga", "wrong prices", now)
        assert claim(connection, "worker-1", now, LEASE) is None
        lift_halt(connection, scope, "olga", now)
        assert claim(connection, "worker-1", now, LEASE).id == "p1"

    @pytest.mark.parametrize("scope", ["identity:other", "wrapper:billing", "operation:inventory.release_hold"])
    def test_a_halt_of_something_else_does_not(self, scope, connection, approved, now):
        approved()
        set_halt(connection, scope, "olga", "wrong prices", now)
        assert claim(connection, "worker-1", now, LEASE).id == "p1"

    def test_nothing_begins_once_it_has_expired(self, connection, approved, hold):
        approved()
        assert claim(connection, "worker-1", hold().expires_at, LEASE) is None

    def test_what_did_not_happen_is_tried_again_not_before_it_is_due(self, connection, executing, now):
        """R79, R82."""
        later = now + timedelta(seconds=8)
        move(connection, "p1", Event.RELEASE, now, fence=executing.fence, not_before=later)
        assert claim(connection, "worker-1", now, LEASE) is None
        again = claim(connection, "worker-1", later, LEASE)
        assert again.attempts == 2
        assert again.fence > executing.fence


class TestLosing:
    def test_a_dead_workers_proposal_is_found_when_its_lease_has_run_out(self, connection, executing, now):
        assert orphans(connection, "worker-2", now) == []
        assert orphans(connection, "worker-1", now + LEASE) == []
        assert orphans(connection, "worker-2", now + LEASE) == [executing]

    def test_who_is_alone_need_not_wait(self, connection, executing, now):
        assert orphans(connection, "worker-2", now, alone=True) == [executing]
        assert orphans(connection, "worker-1", now, alone=True) == []

    def test_a_worker_that_comes_back_from_the_dead_changes_nothing(self, connection, executing, now):
        """Its proposal was made unknown; what it says now was not what a person is looking at."""
        lost = move(connection, "p1", Event.LOSE, now)
        with pytest.raises(Moved):
            move(connection, "p1", Event.CONFIRM, now, fence=executing.fence)
        assert get(connection, "p1") == lost

    def test_a_proposal_claimed_anew_is_out_of_the_first_workers_hands(self, connection, executing, now):
        move(connection, "p1", Event.RELEASE, now, fence=executing.fence)
        claim(connection, "worker-2", now, LEASE)
        with pytest.raises(Moved):
            move(connection, "p1", Event.CONFIRM, now, fence=executing.fence)

    def test_what_nobody_decided_or_executed_in_time_is_found(self, connection, approved, hold, executing, now):
        """R66."""
        insert(connection, hold("p2"))
        approved("p3")
        end = hold().expires_at
        assert expired(connection, end - timedelta(microseconds=1)) == []
        assert [p.id for p in expired(connection, end)] == ["p2", "p3"]  # p1 is being executed


class TestDeciding:
    def test_a_person_decides_once(self, connection, hold, now):
        """R67: two approvals are of two people, though one person may have two identities."""
        insert(connection, hold())
        said = {"decision": "approved", "hash_": "h" * 64, "note": "", "now": now}
        assert record_decision(connection, "p1", person="bob", identity="bob-web", **said)
        assert not record_decision(connection, "p1", person="bob", identity="bob-cli", **said)
        assert record_decision(connection, "p1", person="eve", identity="eve", **said)
        assert decisions(connection, "p1") == [
            Decision("p1", "bob", "bob-web", "approved", "h" * 64, "", now),
            Decision("p1", "eve", "eve", "approved", "h" * 64, "", now),
        ]

    def test_the_first_word_stands(self, connection, hold, now):
        insert(connection, hold())
        said = {"person": "bob", "identity": "bob", "hash_": "h" * 64, "note": "", "now": now}
        record_decision(connection, "p1", decision="declined", **said)
        assert not record_decision(connection, "p1", decision="approved", **said)
        assert [d.decision for d in decisions(connection, "p1")] == ["declined"]

    def test_there_is_nothing_to_decide_about_what_is_not_there(self, connection, now):
        said = {"decision": "approved", "hash_": "h", "note": "", "now": now}
        with pytest.raises(IntegrityError):
            record_decision(connection, "p9", person="bob", identity="bob", **said)
