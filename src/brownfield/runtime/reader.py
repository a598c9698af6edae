"""Reading a system: a handler or the bare call, on the connection's threads, checked against the contract."""

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
from brownfield.wrapper.hiding import hide


async def read(opened: OpenWrapper, operation: Operation, arguments: Fields) -> dict[str, Any]:
    """The result of a read operation, its hidden fields removed.

    Raises:
        Problem: `busy` or `deadline`; `internal` when the wrapper's own function failed.
        Failure: One of the four, from the system.
    """
    calls: list[ReadCall] = []
    try:
        document = await opened.calls[operation.table.via].run(partial(_read, opened, operation, arguments, calls))
    except (Failure, Problem):
        raise
    except ValidationError as error:
        raise Drifted(f"{operation.name} was answered otherwise than its models say: {places(error)}") from error
    except Exception as error:
        raise Problem("internal", f"the function of {operation.name} failed: {type(error).__name__}") from error
    finally:
        for call in calls:
            call.give_up()
    opened.validators[operation.name].check_result(document)
    return document


async def read_before(opened: OpenWrapper, operation: Operation, arguments: Fields) -> dict[str, Any] | None:
    """The state that a write would change, as its `before` reads it; None when it names none.

    Raises:
        Problem: See `read`.
        Failure: See `read`.
    """
    if operation.table.before is None:
        return None
    look = opened.bundle.operations[operation.table.before]
    return await read(opened, look, same_named(arguments, look.input))


def _read(opened: OpenWrapper, operation: Operation, arguments: Fields, calls: list[ReadCall]) -> dict[str, Any]:
    table, handler = operation.table, operation.handler
    calls += [opened.calls[name].reader() for name in (handler.connections if handler else (table.via,))]
    if handler is None:
        reply = calls[0](table.call or "", **arguments)
        rows = opened.bundle.contracts[table.via].operations[table.call or ""].rows
        document = whole(reply, rows)
    else:
        document = handler.document(handler.function(*calls, **handler.arguments(arguments)))
    return dict(hide(document, table.hide))


def whole(reply: Reply, rows: str | None) -> dict[str, Any]:
    """A reply's fields with its rows put back under their name."""
    document = dict(reply.fields)
    if reply.rows is not None and rows is not None:
        document[rows] = list(reply.rows)
    return document
