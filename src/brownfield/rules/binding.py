"""The manifest's mapping language: `args = { id = "result.id", sku = "arguments.sku" }`, and nothing more."""

from collections.abc import Mapping
from typing import Any

from brownfield.contract import Fields, JsonSchema


class Unbound(Exception):
    """A mapping names something that is not there.

    Args:
        message: One sentence that names the path.
        path: The path as the manifest has it.
    """

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def bind(mapping: Mapping[str, Any], scopes: Mapping[str, Fields]) -> dict[str, Any]:
    """The arguments that `mapping` describes.

    A string is a path, `scope.name.name`; a number names an item of a list. Anything else stands for itself, and so
    does a string in `{ literal = "x" }`.

    Raises:
        Unbound: A path leads nowhere.
    """
    return {name: _value(rule, scopes) for name, rule in mapping.items()}


def same_named(arguments: Fields, schema: JsonSchema) -> dict[str, Any]:
    """Those arguments that another operation's input schema names too."""
    names = schema.get("properties", {})
    return {name: value for name, value in arguments.items() if name in names}


def _value(rule: Any, scopes: Mapping[str, Fields]) -> Any:
    if isinstance(rule, str):
        return _follow(rule, scopes)
    if isinstance(rule, Mapping) and set(rule) == {"literal"}:
        return rule["literal"]
    return rule


def _follow(path: str, scopes: Mapping[str, Fields]) -> Any:
    scope, *steps = path.split(".")
    if scope not in scopes or not steps:
        known = ", ".join(f"{name}.…" for name in scopes)
        raise Unbound(f"“{path}” is not a path here: begin with {known}", path)
    value: Any = scopes[scope]
    done = scope
    for step in steps:
        value = _step(value, step, done, path)
        done = f"{done}.{step}"
    return value


def _step(value: Any, step: str, done: str, path: str) -> Any:
    if isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(value, list) and step.isascii() and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    raise Unbound(f"“{path}” leads nowhere: {done} has no “{step}”", path)
