"""The keys that a manifest may give under a connection with `adapter = "soap"`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Security = Literal["none", "username-token", "username-token-digest"]


class SoapSettings(BaseModel):
    """Settings of a SOAP connection.

    Attributes:
        wsdl: The pinned WSDL inside the bundle; its imports lie in the bundle too.
        endpoint: Where calls go. None while the variable that names it is unset. Never taken from the WSDL.
        service: The WSDL service, needed only when there is more than one.
        port: The WSDL port, needed only when the first SOAP port is not the right one. The port's binding tells the
            SOAP version.
        security: `username-token` sends the password as text, `username-token-digest` as a digest with a nonce.
        user: The name in a UsernameToken; the password is the connection's secret `password`.
        headers: Values of SOAP headers that the WSDL declares, by element name. `{ secret = "password" }` in place of
            a value is resolved at each call.
        repair: Whether known breakage of a WSDL is repaired when it is read; see `doctor`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    wsdl: Path
    endpoint: str | None = None
    service: str | None = None
    port: str | None = None
    security: Security = "none"
    user: str | None = None
    headers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    repair: bool = True


def resolved(value: Any, secret: Callable[[str], str]) -> Any:
    """`value` with every `{"secret": name}` in it replaced by that secret."""
    if isinstance(value, dict):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            return secret(value["secret"])
        return {name: resolved(member, secret) for name, member in value.items()}
    if isinstance(value, list):
        return [resolved(member, secret) for member in value]
    return value
