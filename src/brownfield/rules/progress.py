"""How far something has come, and how long the rest will take."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has come.

    Attributes:
        done: Bytes.
        whole: Bytes.
        spent: Since it was begun; the time in which nobody worked on it included.
    """

    done: int
    whole: int
    spent: timedelta

    @property
    def percent(self) -> int:
        """0 to 100; 100 only when nothing is left."""
        return 100 * self.done // self.whole if self.whole else 100

    @property
    def left(self) -> timedelta | None:
        """What the rest takes at the pace so far; None while there is no pace to speak of."""
        if not self.done or not self.spent:
            return None
        return self.spent * (self.whole - self.done) / self.done
