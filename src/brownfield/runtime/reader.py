"""Reading a system: a handler or the bare call, on the connection's threads, checked against the contract."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError

from brownfield.contract import Drifted, Failure, Fields, Reply
from brownfield.rules.binding import same_named
from brownfield.rules.problem import Problem
from brownfield.runtime.connection import ReadCall
from brownfield.runtime.kernel import OpenWrapper
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.handler import places
from brownfield.wrapper.hiding import hide, hushed

Document = dict[str, Any]


def nothing(_: Document) -> None:
    """What is done with a result on its thread, where nothing is."""


async def read(opened: OpenWrapper, operation: Operation, arguments: Fields,
               then: Callable[[Document], None] = nothing) -> Document:  # fmt: skip
    """The result of a read operation, its hidden fields removed.

    Args:
        opened: The bundle.
        operation: A read of it.
        arguments: Valid.
        then: Called with the result on the thread that has it, before anybody is told.

    Raises:
        Problem: `busy` or `deadline`; `internal` when the wrapper's own function failed.
        Failure: One of the four, from the system.
    """
    calls: list[ReadCall] = []
    try:
        work = partial(_read, opened, operation, arguments, calls, then)
        return await opened.calls[operation.table.via].run(work)
    except Failure as failure:
        raise hushed(failure, operation.table.hide) from failure
    except Problem:
        raise
    except ValidationError as error:
        raise Drifted(f"{operation.name} was answered otherwise than its models say: {places(error)}") from error
    except Exception as error:
        raise Problem("internal", f"the function of {operation.name} failed: {type(error).__name__}") from error
    finally:
        for call in calls:
            call.give_up()


async def read_before(opened: OpenWrapper, operation: Operation, arguments: Fields) -> Document | None:
    """The state that a write would change, as its `before` reads it; None when it names none.

    Raises:
        Problem: See `read`.
        Failure: See `read`.
    """
    if operation.table.before is None:
        return None
    look = opened.bundle.operations[operation.table.before]
    return await read(opened, look, same_named(arguments, look.input))


def _read(opened: OpenWrapper, operation: Operation, arguments: Fields, calls: list[ReadCall],
          then: Callable[[Document], None]) -> Document:  # fmt: skip
    table, handler = operation.table, operation.handler
    calls += [opened.calls[name].reader() for name in (handler.connections if handler else (table.via,))]
    if handler is None:
        reply = calls[0](table.call or "", **arguments)
        rows = opened.bundle.contracts[table.via].operations[table.call or ""].rows
        document = whole(reply, rows)
    else:
        document = handler.document(handler.function(*calls, **handler.arguments(arguments)))
    shown = dict(hide(document, table.hide))
    opened.validators[operation.name].check_result(shown)
    then(shown)
    return shown


def whole(reply: Reply, rows: str | None) -> Document:
    """A reply's fields with its rows put back under their name."""
    document = dict(reply.fields)
    if reply.rows is not None and rows is not None:
        document[rows] = list(reply.rows)
    return document
