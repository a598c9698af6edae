"""What an adapter says of a far side it has never seen: the raw material of `brownfield new`, and of `look`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from brownfield.contract.shape import Contract
from brownfield.contract.stub import Sample


@dataclass(frozen=True, slots=True)
class DraftCall:
    """One far-side operation as a proposal for the manifest.

    Attributes:
        name: A brownfield name in snake_case (`get_item`).
        call: The far side's own name (`GetItem`).
        documentation: The far side's words, on one line.
        guess: What the name suggests (`looks like a read`); rendered as a comment only, it exposes nothing.
        group: What the call is about (`hold`), where several calls are about the same; else empty.
    """

    name: str
    call: str
    documentation: str
    guess: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a bundle that an adapter can work out from a WSDL, or from a sample file and its layout.

    Attributes:
        connection: A name for the connection.
        settings: The adapter's settings as manifest values, `{"file": "contract/x.wsdl"}` included.
        options: Settings that a person may need, rendered as comments.
        secrets: Names of the secrets that `settings` refer to.
        times: Whether the system's times may name no zone, so that the connection's `timezone` matters.
        variables: Environment variables the settings name, with one sentence each.
        files: Files to vendor into the bundle, by path within it.
        contract: The contract of the far side.
        calls: For a call adapter.
        feed: For a feed adapter, a name for the feed (`stock_count`), else None.
        key: For a feed adapter, the field that looks like the record's key, else None.
        samples: For a call adapter, one for each call.
        notes: Sentences for the person: what was repaired, what could not be read.
        record: For a feed adapter, the record type that `key` is a field of; empty for `detail`, or the first there is.
    """

    connection: str
    settings: Mapping[str, Any]
    variables: Mapping[str, str]
    files: Mapping[str, bytes]
    contract: Contract
    calls: tuple[DraftCall, ...] = ()
    feed: str | None = None
    key: str | None = None
    notes: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    times: bool = True
    record: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that `look` shows of a record: a field with its place, its bytes and what they mean.

    Attributes:
        record: The record's number in the file, from 0; -1 when the layout itself is shown.
        kind: The record type.
        name: The field's name.
        offset: Bytes from the start of the record.
        length: Bytes.
        picture: How the layout describes the field (`S9(7) COMP-3`).
        raw: The bytes, empty when the layout itself is shown.
        value: What they mean, or None with `reason` filled.
        reason: Why the bytes mean nothing, else an empty string.
    """

    record: int
    kind: str
    name: str
    offset: int
    length: int
    picture: str
    raw: bytes = b""
    value: Any = None
    reason: str = ""


Sights = Iterator[Sight]
Sources = Mapping[str, str]
"""What the person named on the command line: `{"wsdl": URL or path}`, or `{"file": path, "layout": path}`; and under
`override` lines of `LOCATION=FILE`, documents that are elsewhere than the source says."""
