"""Timed claims with fences (R86)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from brownfield.ledger.lease import release, renew, take

TTL = timedelta(seconds=30)


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


def test_one_of_eight_holds_it(ledger, now):
    def attempt(number):
        with ledger.write() as connection:
            return take(connection, "collect", f"process-{number}", ttl=TTL, now=now)

    with ThreadPoolExecutor(8) as pool:
        assert [fence for fence in pool.map(attempt, range(8)) if fence is not None] == [1]


def test_a_lease_in_force_is_not_taken_even_by_its_holder(connection, now):
    assert take(connection, "collect", "a", ttl=TTL, now=now) == 1
    assert take(connection, "collect", "a", ttl=TTL, now=now) is None
    assert take(connection, "collect", "b", ttl=TTL, now=now + TTL - timedelta(microseconds=1)) is None
    assert take(connection, "other", "b", ttl=TTL, now=now) == 1


def test_it_expires_with_its_holders_death_and_the_dead_is_fenced(connection, now):
    take(connection, "collect", "a", ttl=TTL, now=now)
    assert take(connection, "collect", "b", ttl=TTL, now=now + TTL) == 2
    assert not renew(connection, "collect", "a", 1, ttl=TTL, now=now + TTL)
    assert not release(connection, "collect", "a", 1)
    assert renew(connection, "collect", "b", 2, ttl=TTL, now=now + TTL)


def test_a_renewed_lease_lasts(connection, now):
    take(connection, "collect", "a", ttl=TTL, now=now)
    assert renew(connection, "collect", "a", 1, ttl=TTL, now=now + TTL / 2)
    assert take(connection, "collect", "b", ttl=TTL, now=now + TTL) is None


def test_a_lease_that_ran_out_is_not_renewed(connection, now):
    """Somebody may have come and gone in between."""
    take(connection, "collect", "a", ttl=TTL, now=now)
    assert not renew(connection, "collect", "a", 1, ttl=TTL, now=now + TTL)


def test_fences_never_start_again(connection, now):
    for fence in range(1, 4):
        assert take(connection, "collect", "a", ttl=TTL, now=now) == fence
        assert release(connection, "collect", "a", fence)
