"""Working ahead: the next item is made in a thread of its own while the last one is used."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """The same items, one ahead of whoever takes them. What making one raises is raised where it would be taken.

    What was taken is let go of in that thread too: to free ten thousand texts takes as long as to make some.
    Nothing of `items` runs any more when its block ends, early or not.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._used: Item | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._coming: Future[Item] = self._pool.submit(self._make, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        item = self._coming.result()
        self._coming = self._pool.submit(self._make, self._used)
        self._used = item
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._pool.shutdown()

    def _make(self, _used: Item | None) -> Item:
        """The pool lets go of what it is given after this."""
        return next(self._items)
