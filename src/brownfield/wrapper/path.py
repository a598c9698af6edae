"""Paths of the manifest, followed through schemas: does `result.customer.id` lead to a field that can be there?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brownfield.contract import JsonSchema
from brownfield.wrapper.manifest import nearest

_BRANCHES = ("anyOf", "oneOf", "allOf")


def lost(path: str, scopes: Mapping[str, JsonSchema]) -> str:
    """Why a path (`result.id`) can lead nowhere, with the nearest name; empty when it can lead somewhere.

    Args:
        path: As the manifest has it.
        scopes: The schema of each word that a path may begin with.
    """
    scope, *steps = path.split(".")
    if scope not in scopes or not steps:
        return f"`{path}` is no path: begin with {' or '.join(f'{name}.' for name in scopes)}"
    whole, here, done = scopes[scope], [scopes[scope]], scope
    for step in steps:
        known = list(_behind(here, whole, step))
        if any(schema is None for _, schema in known):
            return ""
        found = [schema for name, schema in known if name == step and schema is not None]
        if not found:
            near = nearest(step, [name for name, _ in known])
            return f"`{path}` leads nowhere: {done} has no `{step}`{f', did you mean `{near}`' if near else ''}"
        here, done = found, f"{done}.{step}"
    return ""


def _behind(schemas: Sequence[Any], whole: JsonSchema, step: str) -> Iterator[tuple[str, Any]]:
    """The fields that may be there, each with its schema; one without a schema where anything may be there."""
    seen: list[Any] = []
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if schema in seen:
            continue
        seen.append(schema)
        if _open(schema):
            yield "", None
            continue
        if "$ref" in schema:
            waiting.append(whole.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {}))
        waiting += [branch for keyword in _BRANCHES for branch in schema.get(keyword, ())]
        yield from schema.get("properties", {}).items()
        if "items" in schema and step.isdecimal():
            yield step, schema["items"]


def _open(schema: Any) -> bool:
    """Whether anything may be there: the schema says nothing, or was cut, or names no fields of its object."""
    if not isinstance(schema, dict) or not schema or "x-cut" in schema:
        return True
    bare = schema.get("type") == "object" and schema.keys() <= {"type", "description"}
    return bare or isinstance(schema.get("additionalProperties"), dict)
