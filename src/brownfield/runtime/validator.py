"""The one validator: JSON Schema 2020-12, compiled once, strict, all problems at once."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from brownfield.contract import Drifted, JsonSchema
from brownfield.rules.argument import explain
from brownfield.rules.problem import Problem


class Validator:
    """The schemas of one operation, compiled.

    Args:
        input: Schema of the arguments.
        output: Schema of the result.
    """

    def __init__(self, input: JsonSchema, output: JsonSchema) -> None:  # noqa: A002  the word of the contract
        self._schema = input
        self._input = jsonschema_rs.Draft202012Validator(input)
        self._output = jsonschema_rs.Draft202012Validator(output)

    def check_arguments(self, arguments: Any) -> None:
        """Return when the arguments are right.

        Raises:
            Problem: `invalid`, with one entry per wrong argument.
        """
        if self._input.is_valid(arguments):
            return
        errors = explain(self._input.iter_errors(arguments), self._schema)
        names = ", ".join(dict.fromkeys(str(error["path"]) for error in errors))
        raise Problem("invalid", f"not valid: {names}. Nothing was called.", errors=errors)

    def check_result(self, result: Mapping[str, Any]) -> None:
        """Return when a result is what the contract says.

        Raises:
            Drifted: It is not; the message names the place, never the value.
        """
        if not self._output.is_valid(result):
            error = next(iter(self._output.iter_errors(result)))
            place = "/".join(map(str, error.instance_path)) or "the result"
            raise Drifted(f"{place} is not what the contract says")
