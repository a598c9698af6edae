"""A WSDL somewhere → the files of a bundle: the WSDL and everything it imports, renamed to lie in one folder.

Only `brownfield new` comes here. What is fetched is capped in bytes, documents, depth and seconds. A redirect is not
followed; a WSDL from the network may name no local file, and no address that only this machine or its network can reach
unless the WSDL itself came from there. Standard schemas come from the catalog.
"""

import ipaddress
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from brownfield.contract import Drifted, Unavailable, Uncertain
from brownfield_soap.closure import Closure, Overrides, collect, references, remote
from brownfield_soap.document import WSDL, refused
from brownfield_soap.line import Deadline
from brownfield_soap.transport import HttpReply, Transport

MOST_BYTES = 20 * 1024 * 1024
MOST_SECONDS = 60.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CARRIERS = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""Addresses whose last 32 bits are one of IPv4: compatible ones, and those of NAT64 (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Vendored:
    """The files of a WSDL by name; `main` is the name of the WSDL itself, `notes` what was set right in them."""

    main: str
    files: dict[str, bytes]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Names:
    """A file name for each address, each once."""

    taken: dict[str, str] = field(default_factory=dict)

    def of(self, address: str, suffix: str) -> str:
        """The name for an address, the same each time."""
        if address not in self.taken:
            parts = urlsplit(address)
            stem = Path(unquote(parts.path)).stem or "service"
            query = "" if parts.query.lower() in ("", "wsdl", "singlewsdl") else f"-{parts.query}"
            stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem + query).strip("-.")[:80] or "service"
            name, number = f"{stem}{suffix}", 1
            while name in self.taken.values():
                number += 1
                name = f"{stem}-{number}{suffix}"
            self.taken[address] = name
        return self.taken[address]


def fetch(location: str, overrides: Overrides | None = None) -> Vendored:
    """The WSDL at a path or an http(s) address, with everything it imports.

    Args:
        location: Where the WSDL is.
        overrides: Documents that a person has elsewhere than the WSDL says; a WSDL from the network may read these.

    Raises:
        Rejected: A document cannot be read, or a cap was reached. The message names it and says what to do.
        Unavailable: A server cannot be reached.
    """
    source = _Source(location)
    try:
        closure = collect(location, source.read, overrides=overrides)
    finally:
        source.close()
    return Vendored(*_renamed(closure), tuple(f"Repaired: {note}" for note in closure.notes))


def _renamed(closure: Closure) -> tuple[str, dict[str, bytes]]:
    """The documents under file names, referring to each other by these."""
    names = _Names()
    for address, found in closure.documents.items():
        names.of(address, ".wsdl" if found.root.tag == f"{{{WSDL}}}definitions" else ".xsd")
    for found in closure.documents.values():
        for node, attribute, address in references(found):
            node.set(attribute, names.taken[address])
    files = {
        names.taken[address]: etree.tostring(found.root, encoding="UTF-8", xml_declaration=True)
        for address, found in closure.documents.items()
    }
    return names.taken[closure.main], files


def _is_public(address: str) -> bool:
    """Whether anybody can reach an address; one that carries another is as public as that is."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        carried = any(found in network for network in CARRIERS)
        found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if carried else inner or found
    return found.is_global and not found.is_multicast


class _Source:
    """Reads documents from disk and network until a cap is reached."""

    def __init__(self, main: str) -> None:
        self._main = urlsplit(main).hostname if remote(main) else None
        self._transport = Transport(1, self._allowed)
        self._end = time.monotonic() + MOST_SECONDS
        self._bytes = 0

    def close(self) -> None:
        self._transport.close()

    def read(self, address: str) -> bytes:
        """The bytes of one document."""
        content = self._get(address) if remote(address) else self._open(address)
        self._bytes += len(content)
        if self._bytes > MOST_BYTES:
            raise refused(address, f"the documents are larger than {MOST_BYTES} bytes together")
        return content

    def _open(self, address: str) -> bytes:
        try:
            return Path(address).read_bytes()
        except OSError as error:
            raise refused(address, (error.strerror or "it cannot be opened").lower()) from None

    def _get(self, address: str) -> bytes:
        reply = self._request(address)
        if reply.status in REDIRECTS:
            target = urljoin(address, reply.headers.get("location", ""))
            raise refused(
                address, f"it redirects to {target}, which is not followed: give that address if you trust it"
            )
        if reply.status != 200:
            raise refused(address, f"the server answers HTTP {reply.status}")
        if reply.media_type == "text/html":
            raise refused(address, "the server answers with an HTML page")
        return reply.body

    def _allowed(self, host: str, addresses: list[str]) -> list[str]:
        """The addresses of a host that may be asked: all of the WSDL's own host, of another only public ones."""
        if host == self._main:
            return addresses
        public = [one for one in addresses if _is_public(one)]
        if not public:
            raise refused(host, "the WSDL refers to this host, which is not a public one, and came from another")
        return public

    def _request(self, address: str) -> HttpReply:
        left = self._end - time.monotonic()
        if left <= 0:
            raise refused(address, f"fetching took longer than {MOST_SECONDS:g} s")
        try:
            return self._transport.request("GET", address, deadline=Deadline(left), max_bytes=MOST_BYTES)
        except (Uncertain, Unavailable) as error:
            raise Unavailable(f"{address} could not be fetched: {error.message}") from None
        except Drifted as error:
            raise refused(address, f"it cannot be taken: {error.message.rstrip('.')}") from None
