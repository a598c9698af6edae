"""The call adapter `rest`: JSON over HTTP, from a pinned OpenAPI 3.0 or 3.1 document.

One step per file, data flowing one way:

    draft: fetch → document → operation (parameter, schema) → describe
    connection: request (exact) → transport → reply (fault, exact) → check
    stub: the same backwards

Importing this package imports neither httpcore2 nor yaml; they come with `pip install '.[rest]'`.
"""

from collections.abc import Callable
from wsgiref.types import WSGIApplication

from brownfield.contract import Adapter, CallAdapter, Draft, Fields, Opening, Reply, Sources, Unavailable
from brownfield.contract.stub import Stub
from brownfield_rest.demand import faults, secrets
from brownfield_rest.setting import RestSettings

INSTALL = "The rest adapter needs httpcore2, jsonschema-rs and PyYAML: pip install '.[rest]'"


def open_connection(opening: Opening[RestSettings]) -> CallAdapter:
    """A connection to one REST API. No network, no file is read before the first verb.

    Raises:
        Unavailable: A library is not installed.
    """
    try:
        from brownfield_rest.connection import RestConnection  # noqa: PLC0415  # httpcore2 is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return RestConnection(opening)


def draft_from_openapi(sources: Sources) -> Draft:
    """The parts of a bundle for the OpenAPI document at `sources["openapi"]`, a path or an address.

    Raises:
        Unavailable: A library is not installed, or the document's server cannot be reached.
        Rejected: The document cannot be used; the message says where, why and what to do.
    """
    try:
        from brownfield_rest.draft import draft  # noqa: PLC0415  # yaml is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return draft(sources["openapi"])


def stub_application(opening: Opening[RestSettings], invoke: Callable[[str, Fields], Reply]) -> WSGIApplication:
    """A stand-in for the system: see `stub`.

    Raises:
        Unavailable: A library is not installed.
    """
    try:
        from brownfield_rest.stub import application  # noqa: PLC0415  # yaml is optional
    except ImportError as error:
        raise Unavailable(INSTALL) from error
    return application(opening, invoke)


adapter = Adapter(
    name="rest",
    kind="call",
    settings=RestSettings,
    open=open_connection,
    secrets=secrets,
    faults=faults,
    capabilities=frozenset({"deadline", "faults", "rows"}),
    draft={"openapi": draft_from_openapi},
    stub=Stub("endpoint", None, stub_application),
)
