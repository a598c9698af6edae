"""What the events of a snapshot feed hold: a change of one key, with what it was before and what it is after."""

from collections.abc import Mapping
from typing import Any

CHANGES = ("created", "updated", "deleted")


def change_schema(record: Mapping[str, Any], ignored: tuple[str, ...]) -> dict[str, Any]:
    """The schema of a change of records of this schema.

    Args:
        record: The schema of a record.
        ignored: Its fields that are neither compared nor told.
    """
    shared = record.get("$defs", {})
    told = {name: value for name, value in record.items() if name != "$defs"}
    told["properties"] = {n: schema for n, schema in record.get("properties", {}).items() if n not in ignored}
    if "required" in record:
        told["required"] = [name for name in record["required"] if name not in ignored]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "change": {"enum": list(CHANGES), "description": "What became of the key since the extract before."},
            "before": {**told, "description": "What it was; absent when it was created."},
            "after": {**told, "description": "What it is; absent when it was deleted."},
        },
        "required": ["change"],
        "additionalProperties": False,
    }
    return {**schema, "$defs": shared} if shared else schema
