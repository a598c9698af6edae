"""Public formats that say themselves what their records hold: no layout is needed. A further one is a row here.

Public formats of fixed width need one, and there is one for each that is known here: `SHIPPED` says where.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from brownfield_files.format.parsed import Parser
from brownfield_files.setting import FormatName
from brownfield_files.standard.bai2 import Bai2
from brownfield_files.standard.camt import Camt
from brownfield_files.standard.envelope import Enveloped
from brownfield_files.standard.interchange import EDIFACT, HL7, X12
from brownfield_files.standard.mt940 import BEGINS, Mt940


class Standard(NamedTuple):
    """A format.

    Attributes:
        parser: Makes what reads it.
        begins: What its files begin with.
        record: The record type that most want as events.
        key: The field of it that says what it is about.
        better: Fields that say it where all records have one, each another.
    """

    parser: Callable[[], Parser]
    begins: re.Pattern[bytes]
    record: str
    key: str
    better: tuple[str, ...] = ()


class Shipped(NamedTuple):
    """A layout that comes with brownfield.

    Attributes:
        begins: What the first line of its files looks like.
        record: The record type that most want as events.
        key: The field of it that says what it is about.
        encoding: What its files are written in.
    """

    begins: re.Pattern[bytes]
    record: str
    key: str
    encoding: str


STANDARDS: Mapping[FormatName, Standard] = {
    "x12": Standard(lambda: Enveloped(X12), re.compile(rb"ISA[^A-Za-z0-9\s]"), "transaction", "control"),
    "edifact": Standard(
        lambda: Enveloped(EDIFACT), re.compile(rb"UNA.{6}\s*UNB|UNB\+", re.DOTALL), "message", "control"
    ),
    "hl7": Standard(
        lambda: Enveloped(HL7), re.compile(rb"\x0b?(?:MSH|FHS|BHS)[^A-Za-z0-9\s]{2}"), "message", "control"
    ),
    "mt940": Standard(
        Mt940,
        BEGINS,
        "entry",
        "number",
        ("bank_reference", "customer_reference"),
    ),
    "camt": Standard(
        Camt,
        re.compile(rb"<.{0,2000}?camt\.05[234]\.", re.DOTALL),
        "entry",
        "statement",
        ("bank_reference", "reference"),
    ),
    "bai2": Standard(Bai2, re.compile(rb"01,[^,\r\n]*,[^,\r\n]*,[0-9]{6},"), "transaction", "account"),
}

SHIPPED: Mapping[str, Shipped] = {
    "nacha.toml": Shipped(
        re.compile(rb"101[ 0-9]{10}[ 0-9A-Z]{10}[0-9]{6}.{65}\r?(?:\n|$)"), "entry", "trace", "latin-1"
    ),
    "coda.toml": Shipped(
        re.compile(rb"00000[0-9]{6}[0-9]{3}05.{112}\r?(?:\n|$)"), "movement", "bank_reference", "latin-1"
    ),
    "cfonb.toml": Shipped(
        re.compile(rb"01[0-9]{5}.{4}[0-9]{5}[A-Z]{3}[0-9].{100}\r?(?:\n|$)"), "movement", "account", "latin-1"
    ),
    "cnab240.toml": Shipped(re.compile(rb"[0-9]{3}00000.{232}\r?(?:\n|$)"), "title", "title", "latin-1"),
    "cnab400.toml": Shipped(re.compile(rb"02RETORNO.{391}\r?(?:\n|$)"), "title", "document", "latin-1"),
    "ssim.toml": Shipped(
        re.compile(rb"1AIRLINE STANDARD SCHEDULE DATA SET.{165}\r?(?:\n|$)"), "leg", "flight", "ascii"
    ),
    "metro2.toml": Shipped(re.compile(rb"[0-9]{4}HEADER.{416}"), "base", "account", "ascii"),
    "irs1220.toml": Shipped(re.compile(rb"T[0-9]{4}[P ][0-9]{9}.{735}"), "payee", "tin", "ascii"),
}
"""The layouts under docs/examples/layouts, and what the first line of their files looks like."""


def recognized(head: bytes) -> FormatName | None:
    """The format of a file that begins so; None where it is none of these."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \x01")
    return next((name for name, standard in STANDARDS.items() if standard.begins.match(start)), None)


def shipped(head: bytes) -> str | None:
    """The layout, of those that come with brownfield, that a file which begins so may have."""
    start = head.removeprefix(b"\xef\xbb\xbf")
    return next((name for name, one in SHIPPED.items() if one.begins.match(start)), None)
