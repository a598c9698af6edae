"""The clock, so that a test can hold it still. Everything below `runtime` gets the time as an argument."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Seconds of a clock that never steps back."""
        return time.monotonic()
