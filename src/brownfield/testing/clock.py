"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from brownfield.runtime.clock import Clock


class FrozenClock(Clock):
    """A clock that only moves when told.

    Args:
        at: The instant at which it stands, aware; by default a Saturday morning.

    Raises:
        ValueError: The instant has no zone.
    """

    def __init__(self, at: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)) -> None:
        if at.tzinfo is None:
            raise ValueError("an instant needs a zone: datetime(..., tzinfo=UTC)")
        self._now = at.astimezone(UTC)
        self._ticks = 0.0

    def now(self) -> datetime:
        """The instant at which it stands, aware, UTC."""
        return self._now

    def ticks(self) -> float:
        """Seconds that it has been moved forward."""
        return self._ticks

    def move(self, by: timedelta) -> datetime:
        """Move it, and say what time it is then. Only forward: the steady seconds cannot go back.

        Raises:
            ValueError: It would go back.
        """
        if by < timedelta(0):
            raise ValueError("a clock is moved forward only")
        self._now += by
        self._ticks += by.total_seconds()
        return self._now
