"""A bearer token by the client credentials grant (RFC 6749, 4.4), kept in memory until it expires.

The client's secret goes to the declared token endpoint and nowhere else, over TLS or within this machine, and neither
it nor a token is ever part of a message.
"""

import base64
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson

from brownfield.contract import Drifted, Rejected, Unavailable, Uncertain
from brownfield_soap.demand import is_private
from brownfield_soap.line import Deadline
from brownfield_soap.settings import SoapSettings
from brownfield_soap.transport import HttpReply, Transport
from brownfield_soap.wire import Wire

LARGEST = 64 * 1024
"""Bytes that a token endpoint may answer."""

EARLY = 30.0
"""Seconds before its end at which a token is no longer used: the system's clock is not ours."""

UNTOLD = 60.0
"""Seconds that a token is used when the endpoint does not say how long it is good."""

TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}=*")
"""RFC 6750, 2.1. Anything else could end the header."""

CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: float


class Tokens:
    """The tokens of one connection. Several threads may ask; one of them fetches."""

    def __init__(self, settings: SoapSettings, secret: Callable[[str], str], wire: Wire) -> None:
        self._settings = settings
        self._secret = secret
        self._transport = Transport(1, wire=Wire(keep_alive=False, authorities=wire.authorities, proxy=wire.proxy))
        self._turn = threading.Lock()
        self._kept: _Kept | None = None

    def token(self, deadline: Deadline) -> str:
        """A token that is good for some time yet.

        Raises:
            Rejected: The endpoint said no to this client.
            Unavailable: No token can be had now.
        """
        with self._turn:
            if self._kept is None or time.monotonic() >= self._kept.until:
                self._kept = self._fetched(deadline)
            return self._kept.token

    def forget(self) -> None:
        """The system did not take the token: the next call asks for another."""
        self._kept = None

    def _fetched(self, deadline: Deadline) -> _Kept:
        asked = time.monotonic()
        try:
            return _understood(self._asked(deadline), asked)
        except (Uncertain, Drifted, TimeoutError) as error:
            reason = str(error).rstrip(".") or "no time was left"
            raise Unavailable(f"No token could be had: {reason}. The call was not made.") from None

    def _asked(self, deadline: Deadline) -> HttpReply:
        settings = self._settings
        if not settings.token_endpoint or not settings.client:
            raise Unavailable('`login = "oauth"` needs `token_endpoint` and `client`. Nothing was sent.')
        _refuse_plain(settings.token_endpoint)
        form = {"grant_type": "client_credentials", **({"scope": settings.scope} if settings.scope else {})}
        pair = ":".join(quote_plus(one) for one in (settings.client, self._secret("client-secret")))
        return self._transport.request(
            "POST",
            settings.token_endpoint,
            deadline=deadline,
            max_bytes=LARGEST,
            headers={
                "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            content=urlencode(form).encode(),
        )


def _refuse_plain(address: str) -> None:
    """RFC 6749, 3.2: the token endpoint is asked over TLS. Within this machine nobody else listens."""
    if not is_private(address):
        raise Unavailable("`token_endpoint` must be https: the client's secret would be readable. Nothing was sent.")


def _understood(reply: HttpReply, asked: float) -> _Kept:
    said = _document(reply)
    if reply.status in (400, 401, 403):
        code = said.get("error")
        code = code if isinstance(code, str) and CODE.fullmatch(code) else f"http-{reply.status}"
        raise Rejected("The token endpoint says no to this client. The call was not made.", code=code)
    token, kind, seconds = said.get("access_token"), said.get("token_type"), said.get("expires_in", UNTOLD + EARLY)
    if reply.status != 200 or not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise Drifted(f"the token endpoint answers HTTP {reply.status} without a token")
    if not isinstance(kind, str) or kind.lower() != "bearer" or isinstance(seconds, bool):
        raise Drifted("the token is of a kind that is not known")
    try:
        return _Kept(token, asked + float(seconds) - EARLY)
    except (TypeError, ValueError):
        raise Drifted("the token's lifetime is no number") from None


def _document(reply: HttpReply) -> dict[str, Any]:
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
