"""Records with members of their own names (JSON, XML): which are declared, and what a whole file has besides."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from brownfield_files.format.shape import Shape, drifted, refuse_drift
from brownfield_files.layout.document import Table

Undeclared = Annotated[str, Field(pattern="^(refuse|ignore)$")]


class MemberTable(Table):
    """What is said of such a file as a whole.

    Attributes:
        undeclared: Whether members that the layout does not have are ignored, or the file is refused.
    """

    undeclared: Undeclared = "refuse"


class Seen:
    """The members that the records of one type were seen to have.

    Args:
        shape: The record type.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._columns = frozenset(shape.columns)
        self._names: dict[str, None] = {}
        self._count = 0

    def add(self, texts: Mapping[str, object]) -> None:
        """Take a record into account."""
        self._count += 1
        self._names.update(dict.fromkeys(texts))

    def judge(self, undeclared: str) -> None:
        """Refuse a file whose records have drifted from the layout: they all lack a field, or have an unknown one.

        Raises:
            Rejected: With the code `drift`.
        """
        needed = [one.column for one in self._shape.cells if one.required] if self._count else []
        declared = self._columns if undeclared == "refuse" else {*self._columns, *self._names}
        refuse_drift(drifted(declared, self._names, needed, what=f"{self._shape.kind}: member"))
