"""The clinic on a far side that says exactly what a test tells it to, and what reading it may cost."""

import os
import time
from pathlib import Path

import pytest

import canned
from brownfield.contract import Limits, Opening
from brownfield_soap import adapter

FOLDER = Path(__file__).with_name("wsdl")
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SECRETS = {"password": "s3cr3t-Passw0rd", "user": "clinic-write"}


class Canned(canned.Canned):
    """A SOAP server."""

    kind = "text/xml; charset=utf-8"

    def answers(self, inner: str, space: str = SOAP_11) -> None:
        self.says(envelope(inner, space))


def envelope(inner: str, space: str = SOAP_11) -> str:
    return (
        f'<s:Envelope xmlns:s="{space}" xmlns:c="urn:clinic" xmlns:t="urn:clinic:types" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{inner}</s:Body></s:Envelope>'
    )


@pytest.fixture(name="canned")
def canned_server():
    server = Canned("/soap")
    yield server
    server.close()


@pytest.fixture
def connect(canned):
    """Opens the clinic; settings and limits can be given by name."""
    opened = []

    def opening(*, limits: Limits | None = None, secret=SECRETS.__getitem__, **settings):
        given = {"wsdl": FOLDER / "clinic.wsdl", "endpoint": canned.url, **settings}
        made = adapter.open(
            Opening("clinic", given["wsdl"].parent, adapter.settings(**given), secret, limits or Limits(deadline=5.0))
        )
        opened.append(made)
        return made

    yield opening
    for one in opened:
        one.close()


@pytest.fixture
def clinic(connect):
    return connect()


SECONDS = 3.0
BYTES = 64 * 1024 * 1024


def hwm():
    """The most bytes of memory that this process held since `forget` (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget():
    Path("/proc/self/clear_refs").write_text("5")


@pytest.fixture
def little(require):
    """Holds what is done within to seconds and bytes."""
    require("proc", os.access("/proc/self/clear_refs", os.W_OK), "no /proc: the measure is Linux only")

    class Little:
        def __enter__(self):
            forget()
            self.before, self.begun = hwm(), time.process_time()

        def __exit__(self, *_):
            assert time.process_time() - self.begun < SECONDS
            assert hwm() - self.before < BYTES

    return Little()
