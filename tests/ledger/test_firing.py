"""Who fires (engines.md 3: without the unique row, 32 fires for 11 due times)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from brownfield.ledger.firing import Firing, claim_firing, end_firing, firings, last_firing


def test_of_eight_processes_one_fires(ledger, now):
    def attempt(number):
        with ledger.write() as connection:
            return claim_firing(connection, "inventory.stock-count", now, f"process-{number}", now)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1


def test_a_due_time_is_never_taken_again(ledger, now):
    """Not even after it ended: a restart must not repeat it."""
    with ledger.write() as connection:
        assert claim_firing(connection, "inventory.stock-count", now, "a", now)
        end_firing(connection, "inventory.stock-count", now, "collected 3 files", now)
        assert not claim_firing(connection, "inventory.stock-count", now, "a", now)


def test_the_last_firing_is_that_of_the_latest_due_time(ledger, now):
    """Catch-up after a stop begins there."""
    later = now + timedelta(days=1)
    with ledger.write() as connection:
        assert last_firing(connection, "inventory.stock-count", now + timedelta(days=1)) is None
        claim_firing(connection, "inventory.stock-count", later, "a", later)
        claim_firing(connection, "inventory.stock-count", now, "a", later)
        claim_firing(connection, "other", later + timedelta(days=1), "a", later)
        end_firing(connection, "inventory.stock-count", now, "missed", later)
        assert last_firing(connection, "inventory.stock-count", now + timedelta(days=1)) == Firing(
            "inventory.stock-count", later, "a", later, "running", None
        )
        assert [(f.schedule, f.outcome) for f in firings(connection, limit=3)] == [
            ("other", "running"),
            ("inventory.stock-count", "running"),
            ("inventory.stock-count", "missed"),
        ]
