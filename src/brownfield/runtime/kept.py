"""Kept: what nobody may be told of yet, in order, in memory while it is little."""

import pickle
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")

_IN_MEMORY = 4 << 20
"""Bytes, before a file is begun."""


class Kept(Generic[Item]):
    """Items in the order in which they were taken. The file that it may need has no name, and goes with its block.

    Args:
        folder: Where that file is, for its owner alone.

    Attributes:
        common: A text that all of them have, kept once.
    """

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY, dir=str(folder))  # noqa: SIM115 -- closed by this block
        self._count = 0
        self.common = ""

    def take(self, item: Item) -> None:
        """Keep one more.

        Raises:
            OSError: There is no room for it.
        """
        pickle.dump(item, self._file, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def given(self) -> Iterator[Item]:
        """All of them."""
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 -- nobody else can have written it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        with suppress(OSError):  # a full disk was told by `take`, or nobody waits for what is left
            self._file.close()
