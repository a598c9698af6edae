"""The operations: `POST /v1/{wrapper}/{operation}`, and `GET` for reads whose arguments are scalars."""

from typing import Any

from fastapi import APIRouter, Request, Response

from brownfield.contract import JsonSchema
from brownfield.edges.http.exchange import By, The, answer, sent
from brownfield.rules.problem import Problem
from brownfield.runtime.guard import Answer

router = APIRouter()


@router.post("/v1/{wrapper}/{operation}", include_in_schema=False)
async def post(request: Request, wrapper: str, operation: str, assembly: The, by: By) -> Response:
    """Call an operation with a JSON object of arguments."""
    arguments = await sent(request)
    reason = request.headers.get("brownfield-reason", "")
    given = await assembly.guard.call(by, wrapper, operation, arguments, reason=reason)
    if isinstance(given, Answer):
        return answer(given.body())
    return answer(assembly.proposing.body(given), 202)


@router.get("/v1/{wrapper}/{operation}", include_in_schema=False)
async def get(request: Request, wrapper: str, operation: str, assembly: The, by: By) -> Response:
    """Call a read with its arguments in the query."""
    found = next((o for o in assembly.guard.visible(by, wrapper) if o.name == operation), None)
    if found and found.effect == "write":
        raise Problem("malformed", f"{operation} is a write: send it with POST; nothing was proposed")
    arguments = scalars(request.query_params.multi_items(), found.input if found else {})
    given = await assembly.guard.call(by, wrapper, operation, arguments)
    return answer(given.body() if isinstance(given, Answer) else {})


def scalars(pairs: list[tuple[str, str]], schema: JsonSchema) -> dict[str, Any]:
    """Query arguments as the JSON values their schema names. What does not fit stays text, and the guard refuses it."""
    properties = schema.get("properties", {})
    return {name: scalar(text, properties.get(name, {})) for name, text in pairs}


def scalar(text: str, schema: JsonSchema) -> Any:
    """One value: digits where an integer is asked for, `true` and `false` where a boolean is, else the text."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "integer" in kinds and text.isascii() and text.removeprefix("-").isdigit():
        return int(text)
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    return text
