"""The call adapter `soap`: SOAP 1.1 and 1.2 over HTTP, document and rpc style, from a pinned WSDL.

One step per file, data flowing one way:

    fetch → closure (document) → link (catalog, reference) → doctor (dangling)
          → reader (visitor, family, flatten) → model (kept)
    model → describe (answer, schema) | request (encode) | codec (decode) | draft (policy, undrawn, wording)
    connection: request (addressing, seal, attachment) → transport (login, wire, line, inflate)
                → receive: stream | reply (tree, multipart, multiref, encoded, fault) → seal → codec → check
    seal: security, saml | proof (signature, encryption)

Importing this package imports neither zeep nor lxml; they come with `pip install '.[soap]'`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.types import WSGIApplication

from brownfield.contract import Adapter, CallAdapter, Draft, Fields, Opening, Reply, Sources, Unavailable
from brownfield.contract.stub import Sample, Stub
from brownfield_soap.demand import faults, secrets
from brownfield_soap.settings import SoapSettings

INSTALL = "The soap adapter needs zeep and lxml: pip install '.[soap]'"


def open_connection(opening: Opening[SoapSettings]) -> CallAdapter:
    """A connection to one SOAP port. No network, no file is read before the first verb.

    Raises:
        Unavailable: zeep or lxml is not installed.
    """
    try:
        from brownfield_soap.connection import SoapConnection  # noqa: PLC0415  # zeep is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return SoapConnection(opening)


def draft_from_wsdl(sources: Sources) -> Draft:
    """The parts of a bundle for the WSDL at `sources["wsdl"]`, a path or an address.

    `sources["override"]` has a line `LOCATION=FILE` for each document that is elsewhere than the WSDL says.

    Raises:
        Unavailable: zeep or lxml is not installed, or the WSDL's server cannot be reached.
        Rejected: The WSDL cannot be read; the message says where, why and what to do.
    """
    try:
        from brownfield_soap.draft import draft  # noqa: PLC0415  # zeep is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    lines = [line.rpartition("=") for line in sources.get("override", "").splitlines()]
    return draft(sources["wsdl"], {location: str(Path(file).resolve()) for location, _, file in lines})


def samples(opening: Opening[SoapSettings]) -> Iterable[Sample]:
    """A sample of every operation of the pinned WSDL.

    Raises:
        Unavailable: zeep or lxml is not installed.
    """
    try:
        from brownfield_soap import stub  # noqa: PLC0415  # zeep is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return stub.samples(opening)


def stub_application(opening: Opening[SoapSettings], invoke: Callable[[str, Fields], Reply]) -> WSGIApplication:
    """A stand-in for the system: see `stub`.

    Raises:
        Unavailable: zeep or lxml is not installed.
    """
    try:
        from brownfield_soap import stub  # noqa: PLC0415  # zeep is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return stub.application(opening, invoke)


adapter = Adapter(
    name="soap",
    kind="call",
    settings=SoapSettings,
    open=open_connection,
    secrets=secrets,
    faults=faults,
    capabilities=frozenset({"deadline", "faults", "rows"}),
    draft={"wsdl": draft_from_wsdl},
    stub=Stub("endpoint", samples, stub_application),
)
