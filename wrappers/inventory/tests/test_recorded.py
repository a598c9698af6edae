"""What the warehouse answered once, against the wrapper as it is now; no warehouse is needed."""

from pathlib import Path

from brownfield.testing.replay import ReplayContract

FOLDER = Path(__file__).resolve().parents[1]


class TestRecorded(ReplayContract):
    """R19: the wrapper makes of its system's answers what it made of them when they were recorded."""

    folder = FOLDER
