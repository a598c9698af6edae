"""What the settings of a connection ask for beside themselves: secrets, files, other settings, libraries.

A setting whose variable is unset is given all the same: which variables are unset is told elsewhere.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from brownfield.contract.descriptor import Fault
from brownfield_soap.settings import SoapSettings

LOGINS = {"basic": ("password",), "ntlm": ("password",), "oauth": ("client-secret",)}
SECURITIES = {"username-token": ("password",), "username-token-digest": ("password",), "saml": ("assertion",)}
NEEDED = {"basic": ("user",), "ntlm": ("user",), "oauth": ("token_endpoint", "client")}
FILES = ("signing_certificate", "reply_certificate", "encrypt_for", "certificate", "certificate_key", "authorities")
SEALED = ("signing_certificate", "reply_certificate", "encrypt_for", "decrypt")


def secrets(settings: SoapSettings) -> Iterator[str]:
    """The names of the secrets that calls ask for."""
    yield from LOGINS.get(settings.login, ())
    yield from SECURITIES.get(settings.security, ())
    yield from _named(settings.headers)
    if _given(settings, "signing_certificate"):
        yield "signing-key"
    if settings.decrypt:
        yield "decryption-key"


def faults(settings: SoapSettings) -> Iterator[Fault]:
    """What no call can work with."""
    for key in NEEDED.get(settings.login, ()):
        if not _given(settings, key):
            yield Fault("login", f'`login = "{settings.login}"` needs `{key}`', f"give `{key}`")
    if settings.security.startswith("username-token") and not _given(settings, "user"):
        yield Fault("security", f'`security = "{settings.security}"` needs `user`', "give `user`")
    if settings.token_endpoint is not None and not is_private(settings.token_endpoint):
        yield Fault("token_endpoint", "must be https: the client's secret would be readable", "name its https address")
    for key in FILES:
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            yield Fault(key, f"there is no file {path.name}", "put it there, or name another")
    sealed = next((key for key in SEALED if getattr(settings, key)), None)
    if sealed and find_spec("cryptography") is None:
        yield Fault(sealed, "signatures and encryption need cryptography", "pip install '.[wss]'")


def is_private(address: str) -> bool:
    """Whether what is sent there can be read by nobody else: over TLS, or within this machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _given(settings: SoapSettings, key: str) -> bool:
    return key in settings.model_fields_set


def _named(value: Any) -> Iterator[str]:
    """The names in every `{ secret = name }` of a value."""
    if isinstance(value, dict):
        if set(value) == {"secret"} and isinstance(value["secret"], str):
            yield value["secret"]
        else:
            for member in value.values():
                yield from _named(member)
    elif isinstance(value, list):
        for member in value:
            yield from _named(member)
