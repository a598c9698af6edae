"""What was recorded of a system, as a test of the bundle that wraps it. It takes one class, of one line.

class TestRecorded(ReplayContract):
    folder = FOLDER
"""

from pathlib import Path
from typing import ClassVar

from brownfield.runtime.opening import Surroundings
from brownfield.runtime.recording import load
from brownfield.runtime.registry import Registry
from brownfield.runtime.replaying import difference, replaying


class ReplayContract:
    """That the bundle still makes of its system's answers what it made of them when they were recorded.

    Attributes:
        folder: The bundle's folder; `tests/exchanges` in it holds what `brownfield record` wrote.
    """

    folder: ClassVar[Path]

    def test_something_was_recorded(self) -> None:
        """A test of nothing must not pass."""
        assert load(self.folder), f"nothing was recorded: brownfield record {self.folder.name}.OPERATION …"

    def test_every_recording_is_answered_as_it_was(self) -> None:
        """The wrapper's code, the real codec, the real wire, and no system."""
        with replaying(self.folder, Surroundings(Registry(), (), {})) as replay:
            found = [(f"{one.operation} {dict(one.arguments)}", difference(one, replay(one)))
                     for one in load(self.folder)]  # fmt: skip
        assert {call: words for call, words in found if words} == {}
