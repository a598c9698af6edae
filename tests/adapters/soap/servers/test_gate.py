"""WS-Security against somebody else's reading of it: Apache WSS4J in a gateway before a ledger."""

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

import brownfield_soap
from brownfield.contract import Drifted, Limits, Opening, Rejected
from brownfield_soap.settings import SoapSettings
from servers.process import Gate, installed
from servers.stack import GATE

from .table import ROWS

PASSWORD = "gate-secret"
MODES = ("text", "digest", "signed", "encrypted")


def party(name):
    """A key, and a certificate of it that is good today."""
    key, words = rsa.generate_private_key(65537, 2048), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(hours=1)
    made = x509.CertificateBuilder(words, words, key.public_key(), x509.random_serial_number())
    return key, made.not_valid_before(begin).not_valid_after(begin + timedelta(days=1)).sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """The folder of both sides' keys and certificates, and of somebody who is neither."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("server", "client", "other"):
        key, certificate = party(name)
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        lock = BestAvailableEncryption(PASSWORD.encode())
        packed = pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, lock)
        (folder / f"{name}.p12").write_bytes(packed)
    return folder


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def gate(require, ledgers, built, keys, mode, tmp_path_factory):
    require(GATE.require, installed(GATE), f"no WSS4J ({GATE.install})")
    with Gate(ledgers("php").url, mode, keys, tmp_path_factory.mktemp("gate"), built(GATE)) as running:
        yield running


def settings(how, keys, **changed):
    """What a manifest says to pass a gate of that mode."""
    if how in ("text", "digest"):
        return {"security": "username-token" if how == "text" else "username-token-digest", "user": "ledger"}
    signed = {"timestamp": 60, "signing_certificate": keys / "client.pem", "reply_certificate": keys / "server.pem"}
    sealed = {"encrypt_for": keys / "server.pem", "decrypt": True} if how == "encrypted" else {}
    return {**signed, **sealed, **changed}


@pytest.fixture
def through(ledgers, gate, keys):
    """`through(how)`: the ledger behind the gate, by the settings of a mode, with the keys of one side."""
    folder = ledgers("php").bundle
    (wsdl,) = folder.glob("contract/*.wsdl")
    with contextlib.ExitStack() as ended:

        def opened(how, own="client", **changed):
            key = (keys / f"{own}.key").read_text()
            secrets = {"password": PASSWORD, "signing-key": key, "decryption-key": (keys / "client.key").read_text()}
            given = SoapSettings(wsdl=wsdl, endpoint=gate.url, **settings(how, keys, **changed))
            far = brownfield_soap.adapter.open(
                Opening("ledger", folder, given, secrets.__getitem__, Limits(deadline=10.0))
            )
            ended.callback(far.close)
            return far

        yield opened


@pytest.mark.parametrize("name", ["an account", "not found", "values"])
def test_a_read_is_answered_through_the_gate(through, mode, name):
    assert through(mode).invoke(ROWS[name].operation, ROWS[name].fields).fields == ROWS[name].answer


def test_a_refusal_comes_back_typed(through, mode):
    row = ROWS["no account"]
    with pytest.raises(Rejected) as caught:
        through(mode).invoke(row.operation, row.fields)
    assert (caught.value.code, caught.value.detail) == (row.code, row.detail)


def test_a_write_is_made_once_as_it_was_sent(through, mode, ledgers):
    row, before = ROWS["a write"], ledgers("php").writes()
    through(mode).invoke(row.operation, row.fields)
    assert ledgers("php").writes() == [*before, row.wrote]


@pytest.mark.parametrize(("weaker", "mode"), list(combinations(MODES, 2)), indirect=["mode"], scope="module")
def test_the_gate_lets_nothing_weaker_in(through, weaker, mode, ledgers):
    """What is let in was verified. The gate cannot sign its refusal: who waits for a signed reply sees drift."""
    before = ledgers("php").writes()
    with pytest.raises((Rejected, Drifted)):
        through(weaker).invoke("GetNextVoucher", {})
    assert ledgers("php").writes() == before


@pytest.mark.parametrize("mode", ["signed", "encrypted"], scope="module", indirect=True)
def test_a_reply_that_somebody_else_signed_is_drift(through, mode, keys):
    with pytest.raises(Drifted):
        through(mode, reply_certificate=keys / "other.pem").invoke("CountEntries", {"Number": "A-1"})


@pytest.mark.parametrize("mode", ["signed", "encrypted"], scope="module", indirect=True)
def test_a_request_that_somebody_else_signed_is_not_let_in(through, mode, keys, ledgers):
    before = ledgers("php").writes()
    with pytest.raises((Rejected, Drifted)):
        through(mode, own="other", signing_certificate=keys / "other.pem").invoke("GetNextVoucher", {})
    assert ledgers("php").writes() == before
