"""The contract of a far side in normal form: JSON Schema 2020-12 for calls, fields for records."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

JsonSchema = dict[str, Any]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultShape(_Frozen):
    """A fault that an operation may answer with."""

    name: str
    documentation: str = ""
    detail: JsonSchema = Field(default_factory=dict)


class OperationShape(_Frozen):
    """One far-side operation.

    Attributes:
        input: Schema of the fields to send; an object with `additionalProperties: false`.
        output: Schema of the fields that come back; an object.
        faults: The faults that the far side declares.
        documentation: The far side's own words.
        rows: Name of the output field that is one long list and may be streamed, or None.
    """

    input: JsonSchema
    output: JsonSchema
    faults: tuple[FaultShape, ...] = ()
    documentation: str = ""
    rows: str | None = None


class RecordShape(_Frozen):
    """One record type of a batch: the schema of its fields, an object."""

    fields: JsonSchema
    documentation: str = ""


class Contract(_Frozen):
    """What a far side offers, by name. A call adapter fills `operations`, a feed adapter `records`.

    Attributes:
        operations: The calls.
        records: The record types of a batch.
        notes: What had to be set right or assumed to read its description, a sentence each. They are told to people
            and change nothing.
    """

    operations: dict[str, OperationShape] = Field(default_factory=dict)
    records: dict[str, RecordShape] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
