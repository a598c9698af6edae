"""An OpenAPI document that nobody has read yet → the raw material of `brownfield new`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from brownfield.contract import Contract, Draft, DraftCall, Rejected
from brownfield_rest.document import Document, read
from brownfield_rest.fetch import content, fetch
from brownfield_rest.operation import Operation, operations

FILE = "contract/openapi.json"
GUESSES = {"GET": "looks like a read", "HEAD": "looks like a read"}
"""What the method promises (RFC 9110, 9.2.1). A person decides: systems have been known to write on GET."""
SCHEMES = {"bearer": "bearer", "basic": "basic"}
SECRETS = {"bearer": ("token",), "basic": ("user", "password"), "api-key": ("key",)}


def draft(location: str) -> Draft:
    """The draft of a bundle for the document at a path or an address.

    Raises:
        Rejected: The document cannot be used; the message names the place, the cause and what to do next.
        Unavailable: Its server cannot be reached.
    """
    vendored = content(fetch(location))
    document = read(vendored, location)
    found, odd = operations(document)
    if not found:
        why = "; ".join(f"{name}: {reason}" for name, reason in list(odd.items())[:3]) or "it declares none"
        raise Rejected(f"{location}: has no operation that can be called ({why}).", code="unreadable-openapi")
    connection = snake(document.title).removesuffix("_api") or "api"
    variable = f"{connection.upper()}_URL"
    return Draft(
        connection=connection,
        settings={"openapi": {"file": FILE}, "endpoint": {"env": variable}, **_auth(document)},
        variables={variable: _about_endpoint(document)},
        files={FILE: vendored},
        contract=Contract(operations={name: found[name].shape for name in sorted(found)}),
        calls=tuple(_calls(found)),
        notes=tuple(_notes(document, odd)),
        secrets=SECRETS.get(_auth(document).get("auth", ""), ()),
    )


def snake(name: str) -> str:
    """A far-side name in snake_case, 48 characters at most: `getItem` is `get_item`."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", name)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower()[:44].rstrip("_")
    return plain if plain[:1].isalpha() else f"call_{plain}".rstrip("_")


def _calls(found: Mapping[str, Operation]) -> Iterator[DraftCall]:
    taken: set[str] = set()
    tags = Counter(operation.tag for operation in found.values())
    for call, operation in found.items():
        base = name = snake(call)
        number = 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        guess = GUESSES.get(operation.method, "looks like a write")
        group = snake(operation.tag) if operation.tag and tags[operation.tag] > 1 else ""
        yield DraftCall(name, call, operation.shape.documentation, guess, group)


def _about_endpoint(document: Document) -> str:
    servers = document.root.get("servers") or []
    said = [str(server.get("url")) for server in servers if isinstance(server, dict) and server.get("url")]
    found = f"the document says {said[0]}" if said else "the document names none"
    path = urlsplit(said[0]).path.rstrip("/") if said else ""
    more = f" with its path {path}" if path else ""
    return f"The address{more} that calls to {document.title or 'the system'} go to; {found}, never used by itself."


def _schemes(document: Document) -> list[Mapping[str, object]]:
    components = document.root.get("components") or {}
    return [document.follow(node) for node in (components.get("securitySchemes") or {}).values()]


def _auth(document: Document) -> dict[str, str]:
    """The first way to sign in that this adapter has."""
    for scheme in _schemes(document):
        if scheme.get("type") == "http" and str(scheme.get("scheme")).lower() in SCHEMES:
            return {"auth": SCHEMES[str(scheme["scheme"]).lower()]}
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return {"auth": "api-key", "key_header": str(scheme.get("name"))}
    return {}


def _notes(document: Document, odd: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name} is left out: {reason}." for name, reason in odd.items())
    if _schemes(document) and not _auth(document):
        kinds = ", ".join(sorted({str(scheme.get("type")) for scheme in _schemes(document)}))
        yield f"The document signs in by {kinds}, which this adapter does not: `auth` can be bearer, basic or api-key."
    unnamed = [place for place in document.places() if not place.operation.get("operationId")]
    if unnamed:
        yield f"{len(unnamed)} operations have no operationId; they are named by method and path."
