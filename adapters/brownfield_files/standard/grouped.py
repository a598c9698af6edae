"""What formats share whose records hang together: a statement and its entries, an interchange and its messages."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from brownfield.contract import Contract, Damage, Rejected, Sight
from brownfield_files.format.parsed import Content


class Grouped(ABC):
    """Half of a `Parser`: of such a format no record is read alone, and no layout says where a field stands.

    Attributes:
        group: What hangs together, for people: `a statement`.
    """

    group: ClassVar[str]

    @abstractmethod
    def contract(self) -> Contract:
        """See `Parser`."""

    @abstractmethod
    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """See `Parser`."""

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """What was damaged is the whole group, which is no single record.

        Raises:
            Rejected: Always.
        """
        raise Rejected(f"{len(raw)} bytes of {self.group}, which is many records: correct the file", code="parent")

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """Each field of each record with its value; without a file, each field that there is."""
        if file is None:
            for kind, shape in self.contract().records.items():
                for name in shape.fields["properties"]:
                    yield Sight(-1, kind, name, 0, 0, "")
            return
        for number, record in enumerate(self.records(file)):
            if isinstance(record, Damage):
                yield Sight(number, "", "", record.offset, len(record.raw), "", record.raw, reason=record.reason)
                continue
            kind, fields = record
            for name, value in fields.items():
                yield Sight(number, kind, name, 0, 0, "", b"", value=value)
