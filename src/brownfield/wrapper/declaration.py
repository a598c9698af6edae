"""`Wrapper`: binds functions to the names that the manifest declares. It does no I/O and nothing at import."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from brownfield.contract import Fields, Reply

Record = Mapping[str, Any]
"""One decoded record of a batch: decimals are strings, whole numbers are ints."""

Function = TypeVar("Function", bound=Callable[..., Any])


class Call(Protocol):
    """What a handler gets before the slash: makes far-side calls on one connection.

    In a read it refuses a call that the manifest does not declare a read; in a write it makes one write call.
    """

    def __call__(self, call: str, /, **fields: Any) -> Reply:
        """Make a call.

        Raises:
            Rejected: The system said no.
            Unavailable: Nothing happened.
            Uncertain: It may have happened.
            Drifted: The reply is outside the contract.
        """


class Wrapper:
    """The behaviour of one system's wrapper, beside its manifest.

    Args:
        id: The same id as in `wrapper.toml`.
    """

    def __init__(self, id: str) -> None:  # noqa: A002  the word of the manifest
        self.id = id
        self.operations: dict[str, Callable[..., Any]] = {}
        self.impacts: dict[str, Callable[[Fields, Fields], Any]] = {}
        self.feeds: dict[str, Callable[[Record], Any]] = {}

    def operation(self, name: str) -> Callable[[Function], Function]:
        """Bind a function to an operation. Returns the same function, so that a test can simply call it."""
        return _binder(self.operations, name)

    def impact(self, name: str) -> Callable[[Function], Function]:
        """Bind what a write is worth: `(fields, before) -> Money | None`, None meaning unknown, the highest tier."""
        return _binder(self.impacts, name)

    def feed(self, name: str) -> Callable[[Function], Function]:
        """Bind what becomes of one record: `(row) -> event data | None`, None meaning no event."""
        return _binder(self.feeds, name)


def _binder(table: dict[str, Callable[..., Any]], name: str) -> Callable[[Function], Function]:
    def bind(function: Function) -> Function:
        if name in table:
            raise ValueError(f"{name} is bound twice: {table[name].__qualname__} and {function.__qualname__}")
        table[name] = function
        return function

    return bind
