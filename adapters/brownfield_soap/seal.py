"""WS-Security of one connection: what is put into a request's Security header, and what a reply has to prove.

request: timestamp, token or assertion → signature over all of them, the Body and what addresses it → encryption
reply:   decryption → signature over the Body that is read, and over the time and the relation if it says them
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from lxml import etree

from brownfield.contract import Unavailable, Uncertain
from brownfield_soap.saml import assertion
from brownfield_soap.security import block, timestamp, username_token
from brownfield_soap.settings import SoapSettings

if TYPE_CHECKING:
    from brownfield_soap.proof import Proof

INSTALL = "Signatures and encryption need cryptography: pip install '.[wss]'"


@dataclass(frozen=True, slots=True)
class Issued:
    """An assertion that takes its place in the bytes of a message: in a tree it would be given our prefixes.

    Attributes:
        place: What stands there until then.
        content: The assertion.
    """

    place: bytes
    content: bytes

    def into(self, message: bytes) -> bytes:
        """The message with the assertion in it."""
        return message.replace(self.place, self.content, 1)


@dataclass(frozen=True)
class Seal:
    """Closes requests and opens replies. Secrets are resolved for each and kept nowhere.

    Attributes:
        settings: What the manifest says.
        secret: Resolves a secret.
    """

    settings: SoapSettings
    secret: Callable[[str], str]

    @property
    def opens(self) -> bool:
        """Whether a reply has to prove something, and so has to be there whole before any of it is read."""
        return self.demands or self.settings.decrypt

    @property
    def demands(self) -> bool:
        """Whether a reply has to be signed."""
        return self.settings.reply_certificate is not None

    @property
    def closes(self) -> bool:
        """Whether the Body of a request is signed or encrypted. What goes beside the envelope is neither."""
        return self.settings.signing_certificate is not None or self.settings.encrypt_for is not None

    def close(self, header: etree._Element, body: etree._Element) -> Issued | None:
        """Adds to a request what the settings ask for. An assertion is given back: see `Issued`.

        Raises:
            Unavailable: A setting, a secret or a library is missing. Nothing was sent.
        """
        given = self.settings
        if self.opens:
            self._proof.ready()
        wanted = (given.security != "none", given.timestamp, given.signing_certificate, given.encrypt_for)
        if not any(wanted):
            return None
        security = block(header)
        if given.timestamp:
            timestamp(security, given.timestamp)
        issued = self._issued(security) if given.security == "saml" else None
        if given.security in ("username-token", "username-token-digest"):
            self._add_token(security)
        if given.signing_certificate is not None or given.encrypt_for is not None:
            self._proof.add(header, security, body)
        return issued

    def open(self, envelope: etree._Element, max_bytes: int) -> None:
        """Decrypts a reply in place, and returns when it proves what the settings ask for.

        Raises:
            Drifted: It does not. Nothing of it may be used.
            Uncertain: What is needed to tell has gone since the request was sent.
        """
        if not self.opens:
            return
        try:
            self._proof.demand(envelope, max_bytes)
        except Unavailable:
            raise Uncertain("The request was sent, and the key to open the reply is no longer there.") from None

    def _issued(self, security: etree._Element) -> Issued:
        content = assertion(self.secret("assertion"), datetime.now(UTC))
        place = etree.ProcessingInstruction(f"assertion-{uuid.uuid4().hex}")  # 122 random bits: in no value
        security.append(place)
        return Issued(etree.tostring(place), content)

    def _add_token(self, security: etree._Element) -> None:
        if not self.settings.user:
            raise Unavailable("The connection has `security` but no `user`. Set `user` in the manifest.")
        digest = self.settings.security == "username-token-digest"
        username_token(security, self.settings.user, self.secret("password"), digest=digest)

    @cached_property
    def _proof(self) -> "Proof":
        try:
            from brownfield_soap.proof import Proof  # noqa: PLC0415  # cryptography is optional
        except ImportError as error:
            raise Unavailable(INSTALL) from error
        return Proof(self.settings, self.secret)
