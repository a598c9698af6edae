"""What an adapter author imports. A leaf: it depends on pydantic (and orjson) only."""

from brownfield.contract.adapter import (
    Arrival,
    CallAdapter,
    Checkpoint,
    Chunk,
    Damage,
    Documents,
    FeedAdapter,
    Fields,
    Limits,
    Opening,
    Reply,
    Row,
    Verdict,
)
from brownfield.contract.canonical import canonical, fingerprint
from brownfield.contract.descriptor import Adapter
from brownfield.contract.draft import Draft, DraftCall, Sight, Sources
from brownfield.contract.outcome import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield.contract.shape import Contract, FaultShape, JsonSchema, OperationShape, RecordShape

__all__ = [
    "Adapter",
    "Arrival",
    "CallAdapter",
    "Checkpoint",
    "Chunk",
    "Contract",
    "Damage",
    "Documents",
    "Draft",
    "DraftCall",
    "Drifted",
    "Failure",
    "FaultShape",
    "FeedAdapter",
    "Fields",
    "JsonSchema",
    "Limits",
    "Opening",
    "OperationShape",
    "RecordShape",
    "Rejected",
    "Reply",
    "Row",
    "Sight",
    "Sources",
    "Unavailable",
    "Uncertain",
    "Verdict",
    "canonical",
    "fingerprint",
]
