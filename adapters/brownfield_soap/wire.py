"""How a connection reaches its system: which sockets are opened, to where, through what, and with which certificate."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from brownfield.contract import Unavailable
from brownfield_soap.head import written
from brownfield_soap.line import Deadline, Line

PORTS = {"http": 80, "https": 443}

Allow = Callable[[str, list[str]], list[str]]
"""A host and its addresses → those of them that may be connected to."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, taken apart.

    Attributes:
        scheme: `http` or `https`.
        host: A name or an address, without brackets.
        port: Always a number.
        path: The path and the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, url: str) -> "Target":
        """The target that an address names.

        Raises:
            Unavailable: It is no http(s) address, or it carries a user or a password. It is not quoted.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in PORTS or not host:
            raise Unavailable("The endpoint is no http(s) address. Nothing was sent.")
        if parts.username is not None or parts.password is not None:
            raise Unavailable(
                "The endpoint carries a user or a password. Give `login` and a secret instead. Nothing was sent."
            )
        query = f"?{parts.query}" if parts.query else ""
        return cls(scheme, host, PORTS[scheme] if port is None else port, (parts.path or "/") + query)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a kept socket leads to."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header has them: without the scheme's own port (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Wire:
    """How a connection reaches its system.

    Attributes:
        keep_alive: Whether sockets are kept for the next call.
        certificate: The client's certificate, PEM, or None.
        key: Its private key, PEM, or None when it lies in the same file.
        authorities: The certificates, PEM, that the server's is held against; None for those that the machine trusts.
        proxy: The address of an HTTP proxy, or None. No variable of the environment is read.
    """

    keep_alive: bool = True
    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    proxy: str | None = None

    def tls(self) -> ssl.SSLContext:
        """The context for TLS: 1.2 at least, and the server's name and certificate are always checked.

        Raises:
            Unavailable: A certificate cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
        except OSError as error:  # an SSLError is one
            raise Unavailable(_unreadable("certificates of `authorities`", error)) from None
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key)
            except OSError as error:
                raise Unavailable(_unreadable("client certificate", error)) from None
        return context

    def path(self, target: Target) -> str:
        """What the request line names: the whole address when a proxy has to read it."""
        if self.proxy is None or target.scheme == "https":
            return target.path
        return f"http://{target.authority}{target.path}"

    def dial(self, target: Target, tls: ssl.SSLContext | None, allow: Allow | None, deadline: Deadline) -> Line:
        """A new line to a target.

        Args:
            target: Where to.
            tls: The context for https.
            allow: Which addresses may be connected to; None for all.
            deadline: Held over connecting, the proxy's answer and the TLS handshake.

        Raises:
            OSError: It cannot be reached.
        """
        first = target if self.proxy is None else Target.of(self.proxy)
        opened = _connected(first, allow, deadline)
        try:
            if self.proxy is not None and target.scheme == "https":
                _tunnel(opened, target, deadline)
            if tls is not None and target.scheme == "https":
                opened.settimeout(deadline.left())
                opened = tls.wrap_socket(opened, server_hostname=target.host)
        except BaseException:
            opened.close()
            raise
        return Line(opened)


def _connected(target: Target, allow: Allow | None, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first of the target's addresses that answers.

    The address that was allowed is the one that is connected to: a name that means another address a moment later
    (“DNS rebinding”) changes nothing.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    failure: OSError = OSError("the name has no address")
    for address in addresses if allow is None else allow(target.host, addresses):
        try:
            opened = socket.create_connection((address, target.port), deadline.left())
        except OSError as error:
            failure = error
        else:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise failure


def _tunnel(opened: socket.socket, target: Target, deadline: Deadline) -> None:
    """Has the proxy connect through to the target (RFC 9110, 9.3.6). It sees the target's name, and then TLS."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    where = f"{host}:{target.port}"
    line = Line(opened)
    line.send(written("CONNECT", where, [("Host", where)]), b"", deadline)
    status = line.head(deadline).status
    if not 200 <= status < 300:
        raise ConnectionRefusedError(0, f"the proxy answered HTTP {status}")


def _unreadable(what: str, error: OSError) -> str:
    reason = error.strerror if type(error) is not ssl.SSLError and error.strerror else "no PEM certificate with its key"
    return f"The {what} cannot be read: {reason}. Nothing was sent."
