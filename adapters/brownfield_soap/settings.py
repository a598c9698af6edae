"""The keys that a manifest may give under a connection with `adapter = "soap"`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Security = Literal["none", "username-token", "username-token-digest", "saml"]
Addressing = Literal["none", "2005-08", "2004-08"]
Repair = Literal[
    "doctype",
    "draft-namespace",
    "undeclared-prefix",
    "schema-root",
    "target-namespace",
    "multipart-bodies",
    "message-names",
    "foreign-elements",
    "nameless",
    "several-compositors",
    "nested-all",
    "empty-namespace",
    "missing-message",
    "header-use",
    "simple-restriction",
    "dangling-names",
    "header-parts",
    "unknown-operations",
]
"""What `doctor` and `document` can repair."""

LoginKind = Literal["none", "basic", "ntlm", "oauth"]


class SoapSettings(BaseModel):
    """Settings of a SOAP connection.

    Attributes:
        wsdl: The pinned WSDL inside the bundle; its imports lie in the bundle too.
        endpoint: Where calls go. None while the variable that names it is unset. Never taken from the WSDL.
        service: The WSDL service, needed only when there is more than one.
        port: The WSDL port, needed only when the first SOAP port is not the right one. The port's binding tells the
            SOAP version.
        security: `username-token` sends the password as text, `username-token-digest` as a digest with a nonce.
            `saml` sends the SAML assertion that is the secret `assertion`.
        signing_certificate: The certificate, PEM, of the secret `signing-key`, with which requests are signed.
        reply_certificate: The certificates, PEM, of which one must have signed the Body of every reply.
        encrypt_for: The certificate, PEM, that the Body of requests is encrypted for.
        decrypt: Whether the Body of every reply is encrypted for the secret `decryption-key`.
        user: The name in a UsernameToken and in a `login`; the password is the connection's secret `password`.
        headers: Values of SOAP headers that the WSDL declares, by element name. `{ secret = "password" }` in place of
            a value is resolved at each call.
        timestamp: Seconds that a WS-Security Timestamp is valid for; 0 sends none.
        mtom: Whether requests are XOP packages, in which binaries stand as attachments. Replies may be in any case.
        mtom_from: Bytes from which on a binary does.
        addressing: The edition of WS-Addressing whose headers requests carry.
        keep_alive: Whether sockets are kept for the next call. A server that serves one at a time wants false.
        certificate: The client's certificate and its chain, PEM.
        certificate_key: Its private key, PEM; None when it lies in the same file.
        authorities: The certificates, PEM, that the server's is held against; None for those that the machine trusts.
        login: Who the connection says it is in HTTP: `basic` and `ntlm` send `user` and the secret `password`, `oauth`
            a bearer token that `client` and the secret `client-secret` get at `token_endpoint`.
        token_endpoint: Where tokens are asked for, https. `client` and `scope` are what is sent there.
        client: The client's id at the token endpoint.
        scope: What the token is asked for; None leaves it to the endpoint.
        proxy: The address of an HTTP proxy. Variables such as `HTTPS_PROXY` are never read.
        repair: Whether known breakage of a WSDL is repaired when it is read; see `doctor`.
        unrepaired: Repairs that are not made all the same, by the name at the end of the sentence that tells them.
        overrides: Documents that are elsewhere than the WSDL says: the location as it is written there, or the
            namespace, and the file in the bundle.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    wsdl: Path
    endpoint: str | None = None
    service: str | None = None
    port: str | None = None
    security: Security = "none"
    user: str | None = None
    headers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    signing_certificate: Path | None = None
    reply_certificate: Path | None = None
    encrypt_for: Path | None = None
    decrypt: bool = False
    timestamp: int = Field(default=0, ge=0)
    mtom: bool = False
    mtom_from: int = Field(default=1024, ge=0)
    addressing: Addressing = "none"
    keep_alive: bool = True
    certificate: Path | None = None
    certificate_key: Path | None = None
    authorities: Path | None = None
    login: LoginKind = "none"
    token_endpoint: str | None = None
    client: str | None = None
    scope: str | None = None
    proxy: str | None = None
    repair: bool = True
    unrepaired: frozenset[Repair] = frozenset()
    overrides: dict[str, Path] = Field(default_factory=dict)


def resolved(value: Any, secret: Callable[[str], str]) -> Any:
    """`value` with every `{"secret": name}` in it replaced by that secret."""
    if isinstance(value, dict):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            return secret(value["secret"])
        return {name: resolved(member, secret) for name, member in value.items()}
    if isinstance(value, list):
        return [resolved(member, secret) for member in value]
    return value
