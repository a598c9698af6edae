"""Formats that say themselves what they hold: X12, EDIFACT, HL7, MT940, camt, BAI2."""

import csv
import dataclasses
import json
import os
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for
from shelf import no_secret

import brownfield_files
from brownfield.contract import Checkpoint, Damage, Limits, Opening, Rejected
from brownfield.testing import FeedAdapterContract, FeedCase
from brownfield_files import adapter
from brownfield_files.feed import FilesFeed
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.setting import FilesSettings, FormatName
from brownfield_files.standard.known import SHIPPED, STANDARDS, recognized, shipped
from brownfield_files.standard.segment import MOST_BYTES

ROOT = Path(os.environ.get("BROWNFIELD_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "batch"
CORPUS: dict[FormatName, tuple[int, tuple[str, ...]]] = {
    "x12": (41, ("imsweb+x12-parser/**/*.txt", "azoner+pyx12/**/*.txt", "xlate+staedi/**/x12/**/*.edi")),
    "edifact": (17, ("nerdocs+pydifact/**/*.edi", "nerdocs+pydifact/**/*.ped", "xlate+staedi/**/EDIFACT/**/*.edi")),
    "hl7": (20, ("johnpaulett+python-hl7/*", "LinuxForHealth*/**/*.hl7", "Medical*/**/*.hl7", "Medical*/**/hl7_*.txt")),
    "mt940": (34, ("WoLpH+mt940/**/*.sta", "WoLpH+mt940/**/*.940.txt")),
    "camt": (20, ("genkgo+camt/**/*.xml",)),
    "bai2": (6, ("ministry*/**/*.bai2", "moov-io+bai2/**/*.txt")),
}  # fmt: skip

ISA = "ISA*00*          *00*          *ZZ*ORCHARD        *ZZ*BARN           *261121*0930*^*00501*000000007*0*T*:~"
X12 = f"""{ISA}
GS*PO*ORCHARD*BARN*20261121*0930*7*X*005010~
ST*850*0001~
BEG*00*NE*P-1**20261121~
SE*3*0001~
ST*850*0002~
SE*2*0002~
GE*2*7~
IEA*1*000000007~
"""
EDIFACT = """UNA:+.? '
UNB+UNOC:3+ORCHARD+BARN+261121:0930+7'
UNH+1+ORDERS:D:96A:UN'
BGM+220+P?'1'
UNT+3+1'
UNH+2+ORDERS:D:96A:UN'
UNT+2+2'
UNZ+2+7'
"""
HL7 = """BHS|^~\\&|LAB|EAST|WARD|WEST|20261121||||B-7
MSH|^~\\&|LAB|EAST|WARD|WEST|202611210930||ORU^R01|M-1|P|2.5
OBX|1|NM|GLU||5.4
MSH|^~\\&|LAB|EAST|WARD|WEST|202611210931||ADT^A01|M-2|P|2.5
BTS|2
""".replace("\n", "\r")
MT940 = """:20:REF-1
:25:BE68539007547034
:28C:7/1
:60F:C261120EUR100,00
:61:2611211121D30,5NTRFINVOICE 12//B-1
:86:PLUM AND SONS
:61:2611211121RD5,NTRFNONREF
:62F:C261121EUR74,50
-
:20:REF-2
:25:BE68539007547034
:28C:8/1
:60F:C261121EUR74,50
:62F:C261121EUR74,50
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M-7</MsgId></GrpHdr>
<Stmt><Id>S-1</Id><Acct><Id><IBAN>BE68539007547034</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-11-20</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">69.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-11-21</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">30.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-21</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>E-1</EndToEndId></Refs>
<RltdPties><Cdtr><Pty><Nm>PLUM &amp; SONS</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry></Stmt>
<Stmt><Id>S-2</Id></Stmt>
</BkToCstmrStmt></Document>
"""
BAI2 = """01,BANK,US,261121,0930,7,,,2/
02,US,BANK,1,261121,2400,USD,2/
03,1001,,010,10000,,,015,-2500,,/
16,475,12500,S,100,200,12200,B-1,C-1,CHECK, NUMBER 12
88,OF THE ORCHARD
49,20000,4/
03,1002,,/
49,0,2/
98,20000,2,8/
99,20000,1,10/
"""
FILES: dict[str, str] = {"x12": X12, "edifact": EDIFACT, "hl7": HL7, "mt940": MT940, "camt": CAMT, "bai2": BAI2}
FORMATS = list(FILES)


def found(name: Any, text: str | bytes) -> list[Any]:
    """The records of a file, checked first; each row fits its schema."""
    parser = STANDARDS[name].parser()
    schemas = {kind: validator_for(shape.fields) for kind, shape in parser.contract().records.items()}
    file = BytesIO(text if isinstance(text, bytes) else text.encode())
    parser.check(file)
    records = list(parser.records(file))
    assert file.tell() == len(file.getvalue())
    for record in records:
        if not isinstance(record, Damage):
            schemas[record[0]].validate(record[1])
            json.dumps(record[1])
    return records


def rows(name: str, kind: str, text: str | None = None) -> list[dict[str, Any]]:
    records = found(name, text or FILES[name])
    return [dict(record[1]) for record in records if not isinstance(record, Damage) and record[0] == kind]


def damage(name: str, text: str) -> Damage:
    (one,) = (record for record in found(name, text) if isinstance(record, Damage))
    assert one.raw.decode() in text
    return one


def changed(name: str, old: str, new: str, count: int = 1) -> str:
    text = FILES[name].replace(old, new, count)
    assert text != FILES[name]
    return text


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("name", CORPUS)
def test_files_of_the_corpus_are_read_or_it_is_said_why_not(name: FormatName) -> None:
    """R21: refused, or a part of them damage; `unread.tsv` says why that is right, file by file."""
    count, patterns = CORPUS[name]
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    unread: dict[str, str] = {}
    for path in files:
        try:
            records = found(name, path.read_bytes())
        except Rejected as rejected:
            unread[path.relative_to(ROOT).as_posix()] = rejected.code or ""
            continue
        unread |= {
            path.relative_to(ROOT).as_posix(): f"damage {record.code}"
            for record in records
            if isinstance(record, Damage)
        }
        assert recognized(path.read_bytes()[:4096]) == name
    with Path(__file__).with_name("unread.tsv").open() as file:
        known = {row["path"]: row["code"] for row in csv.DictReader(file, delimiter="\t")}
    relative = [path.relative_to(ROOT).as_posix() for path in files]
    assert unread == {path: known[path] for path in relative if path in known}
    assert len(files) == count


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
def test_statements_hold_the_amounts_that_the_expected_files_say() -> None:
    """R21: the amounts of all entries, against the results that are kept beside the samples."""
    compared = 0
    for path in sorted((ROOT / "WoLpH+mt940").rglob("*.yml")):
        file = path.with_suffix(".sta")
        if not file.exists() or b":20:" not in file.read_bytes():
            continue
        records = found("mt940", file.read_bytes())
        if any(isinstance(record, Damage) for record in records):
            continue
        said = path.read_text("utf-8", "replace")
        for record in records:
            if record[0] == "entry" and "." in record[1]["amount"]:
                assert re.search(rf"\b{re.escape(record[1]['amount'].lstrip('-'))}\b", said), (path, record)
                compared += 1
    assert compared > 50


def test_x12_gives_transactions_with_their_segments() -> None:
    """R20: and the numbers of the group and the interchange that they stand in."""
    (interchange,) = rows("x12", "interchange")
    assert (interchange["sender"], interchange["date"], interchange["version"]) == ("ORCHARD", "2026-11-21", "00501")
    assert rows("x12", "group")[0]["interchange"] == "000000007"
    first, second = rows("x12", "transaction")
    assert (first["interchange"], first["group"], first["control"], first["type"]) == ("000000007", "7", "0001", "850")
    assert first["segments"] == ["ST*850*0001", "BEG*00*NE*P-1**20261121", "SE*3*0001"]
    assert (second["control"], second["signs"]) == ("0002", {"element": "*", "component": ":", "release": ""})


def test_edifact_gives_messages_with_their_segments() -> None:
    """R20: a sign that is released ends nothing, and stays as it is written."""
    first, second = rows("edifact", "message")
    assert first["segments"] == ["UNH+1+ORDERS:D:96A:UN", "BGM+220+P?'1", "UNT+3+1"]
    assert (first["type"], first["release"], second["control"], second["group"]) == ("ORDERS", "96A", "2", None)
    assert rows("edifact", "message", EDIFACT.removeprefix("UNA:+.? '\n")) == [first, second]


@pytest.mark.parametrize("name", ["x12", "edifact"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_mean_nothing_in_a_file_that_was_wrapped_and_are_text_in_others(name: str, end: str) -> None:
    """R21: a wrapped file has lines of one length; a doctor's letter has not, and its words are not run together."""
    flat = FILES[name].replace("\n", "").replace("P-1", "P-Ü").replace("P?'1", "P?'Ü")
    for width in (15, 33, 80):
        lines = [flat[at : at + width] for at in range(0, len(flat), width)]
        assert found(name, end.join(lines)) == found(name, flat) == found(name, end.join([*lines, ""]))
    letter = flat.replace("Ü", f"DEAR{end}COLLEAGUE")
    assert f"DEAR{end}COLLEAGUE" in str(found(name, letter)).encode().decode("unicode-escape")


@pytest.mark.parametrize(
    ("said", "raw", "text"),
    [("UNOC", b"\xb1", "±"), ("UNOD", b"\xb1", "ą"), ("UNOY", "ą".encode(), "ą"), ("UNOA", b"\xb1", "±")],
)
def test_edifact_says_what_its_text_is_written_in(said: str, raw: bytes, text: str) -> None:
    """R21: one byte is another letter in another part of ISO 8859."""
    content = EDIFACT.replace("UNOC", said).encode().replace(b"BARN", raw)
    (interchange,) = (record[1] for record in found("edifact", content) if record[0] == "interchange")
    assert interchange["receiver"] == text
    with pytest.raises(Rejected, match="its text is in UNOX, which is not read"):
        found("edifact", changed("edifact", "UNOC", "UNOX"))


@pytest.mark.parametrize(
    ("said", "raw", "text"),
    [
        ("8859/2", b"\xb1", "ą"),
        ("UNICODE UTF-8", "ą".encode(), "ą"),
        ("", b"\xb1", "±"),
        ("ASCII", b"\xb1", None),
        ("GB 1", b"x", None),
    ],
)
def test_hl7_says_what_a_message_is_written_in(said: str, raw: bytes, text: str | None) -> None:
    """R21: MSH-18, each message for itself; what is not so, or not read, is damage."""
    line = f"MSH|^~\\&|LAB|EAST|WARD|WEST|202611210930||ORU^R01|M-1|P|2.5||||||{said}".encode()
    (one,) = found("hl7", line + b"\rOBX|1|TX|" + raw + b"\r")
    if text is None:
        assert isinstance(one, Damage)
        assert one.code == "encoding"
    else:
        assert one[1]["segments"][1] == f"OBX|1|TX|{text}"


def test_hl7_gives_messages_whatever_ends_their_lines() -> None:
    """R20: CR as the standard says, LF or both as transfers leave it, MLLP's bytes around."""
    first, second = rows("hl7", "message")
    assert (first["batch"], first["type"], first["event"], first["control"]) == ("B-7", "ORU", "R01", "M-1")
    assert (len(first["segments"]), len(second["segments"])) == (2, 1)
    for text in (HL7.replace("\r", "\n"), HL7.replace("\r", "\r\n"), f"\x0b{HL7}\x1c\r", HL7.removesuffix("\r")):
        assert rows("hl7", "message", text) == [first, second]


def test_a_message_that_does_not_say_what_it_is_written_in_is_guessed_as_a_whole_and_says_so() -> None:
    """R20: one segment of it was UTF-8, and the next ISO 8859-1."""
    text = EDIFACT.replace("UNOC", "UNOA").replace("BGM+220+P?'1'", "BGM+\xe9'").encode()
    both = text.replace(b"BGM+", b"FTX+\xfc'BGM+").replace(b"UNT+3+1", b"UNT+4+1")
    for content, charset, said in (
        (text, "utf-8", ["BGM+\xe9"]),
        (both, "iso8859-1", ["FTX+\xfc", "BGM+\xc3\xa9"]),
        (EDIFACT.encode(), "iso8859-1", ["BGM+220+P?'1"]),
    ):
        messages = [record[1] for record in found("edifact", content) if record[0] == "message"]
        assert (messages[0]["charset"], messages[0]["segments"][1:-1]) == (charset, said)
        assert messages[1]["charset"] == ("iso8859-1" if b"UNOC" in content else "utf-8")


def test_mt940_gives_statements_and_entries() -> None:
    """R20: amounts are exact and signed from the holder's side: what reverses a debit is a credit."""
    first, second = rows("mt940", "statement")
    assert (first["opening"], first["closing"], first["entries"], second["entries"]) == ("100.00", "74.50", 2, 0)
    debit, reversed_ = rows("mt940", "entry")
    assert (debit["amount"], debit["value_date"], debit["details"]) == ("-30.5", "2026-11-21", "PLUM AND SONS")
    assert (debit["customer_reference"], debit["bank_reference"]) == ("INVOICE 12", "B-1")
    assert (reversed_["amount"], reversed_["reversal"], reversed_["position"]) == ("5", True, 2)


MT942 = """:20:R-9
:25:1/2
:28C:1/1
:34F:EURC0,00
:13D:2611201200+0100
:61:2611201120C50,00NTRFABC//X
:61:2611201120RC8,00NTRFABC//X
:90D:1EUR8,00
:90C:1EUR50,00
:86:ON THE WHOLE
-
"""


def test_mt940_tells_what_is_of_the_statement_from_what_is_of_an_entry() -> None:
    """R20: no text is lost, or given to an entry that it is not of; a line that begins with a dash ends nothing."""
    text = MT940.replace("PLUM AND SONS", "PLUM\n-INVOICE 4711\n- AND SONS").replace(
        "EUR74,50\n-", "EUR74,50\n:65:C261122EUR70,\n:65:D261123EUR5,\n:86:BEHIND\n-}{5:}", 1
    )
    first, _ = rows("mt940", "statement", text.replace(":61:", ":86:BEFORE\n:61:", 1))
    assert first["details"] == "BEFORE\nBEHIND"
    assert first["forward"] == [
        {"date": "2026-11-22", "amount": "70", "currency": "EUR"},
        {"date": "2026-11-23", "amount": "-5", "currency": "EUR"},
    ]
    details = [one["details"] for one in rows("mt940", "entry", text)]
    assert details == ["PLUM\n-INVOICE 4711\n- AND SONS", ""]
    (statement,) = rows("mt940", "statement", MT942)
    assert statement["details"] == "ON THE WHOLE"


@pytest.mark.parametrize(("old", "new"), [("90D:1", "90D:2"), ("90C:1EUR50", "90C:1EUR51"), ("RC8", "RC9")])
def test_the_sums_that_an_mt942_states_are_held_against_its_entries(old: str, new: str) -> None:
    """R21: there is no balance to see it by."""
    assert damage("mt940", MT942.replace(old, new)).code == "totals"


def test_an_mt940_that_is_cut_anywhere_is_not_whole() -> None:
    """R21: before its second entry it was a statement with one."""
    whole = MT940.partition("-\n")[0]
    for end in range(whole.index(":25:"), whole.index(":62F:") + 5):
        assert damage("mt940", whole[:end])


def test_camt_gives_statements_and_entries() -> None:
    """R20: in any version."""
    first, second = rows("camt", "statement")
    assert (first["message"], first["opening"], first["closing"], second["account"]) == ("M-7", "100.00", "69.50", "")
    (entry,) = rows("camt", "entry")
    assert (entry["amount"], entry["currency"], entry["booked"]) == ("-30.50", "EUR", "2026-11-21")
    assert entry["transactions"][0]["creditor"] == "PLUM & SONS"
    assert rows("camt", "entry", CAMT.replace("053.001.08", "053.001.02")) == [entry]


def test_bai2_gives_accounts_summaries_and_transactions() -> None:
    """R20: with the currency's decimals, which are not written; text goes on over lines."""
    (transaction,) = rows("bai2", "transaction")
    assert (transaction["amount"], transaction["text"]) == ("125.00", "CHECK, NUMBER 12\nOF THE ORCHARD")
    assert [one["amount"] for one in transaction["availability"]] == ["1.00", "2.00", "122.00"]
    assert (transaction["bank_reference"], transaction["account"]) == ("B-1", "1001")
    assert [one["amount"] for one in rows("bai2", "summary")] == ["100.00", "-25.00"]


def test_an_account_of_bai2_without_a_total_says_so() -> None:
    """R21: what was held against nothing can be told from what was."""
    assert [one["total"] for one in rows("bai2", "account")] == ["200.00", "0.00"]
    text = changed("bai2", "49,0,2", "49,,2", 1)
    assert [one["total"] for one in rows("bai2", "account", text)] == ["200.00", None]


BROKEN = [
    ("x12", "SE*3*0001", "SE*4*0001", "totals", "SE states 4, and there are 3"),
    ("x12", "SE*3*0001", "SE*3*0009", "totals", "SE has the number '0009', and ST '0001'"),
    ("x12", "BEG*00", "be*00", "segment", "is no segment"),
    ("x12", "0002", "0001", "duplicate", "was given before"),
    ("edifact", "UNT+3+1", "UNT+4+1", "totals", "UNT states 4, and there are 3"),
    ("edifact", "UNT+3+1", "UNT+x+1", "totals", "UNT states 'x', which is no count"),
    ("hl7", "OBX|1", "obx|1", "segment", "is no segment"),
    ("mt940", "EUR74,50\n-", "EUR74,51\n-", "totals", "its balances are 100.00 and 74.51"),
    ("mt940", ":61:2611211121D30,5", ":61:26112X1121D30,5", "statement", "cannot read it"),
    ("camt", "69.50", "69.51", "totals", "its entries sum up to -30.50"),
    ("camt", "30.50", "3x.50", "amount", "is no amount"),
    ("camt", "2026-11-21</Dt></BookgDt>", "21.11.2026</Dt></BookgDt>", "date", "is no date"),
    ("bai2", "49,20000,4", "49,20000,5", "totals", "49 states 5 records, and there are 4"),
    ("bai2", "16,475,12500", "16,475,12x00", "amount", "is no amount"),
    ("bai2", ",S,", ",Q,", "funds", "is no type of funds"),
]


@pytest.mark.parametrize(("name", "old", "new", "code", "reason"), BROKEN)
def test_a_message_or_statement_that_is_not_what_it_states_is_damage(
    name: str, old: str, new: str, code: str, reason: str
) -> None:
    """R21: with its bytes, and the others are read."""
    count = 2 if old == "0002" else 1
    one = damage(name, changed(name, old, new, count))
    assert one.code == code
    assert reason in one.reason


REFUSED = [
    ("x12", "GE*2*7", "GE*3*7", "GE states 3, and there are 2"),
    ("x12", "GE*2*7", "GE*2*8", "GE has the number '8', and GS '7'"),
    ("x12", "IEA*1*000000007", "IEA*1*000000008", "IEA has the number"),
    ("x12", "IEA*1*000000007~\n", "", "the file ends, and ISA 000000007 has no IEA"),
    ("x12", "~\n", "~\nQTY*1~\n", "QTY stands in no message"),
    ("x12", "ST*850*0001~\n", "", "BEG stands in no message"),
    ("x12", "*261121*", "*261321*", "is no date"),
    ("edifact", "UNZ+2+7", "UNZ+3+7", "UNZ states 3, and there are 2"),
    ("edifact", "UNZ+2+7'\n", "UNZ+2", "UNZ has the number '', and UNB '7'"),
    ("edifact", "UNT+2+2'\nUNZ+2+7'\n", "UNT+2+2", "has no end: it is cut short"),
    ("hl7", "BTS|2", "BTS|3", "BTS states 3, and there are 2"),
    ("hl7", "BTS|2\r", "", "BHS B-7 has no BTS"),
    ("mt940", ":20:REF-1", ":21:REF-1", "and a statement with :20:"),
    ("camt", "</Document>", "", "it is not XML"),
    ("camt", "UTF-8", "U-TF-8", "it is not XML: unknown encoding: U-TF-8"),
    ("camt", "UTF-8", "gb2312", "it is not XML: multi-byte encodings are not supported"),
    ("camt", "camt.053.001.08", "pain.001.001.08", "no camt.052"),
    ("camt", "<Document", '<!DOCTYPE d [<!ENTITY a "b">]><Document', "a document type"),
    ("bai2", "98,20000,2,8", "98,20001,2,8", "98 states a total of 20001, and there is 20000"),
    ("bai2", "98,20000,2,8", "98,,2,8", "98 states no total, and there is 20000"),
    ("bai2", "99,20000,1,10", "99,,1,10", "99 states no total, and there is 20000"),
    ("bai2", "99,20000,1,10", "99,20000,2,10", "99 states 2 groups, and there are 1"),
    ("bai2", "98,20000,2,8", "98,20000,3,8", "98 states 3 accounts, and there are 2"),
    ("bai2", "99,20000,1,10/\n", "", "the file ends without a record 99"),
    ("bai2", "02,US", "04,US", "which is no record"),
]


@pytest.mark.parametrize(("name", "old", "new", "reason"), REFUSED)
def test_a_file_that_is_not_what_it_states_is_refused_before_its_first_row(
    name: str, old: str, new: str, reason: str
) -> None:
    """R21: what is wrong about a group, an interchange, a file is wrong about all that it holds."""
    with pytest.raises(Rejected, match=re.escape(reason)):
        found(name, changed(name, old, new))


@pytest.mark.parametrize(("old", "new", "reason"), [
    ("*000000000*0*", "*         *0*", "IEA has the number '000000000', and ISA ''"),
    ("*0930*0*X*", "*0930**X*", "GE has the number '000', and GS ''"),
])  # fmt: skip
def test_an_empty_control_number_of_x12_is_not_zero(old: str, new: str, reason: str) -> None:
    """R21: leading zeros are no part of a number, and a number is no empty one."""
    zeros = X12.replace("000000007", "000000000").replace("*0930*7*X*", "*0930*0*X*").replace("GE*2*7", "GE*2*000")
    assert len(rows("x12", "transaction", zeros)) == 2
    with pytest.raises(Rejected, match=re.escape(reason)):
        found("x12", zeros.replace(old, new))


def test_a_group_of_x12_is_given_once_however_many_zeros_lead_its_number() -> None:
    """R21: what is equal at the end of a group is equal beside another; a transaction's number is a text."""
    group = X12[X12.index("GS*") : X12.index("IEA*")]
    for number, refused in (("7", True), ("007", True), ("70", False)):
        again = group.replace("*0930*7*X*", f"*0930*{number}*X*").replace("GE*2*7", f"GE*2*{number}")
        text = X12.replace("IEA*1", f"{again}IEA*2")
        if refused:
            with pytest.raises(Rejected, match=f"the number {number} was given before"):
                found("x12", text)
        else:
            assert len(rows("x12", "group", text)) == 2
    text = X12.replace("ST*850*0002", "ST*850*1").replace("SE*2*0002", "SE*2*1")
    assert len(rows("x12", "transaction", text)) == 2


CAMT_DOCUMENT = CAMT.partition("\n")[2]
HEAD = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><From>B</From></AppHdr>'


@pytest.mark.parametrize(("text", "reason"), [
    (f"<html><body>{CAMT_DOCUMENT}</body></html>", "stands in html, which is no envelope that is known here"),
    (f"<m><a>{HEAD}</a><b>{CAMT_DOCUMENT}</b></m>", "stands in m, which is no envelope that is known here"),
    (f"<Envelope><rejected>{CAMT_DOCUMENT}</rejected></Envelope>", "stands in rejected"),
    (f"<Xchg><Pyld>{CAMT_DOCUMENT}</Pyld><Pyld>{CAMT_DOCUMENT}</Pyld></Xchg>", "the MsgId M-7 was given before"),
    (f"<Xchg><Stmt><Id>S-3</Id></Stmt>{CAMT_DOCUMENT}</Xchg>", "a Stmt stands in no Document"),
    (f"<Xchg>{CAMT_DOCUMENT}<Pyld><Rpt/></Pyld></Xchg>", "a Rpt stands in no Document"),
])  # fmt: skip
def test_what_stands_around_a_camt_may_not_hide_or_repeat_a_statement(text: str, reason: str) -> None:
    """R21: a page that quotes a document has not sent it; no statement is dropped, or taken twice, without a word."""
    with pytest.raises(Rejected, match=re.escape(reason)):
        found("camt", text)


@pytest.mark.parametrize("around", ["Xchg/Pyld", "BusMsg", "DataPDU/Body", "Envelope/Body/RequestPayload"])
def test_a_camt_is_read_in_an_envelope_with_a_header_beside_it(around: str) -> None:
    """R20: ISO 20022's own and those of SWIFT and SOAP, with several messages in them."""
    begin = "".join(f"<{one}>" for one in around.split("/"))
    end = "".join(f"</{one}>" for one in reversed(around.split("/")))
    text = f"{begin}<Header><From>B</From></Header>{CAMT_DOCUMENT}{CAMT_DOCUMENT.replace('M-7', 'M-8')}{end}"
    assert [one["message"] for one in rows("camt", "statement", text)] == ["M-7", "M-7", "M-8", "M-8"]


HOSTILE = [
    ("x12", ISA + "\nGS*PO*A*B*20261121*0930*7*X*1~ST*850*1~" + "A*" * MOST_BYTES),
    ("x12", ISA + "\nGS*PO*A*B*20261121*0930*7*X*1~ST*850*1~" + "AB*1~" * 250_000),
    ("x12", ISA + "\nGS*PO*A*B*20261121*0930*7*X*1~ST*275*1~BIN*99999999999*x~"),
    ("x12", "ISA" + "*" * 100_000),
    ("edifact", EDIFACT.split("BGM", maxsplit=1)[0] + "BGM+" + "?" * MOST_BYTES),
    ("edifact", "UNA''''''" + "'" * 1000),
    ("hl7", "MSH|^~\\&|" + "a" * (MOST_BYTES + 100_000)),
    ("mt940", ":20:A\n" + ":86:" + "x" * (MOST_BYTES + 1)),
    ("camt", CAMT.partition("<Stmt>")[0] + "<Stmt>" + "<a>" * 1000),
    ("camt", CAMT.partition("<Stmt>")[0] + "<Stmt>" + "<a/>" * (5 << 20)),
    ("camt", CAMT.replace("</Stmt>", "<Inf>" + "a\n" * (9 << 20) + "</Inf></Stmt>", 1)),
    ("camt", CAMT.replace("M-7", "M\n" * (1 << 20))),
    ("camt", CAMT.replace("<Stmt>", "<!--" + "a" * (17 << 20) + "--><Stmt>", 1)),
    ("bai2", BAI2.partition("49")[0] + "88," + "x" * (2 << 20)),
    ("bai2", BAI2.partition("49")[0] + "88,x\n" * (1 << 19)),
]


@pytest.mark.parametrize(("name", "text"), HOSTILE)
def test_what_would_take_all_memory_or_time_is_refused(name: str, text: str) -> None:
    """R21: long segments, many of them, lengths that lie, depth, elements without end."""
    with pytest.raises(Rejected):
        found(name, text)


FLOODS = [
    ("edifact", EDIFACT.split("BGM", maxsplit=1)[0] + "BGM+" + "?'" * (MOST_BYTES // 2)),
    ("edifact", "UNB+UNOC:3+A+B+261121:0930+" + "?+" * (MOST_BYTES // 2 - 100) + "'"),
    ("mt940", MT940.split(":86:", maxsplit=1)[0] + ":86:x\n" * (MOST_BYTES // 7)),
    ("mt940", ":20:A\n:NS:" + "12abc\n" * (MOST_BYTES // 8)),
    ("camt", CAMT.partition("<Stmt>")[0] + "<Stmt><Id>" + "&#65;" * (3 << 20)),
    ("camt", CAMT.replace("</Stmt>", "<Inf>" + "a\n" * (7 << 20) + "</Inf></Stmt>", 1)),
    ("x12", ISA + "GS*PO*A*B*20261121*0930*7*X*1~" + "ST*850*1~SE*2*1~" * 100_000),
]


@pytest.mark.parametrize(("name", "text"), FLOODS)
def test_the_time_that_a_file_takes_grows_as_its_size_does(name: str, text: str) -> None:
    """R21: some megabytes of one sign, tag or message: seconds, where a loop within a loop would take minutes."""
    begun = process_time()
    with suppress(Rejected):
        for _ in STANDARDS[name].parser().records(BytesIO(text.encode())):  # type: ignore[index]
            pass
    assert process_time() - begun < 10


def test_of_a_camt_what_is_outside_its_statements_is_not_kept() -> None:
    """R21: its header may be of any size."""
    text = CAMT.replace("</GrpHdr>", "<a/>" * (1 << 18) + "<b>x</b></GrpHdr>").encode()
    tracemalloc.start()
    statements = [one for one in STANDARDS["camt"].parser().records(BytesIO(text)) if not isinstance(one, Damage)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert statements[0][1]["message"] == "M-7"
    assert most < 5 << 20


@settings(max_examples=120, deadline=None)
@given(data=st.data(), name=st.sampled_from(FORMATS))
def test_bytes_that_are_changed_anywhere_are_read_damaged_or_refused(data: st.DataObject, name: Any) -> None:
    """R21: nothing else is raised, and every row that is given fits its schema."""
    raw = bytearray(FILES[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with suppress(Rejected):
        found(name, bytes(raw))


def feed(folder: Path, name: Any, **more: Any) -> FilesFeed:
    how = FilesSettings(format=name, location=folder, match="*.in", **more)
    opened = adapter.open(Opening("standard", folder, how, no_secret, Limits()))
    assert isinstance(opened, FilesFeed)
    return opened


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_resumed_after_every_record(name: str, tmp_path: Path) -> None:
    """R20: and gives the rest of what it gave at once."""
    (tmp_path / "one.in").write_text(FILES[name], newline="")
    opened = feed(tmp_path, name, chunk=1)
    for sighting in list(opened.sightings()):
        opened.claim(sighting)
    (arrival,) = opened.arrivals()
    whole = list(opened.collect(arrival, Checkpoint()))
    for at, chunk in enumerate(whole):
        rest = list(opened.collect(arrival, chunk.checkpoint))
        assert [one.checkpoint for one in rest] == [one.checkpoint for one in whole[at + 1 :]]


class TestFeed(FeedAdapterContract):
    """R20, R78: the suite that a third party's adapter would pass, with each of these formats."""

    test_totals_are_exact = test_wrong_totals_are_refused_whole = None
    """Their checkpoints hold no sums: what a file states is held against it whole, see `REFUSED` and `BROKEN`."""

    @pytest.fixture(params=FORMATS)
    def connection(self, request: pytest.FixtureRequest, tmp_path: Path) -> FeedCase:
        name = request.param
        drop = tmp_path / "drop"
        drop.mkdir()
        how = FilesSettings(format=name, location=drop, match="*.in", marker="{name}.done", chunk=2)
        opening = Opening("standard", tmp_path, how, no_secret)
        nowhere = how.model_copy(update={"location": tmp_path / "nowhere"})
        broken = next(entry for entry in BROKEN if entry[0] == name)

        def put(file: str, raw: bytes) -> None:
            (drop / file).write_bytes(raw)
            (drop / f"{file}.done").write_bytes(b"")

        damaged = changed(name, broken[1], broken[2])
        return FeedCase(
            adapter=dataclasses.replace(
                brownfield_files.adapter, capabilities=frozenset({"resume", "settle", "damage"})
            ),
            opening=opening,
            put=put,
            begin=lambda file, raw: ((drop / file).write_bytes(raw), None)[1],
            good=FILES[name].encode(),
            other=OTHER[name](FILES[name]).encode(),
            truncated=FILES[name].encode()[:-12] if name != "mt940" else b":20",
            damaged=damaged.encode(),
            damaged_record=damage(name, damaged).raw,
            name="one.in",
            second="two.in",
            unreachable=dataclasses.replace(opening, settings=nowhere),
            optional=("mt940",),
        )


OTHER = {
    "x12": lambda text: text.replace("P-1", "P-2"),
    "edifact": lambda text: text.replace("BARN", "SHED"),
    "hl7": lambda text: text.replace("5.4", "6.1"),
    "mt940": lambda text: text.replace("REF-1", "REF-3"),
    "camt": lambda text: text.replace("E-1", "E-2"),
    "bai2": lambda text: text.replace("B-1", "B-2"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_draws_a_bundle_without_a_layout(name: str, tmp_path: Path) -> None:
    """The format is told by how the sample begins."""
    sample = tmp_path / "ORD20261121.txt"
    sample.write_text(FILES[name], newline="")
    assert adapter.draft is not None
    draft = adapter.draft["file"]({"file": str(sample)})
    assert draft.settings["format"] == name
    assert draft.key in draft.contract.records[STANDARDS[name].record].fields["properties"]  # type: ignore[index]
    assert draft.record == STANDARDS[name].record
    assert adapter.look is not None
    assert len(list(adapter.look({"file": str(sample)}))) > 5


FIRST: dict[str, str] = {
    "nacha.toml": "101 231380104 1210428822611210930A094101BANK".ljust(94),
    "coda.toml": "0000021112612505".ljust(128),
    "cfonb.toml": "0110278    02204EUR2 00012345603  060420".ljust(120),
    "cnab240.toml": "00100000".ljust(240),
    "cnab400.toml": "02RETORNO01COBRANCA".ljust(400),
    "ssim.toml": "1AIRLINE STANDARD SCHEDULE DATA SET".ljust(200),
    "metro2.toml": "0426HEADER".ljust(426),
    "irs1220.toml": "T2026 123456789".ljust(750),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_sample_of_a_known_layout_says_which(name: str, tmp_path: Path) -> None:
    """A layout that comes with brownfield is offered, it is not guessed."""
    assert (Path(__file__).parents[3] / "docs" / "examples" / "layouts" / name).exists()
    sample = tmp_path / "sample.dat"
    sample.write_text(FIRST[name] + "\n")
    assert shipped(sample.read_bytes()) == name
    assert adapter.draft is not None
    with pytest.raises(LayoutError, match=name):
        adapter.draft["file"]({"file": str(sample)})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_layout_of_ours_proposes_the_record_type_that_most_want(name: str, tmp_path: Path) -> None:
    """And a key that is a field of it."""
    sample = tmp_path / "sample.dat"
    sample.write_text(FIRST[name] + "\n")
    layout = Path(__file__).parents[3] / "docs" / "examples" / "layouts" / name
    assert adapter.draft is not None
    draft = adapter.draft["file"]({"file": str(sample), "layout": str(layout)})
    assert draft.record == SHIPPED[name].record
    assert draft.key in draft.contract.records[draft.record].fields["properties"]


def test_a_layout_beside_a_format_that_needs_none_is_refused(tmp_path: Path) -> None:
    """R21: it would say nothing."""
    with pytest.raises(LayoutError, match="says itself"):
        feed(tmp_path, "x12", layout=tmp_path / "x.toml")


def every_layout() -> Iterator[str]:
    yield from (path.name for path in (Path(__file__).parents[3] / "docs" / "examples" / "layouts").glob("*.toml"))


def test_each_shipped_layout_is_known_by_its_first_line() -> None:
    """A layout that is added is offered too."""
    assert set(every_layout()) == set(SHIPPED)
