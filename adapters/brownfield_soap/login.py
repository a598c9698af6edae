"""Who a connection says it is in HTTP: nobody, a user by Basic or NTLM, or a client by a bearer token."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from brownfield.contract import Rejected, Unavailable
from brownfield_soap.line import Deadline
from brownfield_soap.oauth import Tokens
from brownfield_soap.settings import SoapSettings
from brownfield_soap.transport import Introduce
from brownfield_soap.wire import Wire

Secret = Callable[[str], str]
NTLM = "Login by NTLM needs pyspnego: pip install '.[ntlm]'"


@dataclass(frozen=True, slots=True)
class Login:
    """How requests are signed in.

    Attributes:
        headers: What a request carries. Raises `Unavailable` or `Rejected`; nothing was sent then.
        introduce: What makes a new socket known, for NTLM; else None.
        refused: Called when the server says 401: what was kept is no longer good.
    """

    headers: Callable[[Deadline], Mapping[str, str]] = lambda _: {}
    introduce: Introduce | None = None
    refused: Callable[[], None] = lambda: None


def login(settings: SoapSettings, secret: Secret, wire: Wire) -> Login:
    """The login that the settings ask for. Nothing is read, and nobody asked, before the first call.

    Raises:
        Unavailable: pyspnego is not installed, and the settings ask for NTLM.
    """
    match settings.login:
        case "basic":
            return Login(lambda _: {"Authorization": _basic(settings, secret)})
        case "oauth":
            tokens = Tokens(settings, secret, wire)
            return Login(lambda deadline: {"Authorization": f"Bearer {tokens.token(deadline)}"}, None, tokens.forget)
        case "ntlm":
            return Login(introduce=_ntlm(settings, secret))
    return Login()


def _basic(settings: SoapSettings, secret: Secret) -> str:
    """RFC 7617: the name and the password, in UTF-8. Only TLS keeps them from being read."""
    name = user(settings)
    if ":" in name:
        raise Rejected("The name of a user with a colon cannot be sent by Basic. Nothing was sent.", code="user")
    return "Basic " + base64.b64encode(f"{name}:{secret('password')}".encode()).decode()


def _ntlm(settings: SoapSettings, secret: Secret) -> Introduce:
    try:
        from brownfield_soap.ntlm import introduction  # noqa: PLC0415  # pyspnego is optional
    except ImportError as error:
        raise Unavailable(NTLM) from error
    return introduction(lambda: (user(settings), secret("password")))


def user(settings: SoapSettings) -> str:
    """The user's name.

    Raises:
        Unavailable: The settings have none.
    """
    if not settings.user:
        raise Unavailable("The connection has `login` but no `user`. Set `user` in the manifest. Nothing was sent.")
    return settings.user
