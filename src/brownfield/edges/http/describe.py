"""OpenAPI 3.1 of what one caller may see: the desk as FastAPI knows it, the operations from their own schemas."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from brownfield.contract import JsonSchema
from brownfield.edges.http.exchange import By, The, answer
from brownfield.rules.sample import sample
from brownfield.wrapper.bundle import Operation

router = APIRouter()
PROBLEM: JsonSchema = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "next", "retry", "trace"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string"}, "detail": {"type": "string"}, "next": {"type": "string"},
        "retry": {"type": "boolean"}, "trace": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}}, "system": {"type": "object"},
        "retry_after": {"type": "number"},
    },
}  # fmt: skip
PROPOSAL: JsonSchema = {
    "type": "object",
    "required": ["proposal", "state", "hash", "url"],
    "properties": {name: {"type": "string"} for name in ("proposal", "state", "hash", "url")}
    | {"result": {"type": "object"}},
}


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, assembly: The, by: By) -> Response:
    """The description, filtered by what the caller may call."""
    app: FastAPI = request.app
    described = get_openapi(title="brownfield", version=app.version, routes=app.routes, openapi_version="3.1.0")
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for wrapper in assembly.kernel.wrappers:
        for operation in assembly.guard.visible(by, wrapper):
            described["paths"][f"/v1/{wrapper}/{operation.name}"] = {"post": _hoisted_post(operation, schemas)}
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"key": []}]
    return answer(described)


def _hoisted_post(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    post, name = _post(operation), f"{operation.wrapper}.{operation.name}"
    sides = {"requestBody": f"{name}.input", "responses": f"{name}.output"}
    return post | {side: hoisted(post[side], prefix, schemas) for side, prefix in sides.items()}


def hoisted(part: Any, prefix: str, schemas: dict[str, Any]) -> Any:
    """A part of the description with its `$defs` moved to the components.

    `#/$defs/Site` is a place in the whole document here, not in the schema that says it, and there it is not.
    """
    if isinstance(part, list):
        return [hoisted(inner, prefix, schemas) for inner in part]
    if not isinstance(part, dict):
        return part
    for name, definition in part.get("$defs", {}).items():
        schemas[f"{prefix}.{name}"] = hoisted(definition, prefix, schemas)
    kept = {word: hoisted(inner, prefix, schemas) for word, inner in part.items() if word != "$defs"}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace("#/$defs/", f"#/components/schemas/{prefix}.")
    return kept


def _post(operation: Operation) -> dict[str, Any]:
    example = sample(operation.input)
    content: dict[str, Any] = {"schema": operation.input} | ({"example": example} if example is not None else {})
    return {
        "operationId": f"{operation.wrapper}_{operation.name}",
        "summary": operation.title,
        "description": operation.description,
        "tags": [operation.wrapper],
        "x-effect": operation.effect,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": _success(operation) | {"default": _response("What kept it from happening", PROBLEM,
                                                                 "application/problem+json")},
    }  # fmt: skip


def _success(operation: Operation) -> dict[str, Any]:
    if operation.effect == "write":
        return {"202": _response("A proposal was made; nothing was written", PROPOSAL)}
    return {"200": _response("The system's answer", answer_schema(operation))}


def answer_schema(operation: Operation) -> JsonSchema:
    """The schema of a read's answer: the result under `data`, and when and where it was read."""
    inner = {name: value for name, value in operation.output.items() if name != "$defs"}
    schema: JsonSchema = {
        "type": "object",
        "required": ["data", "as_of", "source"],
        "properties": {
            "data": inner,
            "as_of": {"type": "string", "format": "date-time"},
            "source": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    return schema | ({"$defs": operation.output["$defs"]} if "$defs" in operation.output else {})


def _response(description: str, schema: JsonSchema, media: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema}}}
