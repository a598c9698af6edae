"""Working ahead: the next item is made in a thread of its own, from when its user has no more use for the processor.

Two threads that both compute in Python wait for each other at every turn. So whoever uses the items says when the next
one may be begun: best when nothing is left but to wait for the disk.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """The same items. What making one raises is raised where it would be taken.

    Nothing of `items` runs any more when its block ends, early or not.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items, self._end = items, object()
        self._coming: Future[Any] | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def begin(self) -> None:
        """Begin to make the next item, unless that is begun."""
        if self._coming is None:
            self._coming = self._pool.submit(next, self._items, self._end)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        self.begin()
        assert self._coming is not None  # noqa: S101 -- it is begun
        item, self._coming = self._coming.result(), None
        if item is self._end:
            raise StopIteration
        return item  # type: ignore[no-any-return]  # it is no end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._pool.shutdown()
