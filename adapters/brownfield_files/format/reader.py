"""What reads the files of one format: the waist between the place (`feed`) and the formats (`catalog`)."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol, runtime_checkable

from brownfield.contract import Arrival, Checkpoint, Chunk, Contract, Damage, Row


class Reader(Protocol):
    """One format with one layout. Where files lie, who they belong to and whether they change is no concern of it."""

    @property
    def shape(self) -> str:
        """Changes when the layout does: a checkpoint is good for one shape only."""

    def contract(self) -> Contract:
        """The record types."""

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What says that a file that is not claimed yet is not whole; empty when nothing does. Cheap."""

    def chunks(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`. The whole file is judged before the first.

        Raises:
            Rejected: The file is not what it should be, or not the one that the checkpoint is of.
        """

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes hold as the record of that number.

        Raises:
            Rejected: They are not one record, or one that cannot be read alone.
        """


@runtime_checkable
class OnePass(Reader, Protocol):
    """A reader that needs one reading where its rows can be kept back until the file is judged."""

    def gather(self, file: BinaryIO, arrival: Arrival) -> Iterator[Chunk]:
        """The rows from the first on. The file is judged when they have ended.

        Raises:
            Rejected: The file is not what it should be.
        """
