"""The keys that a manifest may give under a connection with `adapter = "rest"`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"


class RestSettings(BaseModel):
    """Settings of a REST connection.

    Attributes:
        openapi: The pinned OpenAPI document inside the bundle, JSON, without references to other files.
        endpoint: The address that the document's paths are appended to. None while the variable that names it is
            unset. Never taken from the document's `servers`.
        auth: `bearer` sends the secret `token`, `basic` the user and the secret `password`, `api-key` the secret `key`.
        user: The name for `basic`; the secret `user` when it is not given.
        key_header: The header that an API key is sent in.
        code: The member of an error's body that is the system's own code.
        keep_alive: Whether sockets are kept for the next call.
        authorities: The certificates, PEM, that the server's is held against; None for those that the machine trusts.
        certificate: The client's certificate and its chain, PEM.
        certificate_key: Its private key, PEM; None when it lies in the same file.
        proxy: The address of an HTTP proxy. Variables such as `HTTPS_PROXY` are never read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    openapi: Path
    endpoint: str | None = None
    auth: Literal["none", "bearer", "basic", "api-key"] = "none"
    user: str | None = None
    key_header: Annotated[str, Field(pattern=HEADER)] = "X-API-Key"
    code: str = "code"
    keep_alive: bool = True
    authorities: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    proxy: str | None = None
