"""One schema, compiled: holds fields to the contract, and says where they leave it without quoting them."""

from typing import Any

import jsonschema_rs

from brownfield.contract import JsonSchema


class Check:
    """A compiled schema. Regular expressions run in linear time, whatever the pattern."""

    def __init__(self, schema: JsonSchema) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions())

    def fault(self, value: Any) -> str | None:
        """Where and how `value` leaves the schema, or None when it does not.

        The value itself is never quoted: it may be personal, or a secret.
        """
        try:
            if self._validator.is_valid(value):
                return None
            error = next(iter(self._validator.iter_errors(value)))
        except ValueError:  # what it says of a value that no JSON text could hold
            return "the whole is nested too deeply"
        path = "/".join(str(step) for step in error.instance_path)
        rule = str(error.schema_path[-1]) if error.schema_path else "schema"
        return f"{path or 'the whole'} does not meet {rule!r}"
