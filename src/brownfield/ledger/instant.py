"""Times as the ledger keeps them: integer microseconds since 1970-01-01T00:00Z."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since the epoch, exact.

    Raises:
        TypeError: `at` is naive; a naive time is not an instant.
    """
    return (at - EPOCH) // MICROSECOND


def instant(value: int) -> datetime:
    """The UTC time of a stored integer, exact: integer arithmetic, never a float timestamp."""
    return EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """The same for a column that may be NULL."""
    return None if value is None else instant(value)
