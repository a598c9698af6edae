"""NTLM over HTTP ([MS-NTHT], 2.2): three messages on one socket, which is then known. pyspnego makes the messages.

The first two go without the call, so that it is sent once, with the proof. NTLM says who is there; it hides nothing and
is no substitute for TLS.
"""

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping

import spnego

from brownfield.contract import Rejected, Unavailable
from brownfield_soap.line import Deadline, Line
from brownfield_soap.transport import Introduce

MOST_BYTES = 256 * 1024
"""The largest page that may come with a challenge."""

CHALLENGE = re.compile(r"\bNTLM\s+([A-Za-z0-9+/=]+)")


def introduction(credentials: Callable[[], tuple[str, str]]) -> Introduce:
    r"""What makes a new line known.

    Args:
        credentials: The user (`DOMAIN\name` or `name@domain`) and the password, asked for each line.
    """

    def introduce(line: Line, first: Callable[[Mapping[str, str]], bytes], deadline: Deadline) -> dict[str, str]:
        user, password = credentials()
        try:
            options = spnego.NegotiateOptions.use_ntlm
            context = spnego.client(user, password, protocol="ntlm", options=options)
            line.send(first(_header(context.step())), b"", deadline)
            proof = context.step(_challenge(line, deadline))
        except (spnego.exceptions.SpnegoError, struct.error, ValueError, LookupError):  # it trusts what it is given
            raise Unavailable("The server's NTLM challenge cannot be answered. The call was not made.") from None
        return _header(proof)

    return introduce


def _header(token: bytes | None) -> dict[str, str]:
    return {"Authorization": "NTLM " + base64.b64encode(token or b"").decode()}


def _challenge(line: Line, deadline: Deadline) -> bytes:
    """The challenge in the server's reply, whose page is read to its end.

    Raises:
        Rejected: The server does not offer NTLM.
        Unavailable: It hangs up, or says nothing that can be understood.
    """
    reply = line.head(deadline)
    size = 0
    for chunk in line.body(deadline):
        size += len(chunk)
        if size > MOST_BYTES:
            raise Unavailable("The server answers NTLM with a page without end. The call was not made.")
    offered = ", ".join(value for name, value in reply.headers if name == "www-authenticate")
    found = CHALLENGE.search(offered)
    if reply.status != 401 or found is None:
        raise Rejected("The server does not answer with an NTLM challenge. The call was not made.", code="ntlm")
    if not line.ready_again():
        raise Unavailable("The server hangs up in the midst of NTLM. The call was not made.")
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        raise Unavailable("The server's NTLM challenge cannot be read. The call was not made.") from None
