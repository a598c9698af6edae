"""One request and its answer: who calls, what was sent, how a problem is told."""

import asyncio
import secrets
from typing import Annotated, Any, cast

import orjson
from fastapi import Depends, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brownfield.rules.argument import carried
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.caller import Caller

LARGEST = 4 * 1024 * 1024
"""Bytes of a request's body at most."""
PATIENCE = 30.0
"""Seconds in which a body has to come."""
LATE = "the body is late"
"""Why a task is cancelled that waits for one."""
DIGITS = 5
"""Of the length of a small body: it is below 100,000 bytes."""


def assembly_of(request: Request) -> Assembly:
    """What the application stands on."""
    assembly: Assembly = request.app.state.assembly
    return assembly


async def caller(request: Request) -> Caller:
    """Who calls. Every route depends on it: nothing is anonymous.

    Raises:
        Problem: `unauthenticated`.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    found = assembly_of(request).guard.admit(key.strip() if scheme.lower() == "bearer" else None)
    request.state.trace = found.trace
    return found


The = Annotated[Assembly, Depends(assembly_of)]
By = Annotated[Caller, Depends(caller)]


def at_hand(request: Request) -> bool:
    """Whether the body is small, and so comes with the headers or soon after."""
    length = request.headers.get("content-length", "")
    return length.isdecimal() and len(length) <= DIGITS


async def body_of(request: Request) -> bytes:
    """The body, whole.

    Raises:
        Problem: `malformed`: too large, too slow, or not whole when the caller hung up.
    """
    task = cast("asyncio.Task[Any]", asyncio.current_task())
    # What asyncio.timeout does, at half its cost: nearly every body is here when it is asked for.
    late = asyncio.get_running_loop().call_later(PATIENCE, task.cancel, LATE)
    try:
        return await request.body()
    except ClientDisconnect:
        raise Problem("malformed", "the caller hung up before the body was whole; nothing was called") from None
    except asyncio.CancelledError as cancelled:
        if LATE not in cancelled.args:
            raise
        task.uncancel()
        raise Problem("malformed", f"the body took longer than {PATIENCE:g} seconds; nothing was called") from None
    finally:
        late.cancel()


def parsed(body: bytes) -> Any:
    """The JSON that was sent.

    Raises:
        Problem: `malformed`: nested too deep, or no JSON.
    """
    try:
        return carried(orjson.loads(body or b"{}"))
    except orjson.JSONDecodeError as error:
        raise Problem("malformed", f"the body is not JSON: {error}; nothing was called") from None
    except ValueError as error:
        raise Problem("malformed", f"{error}; nothing was called") from None


class Bounded:
    """Refuses a body that is too large for every route, before it is all in memory.

    Args:
        app: What is asked.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST:
                raise Problem("malformed", f"the body is larger than {LARGEST} bytes; nothing was called")
            return message

        await self._app(scope, counted, send)


def answer(document: Any, status: int = 200) -> Response:
    """A JSON answer. Nothing that this server says may be kept by a cache."""
    return Response(orjson.dumps(document), status, {"cache-control": "no-store"}, "application/json")


def told(problem: Problem, trace: str = "") -> Response:
    """A problem as problem+json (RFC 9457)."""
    body = orjson.dumps(problem.body(trace or secrets.token_hex(8)))
    headers = {"cache-control": "no-store"}
    if problem.code == "unauthenticated":
        headers["www-authenticate"] = "Bearer"
    if problem.retry_after is not None:
        headers["retry-after"] = str(max(1, round(problem.retry_after)))
    return Response(body, problem.kind.status, headers, "application/problem+json")
