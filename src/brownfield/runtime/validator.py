"""The one validator: JSON Schema 2020-12, compiled once, strict, all problems at once."""

from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
from pydantic import ValidationError

from brownfield.contract import Drifted, Fields, JsonSchema
from brownfield.rules.argument import TOLD, explain
from brownfield.rules.problem import Problem


class Validator:
    """The schemas of one operation, compiled.

    Args:
        input: Schema of the arguments.
        output: Schema of the result.
        parse: What makes Python values of the arguments, where a function takes them. It knows what a schema cannot
            say (that a `date` is one), and nothing may get past the door that it will refuse behind it.
    """

    def __init__(self, input: JsonSchema, output: JsonSchema,  # noqa: A002  the word of the contract
                 parse: Callable[[Fields], object] | None = None) -> None:  # fmt: skip
        self._schema = input
        self._parse = parse
        self._input = jsonschema_rs.Draft202012Validator(input)
        self._output = jsonschema_rs.Draft202012Validator(output)

    def check_arguments(self, arguments: Any) -> None:
        """Return when the arguments are right.

        Raises:
            Problem: `invalid`, with one entry per wrong argument.
        """
        if self._input.is_valid(arguments):
            errors = self._unparsed(arguments) if self._parse else ()
        else:
            errors = explain(self._input.iter_errors(arguments), self._schema)
        if not errors:
            return
        names = ", ".join(dict.fromkeys(str(error["path"]) for error in errors))
        raise Problem("invalid", f"not valid: {names}. Nothing was called.", errors=errors)

    def _unparsed(self, arguments: Fields) -> tuple[Mapping[str, Any], ...]:
        try:
            if self._parse:
                self._parse(arguments)
        except ValidationError as error:
            faults = error.errors(include_input=False, include_url=False, include_context=False)[:TOLD]
            return tuple({"path": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in faults)
        return ()

    def check_result(self, result: Mapping[str, Any]) -> None:
        """Return when a result is what the contract says.

        Raises:
            Drifted: It is not; the message names the place, never the value.
        """
        if not self._output.is_valid(result):
            error = next(iter(self._output.iter_errors(result)))
            place = "/".join(map(str, error.instance_path)) or "the result"
            raise Drifted(f"{place} is not what the contract says")
