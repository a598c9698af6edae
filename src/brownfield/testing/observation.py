"""What a suite can see of an adapter from outside: what it reaches, what it says, and what it gives."""

import socket
import subprocess
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jsonschema_rs
import orjson
import pytest

from brownfield.contract import Failure, JsonSchema, canonical

TRACES = ("Traceback (most recent call last)", '  File "', "\tat ", "\n   at ")
"""How stack traces of Python, Java and .NET begin a line."""


@contextmanager
def offline() -> Iterator[list[str]]:
    """While the block runs nothing can be reached or started; gives the attempts, even those that were swallowed."""
    attempts: list[str] = []

    def refuse(name: str) -> Any:
        def attempt(*_: object, **__: object) -> Any:
            attempts.append(name)
            raise OSError(f"{name} was tried while offline")

        return attempt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse("connect"))
        patch.setattr(socket.socket, "connect_ex", refuse("connect"))
        patch.setattr(socket, "create_connection", refuse("connect"))
        patch.setattr(socket, "getaddrinfo", refuse("name lookup"))
        patch.setattr(subprocess, "Popen", refuse("process"))
        yield attempts


def not_plain(value: Any) -> str:
    """Why a value is not plain JSON, or an empty string."""
    try:
        read_back = orjson.loads(canonical(value))
    except TypeError as error:
        return str(error)
    return "" if read_back == value else f"JSON makes {_first_difference(value, read_back)} of it"


def misplaced_floats(value: Any, schema: JsonSchema) -> list[str]:
    """Names under which a float stands although the schema does not say `number`: a decimal that lost its exactness."""
    declared = set(_number_names(schema))
    return sorted({name for name, _ in _floats("", value) if name not in declared})


def schema_fault(schema: JsonSchema) -> str:
    """Why a schema is not JSON Schema 2020-12, or an empty string."""
    if "2020-12" not in schema.get("$schema", "2020-12"):
        return f"$schema is {schema['$schema']}"
    try:
        jsonschema_rs.Draft202012Validator(schema)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return str(error).splitlines()[0]
    return ""


def open_objects(schema: Any, path: str = "#") -> list[str]:
    """Where a schema describes an object that lets unknown fields in."""
    if isinstance(schema, list):
        return [found for index, inner in enumerate(schema) for found in open_objects(inner, f"{path}/{index}")]
    if not isinstance(schema, dict):
        return []
    is_object = schema.get("type") == "object" or "object" in (schema.get("type") or ())
    is_open = is_object and schema.get("additionalProperties", True) is True
    below = [
        found for key, inner in schema.items() if key != "examples" for found in open_objects(inner, f"{path}/{key}")
    ]
    return [path, *below] if is_open else below


def outside(value: Any, schema: JsonSchema) -> list[str]:
    """How a value is not what a schema says; empty when it is."""
    return [str(error).splitlines()[0] for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(value)]


def said(error: BaseException) -> str:
    """Everything that a failure could tell somebody: its words, its parts, and every error behind it."""
    parts = [*traceback.format_exception(error), repr(error)]
    if isinstance(error, Failure):
        parts += [error.message, error.code, repr(error.detail)]
    return "\n".join(parts)


def _first_difference(value: Any, read_back: Any) -> str:
    if isinstance(value, Mapping) and isinstance(read_back, dict):
        name = next((name for name in value if read_back.get(name) != value[name]), None)
        if name is not None:
            return f"{read_back.get(name)!r} instead of {type(value[name]).__name__} under {name!r}"
    return f"{type(read_back).__name__} instead of {type(value).__name__}"


def _floats(name: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _floats(str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _floats(name, inner)


def _number_names(schema: Any, name: str = "") -> Iterator[str]:
    if isinstance(schema, list):
        for inner in schema:
            yield from _number_names(inner, name)
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if kind == "number" or (isinstance(kind, list) and "number" in kind):
        yield name
    for key, inner in schema.items():
        if key in {"properties", "$defs", "patternProperties"} and isinstance(inner, dict):
            for property_name, property_schema in inner.items():
                yield from _number_names(property_schema, property_name)
        else:
            yield from _number_names(inner, name)
