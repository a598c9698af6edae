"""What a signature and an encryption prove: the part of WS-Security that needs cryptography."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from lxml import etree

from brownfield.contract import Drifted, Unavailable
from brownfield_soap.addressing import VERSIONS
from brownfield_soap.encryption import decrypt, encrypt, private_key
from brownfield_soap.security import WSSE, WSU
from brownfield_soap.settings import SoapSettings
from brownfield_soap.signature import DS, Signer, certificates, sign, verified

SKEW = timedelta(minutes=5)
"""How far the system's clock may be from ours."""


@dataclass(frozen=True)
class Proof:
    """Signs and encrypts requests, decrypts and verifies replies.

    Attributes:
        settings: What the manifest says.
        secret: Resolves a secret.
    """

    settings: SoapSettings
    secret: Callable[[str], str]

    def add(self, header: etree._Element, security: etree._Element, body: etree._Element) -> None:
        """Signs and then encrypts a request, as far as the settings ask for it.

        Raises:
            Unavailable: A certificate or a key cannot be had. Nothing was sent.
        """
        if self.settings.signing_certificate is not None:
            signer = Signer.of(_read(self.settings.signing_certificate), self.secret("signing-key"))
            version = VERSIONS.get(self.settings.addressing)
            addressed = [one for one in header if version and etree.QName(one).namespace == version.space]
            tokens = [one for one in security if one.tag in (f"{{{WSU}}}Timestamp", f"{{{WSSE}}}UsernameToken")]
            sign(security, [*tokens, *addressed, body], signer)
        if self.settings.encrypt_for is not None:
            (public,) = certificates(_read(self.settings.encrypt_for))[:1]
            encrypt(security, body, public)

    def ready(self) -> None:
        """Returns when a reply could be opened: asked before a request is sent.

        Raises:
            Unavailable: A certificate or a key cannot be had.
        """
        if self.settings.reply_certificate is not None:
            self._pinned  # noqa: B018  # read now, or never
        if self.settings.decrypt:
            private_key(self.secret("decryption-key"))

    def demand(self, envelope: etree._Element, max_bytes: int) -> None:
        """Decrypts a reply in place, and returns when it proves what the settings ask for.

        Raises:
            Drifted: It does not. Nothing of it may be used.
        """
        header, body = _only(envelope, "Header"), _only(envelope, "Body")
        if self.settings.decrypt:
            decrypt(header, body, private_key(self.secret("decryption-key")), max_bytes)
        if self.settings.reply_certificate is not None:
            self._verify(envelope, header, body)

    @cached_property
    def _pinned(self) -> list[x509.Certificate]:
        return certificates(_read(self.settings.reply_certificate or Path()))

    def _verify(self, envelope: etree._Element, header: etree._Element, body: etree._Element) -> None:
        found = header.findall(f"{{{WSSE}}}Security/{{{DS}}}Signature")
        if len(found) != 1:
            raise Drifted(f"The reply has {len(found)} signatures, and must have one. Nothing of it was read.")
        now = datetime.now(UTC)
        covered = verified(envelope, found[0], self._pinned, now)
        stamps = list(header.iter(f"{{{WSU}}}Timestamp"))
        relations = [one for version in VERSIONS.values() for one in header.iter(f"{{{version.space}}}RelatesTo")]
        for element in (body, *stamps, *relations):
            if not any(element is one for one in covered):
                name = etree.QName(element).localname
                raise Drifted(f"The reply's {name} is not what was signed. Nothing of it was read.")
        for stamp in stamps:
            _hold_to_time(stamp, now)


def _only(envelope: etree._Element, name: str) -> etree._Element:
    """The one Header or Body. The Body is looked for as `reply` does, and there must be no second."""
    space = f"{{{etree.QName(envelope).namespace}}}"
    found = [child for child in envelope.iterchildren("*") if etree.QName(child).localname == name]
    if not found:
        raise Drifted(f"The reply proves nothing: it has no {name}, and so no signature. Nothing of it was read.")
    if len(found) != 1 or found[0].tag != f"{space}{name}":
        raise Drifted(f"The reply has {len(found)} times {name}, and must have one. Nothing of it was read.")
    return found[0]


def _hold_to_time(stamp: etree._Element, now: datetime) -> None:
    try:
        created = datetime.fromisoformat(stamp.findtext(f"{{{WSU}}}Created") or "")
        expires = stamp.findtext(f"{{{WSU}}}Expires")
        late = now - SKEW > (datetime.fromisoformat(expires) if expires else created + SKEW)
        early = created - SKEW > now
    except (ValueError, TypeError):
        raise Drifted("The reply's Timestamp is no time. Nothing of it was read.") from None
    if late or early:
        raise Drifted("The reply's Timestamp is not of now. Nothing of it was read.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"The certificate {path.name} cannot be read: {error.strerror}. Nothing was sent.") from None
