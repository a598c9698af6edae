"""Rows that are made when they are first asked for: who stores documents asks for none."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

from brownfield.contract import Row


class LateRows(Sequence[Row]):
    """Rows in the order of the file."""

    @property
    @abstractmethod
    def _rows(self) -> tuple[Row, ...]:
        """All of them, made once."""

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._rows == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # rows hold dictionaries

    def __repr__(self) -> str:
        return repr(self._rows)
