"""The operations: `POST /v1/{wrapper}/{operation}`, and `GET` for reads whose arguments are scalars.

They are plain routes: their schemas are the wrappers' own, so what FastAPI makes of a signature is of no use to them,
and it costs more than all else that a call does here.
"""

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from brownfield.contract import JsonSchema
from brownfield.edges.http.exchange import answer, assembly_of, caller, sent
from brownfield.rules.problem import Problem
from brownfield.runtime.guard import Answer

INTEGER = re.compile(r"-?[0-9]{1,18}")
"""Digits that 64 bits hold, whatever they are: JSON has no more."""


def routes(wrappers: Iterable[str]) -> list[Route]:
    """The routes of these wrappers; `{wrapper}` stands for those that are not there, whose refusal sounds the same."""
    paths = [(wrapper, f"/v1/{wrapper}/{{operation}}") for wrapper in wrappers]
    return [Route(path, endpoint, methods=[method], name=f"{method} {wrapper}", include_in_schema=False)
            for wrapper, path in paths for method, endpoint in (("POST", post), ("GET", get))]  # fmt: skip


async def post(request: Request) -> Response:
    """Call an operation with a JSON object of arguments."""
    assembly, by = assembly_of(request), await caller(request)
    arguments = await sent(request)
    # Clients send UTF-8, which the server's library has read as latin-1.
    reason = request.headers.get("brownfield-reason", "").encode("latin-1").decode("utf-8", "replace")
    given = await assembly.guard.call(by, *_named(request), arguments, reason=reason)
    if isinstance(given, Answer):
        return answer(given.body())
    return answer(assembly.proposing.body(given), 202)


async def get(request: Request) -> Response:
    """Call a read with its arguments in the query."""
    assembly, by = assembly_of(request), await caller(request)
    wrapper, operation = _named(request)
    found = next((o for o in assembly.guard.visible(by, wrapper) if o.name == operation), None)
    if found and found.effect == "write":
        raise Problem("malformed", f"{operation} is a write: send it with POST; nothing was proposed")
    arguments = scalars(request.query_params.multi_items(), found.input if found else {})
    given = await assembly.guard.call(by, wrapper, operation, arguments)
    return answer(given.body() if isinstance(given, Answer) else {})


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
