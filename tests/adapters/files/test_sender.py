"""What senders do to files of the public formats, and the standards do not have."""

import pytest
from test_standard import CAMT, EDIFACT, FILES, HL7, MT940, X12, damage, found, rows

from brownfield.contract import Rejected
from brownfield_files.standard.known import recognized, shipped

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("name", FILES)
def test_a_mark_before_all_else_means_nothing(name: str) -> None:
    """R21: editors and .NET write one before UTF-8."""
    raw = BOM + FILES[name].encode()
    assert recognized(raw) == name
    assert [record for record in found(name, raw) if record[0] != "message"] == [
        record for record in found(name, FILES[name]) if record[0] != "message"
    ]
    assert len(found(name, raw)) == len(found(name, FILES[name]))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("edifact", EDIFACT.replace("P?'1", "MÜLLER"), "UNOC"), ("hl7", HL7.replace("5.4", "5.4 Ü"), "")],
)
def test_a_mark_says_that_text_is_utf_8_whatever_else_says_otherwise(name: str, text: str, said: str) -> None:
    """R21: UNOC would be ISO 8859-1, and every umlaut two other letters."""
    assert said in text
    message = next(record[1] for record in found(name, BOM + text.encode()) if record[0] == "message")
    assert message["charset"] == "utf-8"
    assert "Ü" in str(message["segments"])


@pytest.mark.parametrize(("name", "text"), [("x12", X12.replace("~\n", "\n")), ("x12", X12), ("edifact", EDIFACT)])
def test_the_last_sign_of_a_file_may_be_missing_where_the_number_before_it_is_whole(name: str, text: str) -> None:
    """R21: an editor cut the last line end off; a number that lost a digit is another number."""
    bare = text.rstrip("\n").rstrip("~'")
    assert found(name, bare) == found(name, text) == found(name, f"{bare}\r\n")


def test_control_numbers_of_x12_are_numbers_and_others_are_texts() -> None:
    """R21: X12.6 has N0 for ISA13 and GS06, so that zeros before them are no part; ST02 is AN."""
    text = X12.replace("IEA*1*000000007", "IEA*1*7").replace("GE*2*7", "GE*2*0007")
    assert rows("x12", "transaction", text) == rows("x12", "transaction")
    (one,) = (record for record in found("x12", X12.replace("SE*3*0001", "SE*3*1")) if hasattr(record, "reason"))
    assert "SE has the number '1', and ST '0001'" in one.reason


HEADS = [
    "{1:F01ORCHBEBBAXXX0000000000}{2:I940BARNBEBBXXXXN}{4:\n",
    "\x01{1:F01ORCHBEBBAXXX00001}\r\n{2:I940BARNBEBBXXXN}\r\n{4:\r\n",
    ":940:\n",
    "ORCHBEBB\n940\nORCHBEBB\n",
    "0000 01ORCHBEBBXXX00001\n0000 01ORCHBEBBXXX00001\n940 00\n",
    "940 00\n",
]


@pytest.mark.parametrize("end", ["-", "-}", "-XXX", " -", ""])
@pytest.mark.parametrize("head", HEADS)
def test_what_a_bank_writes_around_a_statement_of_mt940_is_no_part_of_it(head: str, end: str) -> None:
    """R20: SWIFT's blocks, on one line or several, or the names of who sends and who receives; before each."""
    bodies = [one.rstrip("-\n") for one in MT940.split(":20:")[1:]]
    text = "".join(f"{head}:20:{body}\n{end}" + "\n" * bool(end) for body in bodies)
    assert recognized(text.encode()) == recognized(f"-\n{text}".encode()) == "mt940"
    assert found("mt940", text) == found("mt940", f"-\n{text}") == found("mt940", MT940)


def test_another_message_of_swift_is_not_taken_for_a_statement() -> None:
    """R21: a payment has a :20: too."""
    assert recognized(b"{1:F01ORCHBEBBAXXX0000000000}{2:O1031200261121ORCHBEBB}{4:\n:20:REF-1\n") is None


def test_what_goes_to_a_bank_is_not_taken_for_what_comes_from_it() -> None:
    """R21: CNAB 400 has two layouts in one: where the return has its day of payment, the other has a number."""
    assert shipped("02RETORNO01COBRANCA".ljust(400).encode()) == "cnab400.toml"
    assert shipped("01REMESSA01COBRANCA".ljust(400).encode()) is None


def test_a_statement_may_stand_in_an_envelope_with_a_header_beside_it() -> None:
    """R20: as banks send them through a network; several messages too, each with its own number."""
    head = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><MsgId>H</MsgId></AppHdr>'
    one = CAMT.partition("?>")[2].strip()
    text = f"<Envelope>{head}{one}</Envelope>"
    assert recognized(text.encode()) == "camt"
    assert found("camt", text) == found("camt", CAMT)
    two = f"<Batch><m>{head}{one}</m><m>{head}{one.replace('M-7', 'M-8')}</m></Batch>"
    assert [row["message"] for row in rows("camt", "statement", two)] == ["M-7", "M-7", "M-8", "M-8"]
    with pytest.raises(Rejected, match="its root is Envelope of '', and no camt"):
        found("camt", f"<Envelope>{head}</Envelope>")


def test_a_tag_that_the_library_cannot_read_is_named_with_its_text() -> None:
    """R21: the reason held the address of an object, another one each time."""
    one = damage("mt940", MT940.replace(":62F:C261121EUR74,50\n-", ":62F:C261121EUR74,50\n:65:Dnull7414,3\n-", 1))
    assert one.reason == "the library cannot read it: :65: 'Dnull7414,3'"
