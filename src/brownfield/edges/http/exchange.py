"""One request and its answer: who calls, what was sent, how a problem is told."""

import secrets
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response

from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.caller import Caller

LARGEST = 4 * 1024 * 1024
"""Bytes of a request's body at most."""


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
    return assembly_of(request).guard.admit(key.strip() if scheme.lower() == "bearer" else None)


The = Annotated[Assembly, Depends(assembly_of)]
By = Annotated[Caller, Depends(caller)]


async def sent(request: Request) -> Any:
    """The JSON that was sent.

    Raises:
        Problem: `malformed`: too large, or no JSON.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Problem("malformed", f"the body is larger than {LARGEST} bytes; nothing was called")
    try:
        return orjson.loads(bytes(body) or b"{}")
    except orjson.JSONDecodeError as error:
        raise Problem("malformed", f"the body is not JSON: {error}; nothing was called") from None


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
