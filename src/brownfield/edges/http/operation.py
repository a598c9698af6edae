"""The operations: `POST /v1/{wrapper}/{operation}`, and `GET` for reads whose arguments are scalars.

Their schemas are the wrappers' own, so what the web library makes of a route is of no use to them, and it costs more
than all else that a call does here: they are answered before it.
"""

import re
from collections.abc import Awaitable, Callable, Container
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from brownfield.contract import JsonSchema
from brownfield.edges.http.exchange import answer, assembly_of, at_hand, body_of, caller, parsed
from brownfield.rules.problem import Problem
from brownfield.runtime.guard import Answer

INTEGER = re.compile(r"-?[0-9]{1,18}")
"""Digits that 64 bits hold, whatever they are: JSON has no more."""


Endpoint = Callable[[Request], Awaitable[Response]]
Tell = Callable[[Request, Exception], Awaitable[Response]]
"""What a caller is told of an error."""


class Calls:
    """Answers the calls of operations itself, and leaves every other request to the application.

    Args:
        app: The application.
        wrappers: The ids of those that are there.
        tell: What a caller is told of an error.
    """

    def __init__(self, app: ASGIApp, wrappers: Container[str], tell: Tell) -> None:
        self._app = app
        self._wrappers = wrappers
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or pass the request on."""
        endpoint = self._endpoint(scope)
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:  # noqa: BLE001  the last place where it can become words
            response = await self._tell(request, error)
        await response(scope, receive, send)

    def _endpoint(self, scope: Scope) -> Endpoint | None:
        if scope["type"] != "http":
            return None
        match scope["path"].split("/"):
            case "", "v1", wrapper, operation if operation and wrapper in self._wrappers:
                return ENDPOINTS.get(scope["method"])
        return None


def routes() -> list[Route]:
    """The routes of wrappers that are not there: the refusal of each sounds the same."""
    return [Route("/v1/{wrapper}/{operation}", endpoint, methods=[method], name=f"{method} operation",
                  include_in_schema=False)
            for method, endpoint in (("POST", post), ("GET", get))]  # fmt: skip


async def post(request: Request) -> Response:
    """Call an operation with a JSON object of arguments."""
    guard = assembly_of(request).guard
    # What may take its time is taken from somebody known only, who is asked for again when it is there.
    if not at_hand(request):
        await caller(request)
    body = await body_of(request)
    by = await caller(request)
    arguments = parsed(body)
    # Clients send UTF-8, which the server's library has read as latin-1.
    reason = request.headers.get("brownfield-reason", "").encode("latin-1").decode("utf-8", "replace")
    given = await guard.call_now(by, *_named(request), arguments, reason=reason)
    if isinstance(given, Answer):
        return answer(given.body())
    return answer(assembly_of(request).proposing.body(given), 202)


async def get(request: Request) -> Response:
    """Call a read with its arguments in the query."""
    assembly, by = assembly_of(request), await caller(request)
    wrapper, operation = _named(request)
    found = next((o for o in assembly.guard.visible(by, wrapper) if o.name == operation), None)
    if found and found.effect == "write":
        raise Problem("malformed", f"{operation} is a write: send it with POST; nothing was proposed")
    arguments = scalars(request.query_params.multi_items(), found.input if found else {})
    given = await assembly.guard.call_now(by, wrapper, operation, arguments)
    return answer(given.body() if isinstance(given, Answer) else {})


ENDPOINTS: dict[str, Endpoint] = {"POST": post, "GET": get, "HEAD": get}


def _named(request: Request) -> tuple[str, str]:
    _, wrapper, operation = request.scope["path"].rsplit("/", 2)
    return wrapper, operation


def scalars(pairs: list[tuple[str, str]], schema: JsonSchema) -> dict[str, Any]:
    """Query arguments as the JSON values their schema names. What does not fit stays text, and the guard refuses it.

    A name that comes twice is a list, and so is refused too: nobody guesses which of the two was meant.
    """
    properties = schema.get("properties", {})
    found: dict[str, list[Any]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(scalar(text, properties.get(name, {})))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def scalar(text: str, schema: JsonSchema) -> Any:
    """One value: digits where an integer is asked for, `true` and `false` where a boolean is, else the text."""
    kinds = _kinds(schema)
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return text


def _kinds(schema: JsonSchema) -> set[str]:
    """The types that a schema allows, `int | None` and the like looked through."""
    named = schema.get("type", [])
    kinds = {named} if isinstance(named, str) else set(named)
    return kinds.union(*(_kinds(branch) for word in ("anyOf", "oneOf") for branch in schema.get(word, ())))
