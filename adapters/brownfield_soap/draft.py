"""A WSDL that nobody has read yet → the raw material of `brownfield new`."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from brownfield.contract import Draft, DraftCall, Rejected
from brownfield_soap.describe import contract
from brownfield_soap.fetch import Vendored, fetch
from brownfield_soap.model import Model
from brownfield_soap.reader import read

READS = frozenset(
    """
    check count describe download exists export fetch find get has is list lookup ping poll query read retrieve search
    select show status test validate verify view
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
WRITES = frozenset(
    """
    accept add adjust allocate approve archive assign book cancel change close confirm create delete edit execute import
    insert merge modify move open order pay place post process put receive register reject release remove replace
    reserve reset reverse save send set ship start stop store submit transfer update upload upsert void write
    """.split()  # noqa: SIM905  # as above
)
CONSUMES = frozenset({"next", "and", "or", "pop", "take", "claim", "ack", "acknowledge"})
"""Words that make a verb of reading doubtful: `GetNextTicket` may hand the ticket out."""


def draft(location: str) -> Draft:
    """The draft of a bundle for the WSDL at a path or an address.

    Raises:
        Rejected: The WSDL cannot be read; the message names file, line, cause and what to do next.
        Unavailable: Its server cannot be reached.
    """
    vendored = fetch(location)
    model = _read(vendored)
    connection = _connection(model.service)
    variable = f"{connection.upper()}_URL"
    return Draft(
        connection=connection,
        settings={"wsdl": {"file": f"contract/{vendored.main}"}, "endpoint": {"env": variable}},
        variables={variable: _about_endpoint(model)},
        files={f"contract/{name}": content for name, content in sorted(vendored.files.items())},
        contract=contract(model),
        calls=tuple(_calls(model)),
        notes=(*vendored.notes, *_notes(model)),
    )


def snake(name: str) -> str:
    """A far-side name in snake_case: `GetNextPickTicket` is `get_next_pick_ticket`, `getURL2` is `get_url2`."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", name)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower()
    return plain if plain[:1].isalpha() else f"call_{plain}".rstrip("_")


def guess(name: str) -> str:
    """What the verb of a snake_case name suggests. A person decides; this exposes nothing."""
    first, *others = name.split("_")
    if first in WRITES:
        return "looks like a write"
    if first in READS and not CONSUMES.intersection(others):
        return "looks like a read"
    return "cannot tell"


def _read(vendored: Vendored) -> Model:
    with tempfile.TemporaryDirectory(prefix="brownfield-wsdl-") as folder:
        for name, content in vendored.files.items():
            (Path(folder) / name).write_bytes(content)
        model = read(Path(folder) / vendored.main, Path(folder))
    if not model.operations:
        raise Rejected(
            f"The WSDL has no SOAP operation at port {model.port}. Check that it is complete.", code="unreadable-wsdl"
        )
    return model


def _connection(service: str) -> str:
    name = snake(service)
    for suffix in ("_web_service", "_service"):
        name = name.removesuffix(suffix)
    return name


def _about_endpoint(model: Model) -> str:
    found = f"the WSDL says {model.address}" if model.address else "the WSDL names none"
    return f"The address that calls to {model.service} go to; {found}, which is never used by itself."


def _calls(model: Model) -> Iterator[DraftCall]:
    taken: set[str] = set()
    for call, operation in model.operations.items():
        base = name = snake(call)
        number = 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        yield DraftCall(name, call, operation.documentation, guess(name))


def _notes(model: Model) -> Iterator[str]:
    yield from (f"Repaired: {note}" for note in model.notes)
    headers = {name: part for operation in model.operations.values() for name, part in operation.headers.items()}
    for name, part in sorted(headers.items()):
        fields = model.records[part.type].fields if isinstance(part.type, str) else ()
        members = ", ".join(field.name for field in fields) or "value"
        yield f"Calls carry the SOAP header {name} ({members}): give its values under `headers` of the connection."
    silent = [name for name, operation in model.operations.items() if not operation.documentation]
    if silent:
        yield f"{len(silent)} of {len(model.operations)} operations say nothing about themselves in the WSDL."
