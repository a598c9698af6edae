"""A caller's fields to an argument vector. What might be more than a value is refused before it starts."""

import re
from collections.abc import Mapping
from typing import Any

from brownfield.contract import Rejected, Unavailable
from brownfield_jobs.setting import JobsSettings, Parameter


def arguments(settings: JobsSettings, fields: Mapping[str, Any]) -> list[str]:
    """Program and arguments with the caller's values in their places.

    Each value stays within its argument: there is no shell, so nothing in it separates or expands.

    Raises:
        Unavailable: A part of the command is an environment variable that is not set. Nothing was started.
        Rejected: A value is missing, unknown, or not what its parameter allows. Nothing was started. Code `argument`.
    """
    if odd := fields.keys() ^ settings.parameters.keys():
        raise _refusal(min(odd), "is not a parameter of the command" if min(odd) in fields else "is missing")
    values = {name: _checked(name, settings.parameters[name], value) for name, value in fields.items()}
    return [argument.format_map(values) for argument in declared(settings)]


def declared(settings: JobsSettings) -> list[str]:
    """The command as declared, placeholders and all.

    Raises:
        Unavailable: A part of it is an environment variable that is not set.
    """
    known = [argument for argument in settings.command if argument is not None]
    if len(known) < len(settings.command):
        raise Unavailable("the command names an environment variable that is not set; nothing was started")
    return known


def _checked(name: str, parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str if parameter.type == "string" else int) or isinstance(value, bool):
        raise _refusal(name, f"is not of type {parameter.type}")
    if parameter.enum and value not in parameter.enum:
        raise _refusal(name, "is none of the values allowed")
    text = str(value)
    if len(text) > parameter.max_length:
        raise _refusal(name, f"is longer than {parameter.max_length} characters")
    if "\0" in text or not text.isprintable():
        raise _refusal(name, "holds a control character")
    if parameter.pattern is not None and re.fullmatch(parameter.pattern, text) is None:
        raise _refusal(name, "does not match the pattern")
    if text.startswith("-") and parameter.pattern is None and not parameter.enum:
        raise _refusal(name, "begins with -, which a command takes for an option")
    return text


def _refusal(name: str, reason: str) -> Rejected:
    return Rejected(f"{name} {reason}; the command was not started", code="argument", detail={"parameter": name})
