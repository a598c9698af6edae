"""The layouts under docs/examples/layouts: public formats on our own engine, their totals verified."""

import csv
import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Chunk, Damage, Limits, Opening, Rejected
from brownfield_files.feed import FilesFeed
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.toml_layout import read_toml_layout
from brownfield_files.record.decode import record_reader
from brownfield_files.record.encode import encode_record
from brownfield_files.setting import FilesSettings

ROOT = Path(os.environ.get("BROWNFIELD_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "batch"
LAYOUTS = Path(__file__).parents[3] / "docs" / "examples" / "layouts"
CORPUS = {
    "nacha": ("moov-io+ach", "*.ach", 106),
    "cfonb": ("silarhi+cfonb-parser", "*.txt", 2),
    "cnab240": ("andersondanilo+CnabPHP", "cnab240/*.ret", 2),
    "cnab400": ("andersondanilo+CnabPHP", "cnab400/*.ret", 3),
    "ssim": ("wcagreen+rusty-ssim", "*.ssim", 2),
    "metro2": ("moov-io+metro2", "*.dat", 12),
}
DAMAGED = {
    "invalid-two-micro-deposits.ach": 2,  # a letter in an amount, and the addenda that belongs to it
}
WRITTEN_OTHERWISE = {
    ("nacha", "nonascii-utf8.ach"),  # UTF-8, where a character takes two bytes
    ("nacha", "moov-ids.ach"),  # a trailer of 101 characters
    ("nacha", "ppd-debit-fixedLength.ach"),  # no line ends
    ("nacha", "ppd-debit-fixedLengthInvalid.ach"),
    *(("nacha", f"{number}.ach") for number in (0, 1, 3, 4)),  # fuzz
    # a missing due date is blanks in one record and zeros in another: both are null
    ("cnab400", "retorno-cb030400-bradesco.ret"),
    ("cnab400", "retorno-cnab400-itau.ret"),
}


def unread(origin: str) -> dict[str, str]:
    """What is not read of an origin, and the code that says so; why stands beside it."""
    with Path(__file__).with_name("unread.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["path"].startswith(f"{origin}/")]
    assert all(row["why"] for row in rows)
    return {row["path"]: row["code"] for row in rows}


def collected(path: Path, folder: Path, layout: str, framing: Any = "line") -> list[Chunk]:
    folder.mkdir()
    content = Path(copy(path, folder)).read_bytes()
    toml = LAYOUTS / f"{layout}.toml"
    how = FilesSettings(
        format="fixed-width", layout=toml, location=folder, match="*", encoding="latin-1", framing=framing
    )
    feed = FilesFeed(Opening(layout, folder, how, lambda _: "", Limits()))
    for sighting in list(feed.sightings()):
        feed.claim(sighting)
    return list(feed.collect(Arrival(path.name, len(content), sha256(content).hexdigest()), Checkpoint()))


def written(folder: Path, layout: str, lines: list[str]) -> list[Chunk]:
    folder.mkdir()
    path = folder / "made.txt"
    path.write_text("".join(f"{line}\n" for line in lines), "latin-1")
    return collected(path, folder / "drop", layout)


def everything(chunks: list[Chunk], kind: str) -> list[dict[str, Any]]:
    return [dict(row.fields) for chunk in chunks for row in chunk.rows if row.kind == kind]


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("layout", CORPUS)
def test_files_of_the_corpus_are_read_with_every_total_verified(layout: str, tmp_path: Path) -> None:
    """R21: or they are refused, and `unread.tsv` says why that is right."""
    origin, pattern, count = CORPUS[layout]
    files = sorted((ROOT / origin).rglob(pattern))
    refused: dict[str, str] = {}
    for number, path in enumerate(files):
        try:
            chunks = collected(path, tmp_path / str(number), layout)
        except Rejected as rejected:
            refused[path.relative_to(ROOT).as_posix()] = rejected.code or ""
            continue
        damaged: list[Damage] = [one for chunk in chunks for one in chunk.damaged]
        assert len(damaged) == DAMAGED.get(path.name, 0), (path, damaged)
        states = {total["state"] for total in chunks[-1].checkpoint.totals.values()}
        assert states == {"verified"} or damaged, path
    assert refused == unread(origin)
    assert len(files) == count


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
def test_an_entry_holds_its_batch(tmp_path: Path) -> None:
    """R25: what a consumer needs of a payment is in one event; lines of nines are no entries."""
    chunks = collected(ROOT / "moov-io+ach/examples/testdata/ppd-debit.ach", tmp_path / "drop", "nacha")
    (entry,) = everything(chunks, "entry")
    assert (entry["amount"], entry["batch"]["entry_class"]) == ("2000000.00", "PPD")
    kinds = {row.kind for chunk in chunks for row in chunk.rows}
    assert kinds == {"header", "batch", "entry", "batch_control", "trailer", "fill"}


def records_of(path: Path, length: int) -> Iterator[bytes]:
    for line in path.read_bytes().split(b"\n"):
        if bare := line.removesuffix(b"\r"):
            kept = bare if bare[length:].strip() else bare[:length]
            yield kept.ljust(length)


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("name", [name for name in CORPUS if name != "metro2"])
def test_what_is_decoded_is_encoded_to_the_same_bytes(name: str) -> None:
    """R21: nothing of a record is lost, in every file of the corpus but those that are listed with the reason."""
    layout, latin = read_toml_layout(LAYOUTS / f"{name}.toml"), encoding("latin-1")
    origin, pattern, _ = CORPUS[name]
    readers = {record.name: (record, record_reader(record, latin)) for record in layout.records}
    for path in sorted((ROOT / origin).rglob(pattern)):
        if (name, path.name) in WRITTEN_OTHERWISE:
            continue
        for raw in records_of(path, layout.length):
            kind = told(layout, raw)
            if kind is None or path.name in DAMAGED:
                continue
            record, read = readers[kind]
            assert encode_record(record, read(raw), latin, layout.length) == raw, (path, kind)


def told(layout: Any, raw: bytes) -> str | None:
    from brownfield_files.record.frame import Batch
    from brownfield_files.record.router import router

    return router(layout, encoding("latin-1"))(Batch.of(0, 0, [(raw, raw)]))[0] or None


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
def test_tax_returns_hold_what_their_expected_records_say() -> None:
    """R21: 25 records of one file each, against the JSON beside them."""
    layout, latin = read_toml_layout(LAYOUTS / "irs1220.toml"), encoding("latin-1")
    files = sorted((ROOT / "moov-io+irs").rglob("*.ascii"))
    for path in files:
        raw, said = path.read_bytes(), json.loads(path.with_suffix(".json").read_text())
        kind = told(layout, raw)
        assert kind is not None
        record = layout.record(kind)
        found = record_reader(record, latin)(raw)
        assert encode_record(record, found, latin, layout.length) == raw
        assert (found["type"], found["sequence"]) == (said["record_type"], said["record_sequence_number"])
        if kind == "payee":
            assert [found[f"amount_{code}"] for code in "123456789abcdefghj"] == [
                f"{said.get(f'payment_amount_{code.upper()}', 0) / 100:.2f}" for code in "123456789abcdefghj"
            ]
            assert (found["name"], found["zip"]) == (said["first_payee_name_line"], said["payee_zip_code"])
    assert len(files) == 25


STATEMENT = [
    f"{'0000021112672505':<24}REF0000001{'ORCHARD TOOLS BV':<26}{'KREDBEBB':<11}{'00401234567':<11} 00000{'':39}2",
    f"1{'2001'}{'BE68539007547034 EUR':<37}0{1234_500:015}{'201126'}{'ORCHARD TOOLS BV':<26}{'CURRENT ACCOUNT':<35}001",
    f"21{'00010000'}{'BANKREF0001':<21}1{200_250:015}{'211126'}{'00501000'}0{'INVOICE 12':<53}{'211126'}{'001'}01 0",
    f"22{'00010000'}{'SECOND PART':<53}{'CUSTOMER-7':<35}{'GEBABEBB':<11}{'':3} {'':12}1 0",
    f"23{'00010000'}{'BE62510007547061 EUR':<37}{'PLUM AND SONS':<35}{'':43}0 1",
    f"31{'00010001'}{'BANKREF0001':<21}{'00501000'}0{'SEE YOUR LETTER':<73}{'':12}0 0",
    f"21{'00020000'}{'BANKREF0002':<21}0{1_000:015}{'211126'}{'00150000'}0{'':<53}{'211126'}{'001'}00 0",
    f"21{'00020001'}{'BANKREF0002':<21}0{1_000:015}{'211126'}{'50150000'}0{'':<53}{'211126'}{'001'}00 0",
    f"8001{'BE68539007547034 EUR':<37}0{1035_250:015}{'211126'}{'':64}0",
    f"4 {'00010000'}{'':22}{'YOUR BRANCH IS CLOSED ON FRIDAY':<80}{'':15}0",
    f"9{'':15}{8:06}{200_250:015}{1_000:015}{'':75}2",
]


def test_a_belgian_statement_is_read(tmp_path: Path) -> None:
    """R21: two movements and what belongs to them; a debit is negative, a part of a movement is not counted again."""
    assert {len(line) for line in STATEMENT} == {128}
    chunks = written(tmp_path / "coda", "coda", STATEMENT)
    assert [total["state"] for total in chunks[-1].checkpoint.totals.values()] == ["verified"] * 5
    first, second, part = everything(chunks, "movement")
    assert (first["amount"], second["amount"], part["detail"]) == ("-200.250", "1.000", "0001")
    assert (first["value_date"], first["old_balance"]["balance"]) == ("2026-11-21", "1234.500")
    (information,) = everything(chunks, "information")
    assert information["movement"]["communication"] == "INVOICE 12"
    (payee,) = everything(chunks, "movement_3")
    assert payee["counterparty_name"] == "PLUM AND SONS"


@pytest.mark.parametrize(
    ("at", "old", "new", "reason"),
    [
        (2, f"1{200_250:015}", f"0{200_250:015}", "states debits = 200.250, and the part holds 0.000"),
        (8, f"{1035_250:015}", f"{1035_251:015}", "states balance = 1035.251, and the part holds 1035.250"),
        (8, "BE68", "BE69", "states account = BE69"),
        (10, f"{8:06}", f"{9:06}", "states records = 9, and the part holds 8"),
        (10, f"{200_250:015}", f"{200_251:015}", "states debits = 200.251, and the part holds 200.250"),
        (10, f"{1_000:015}", f"{1_001:015}", "states credits = 1.001, and the part holds 1.000"),
    ],
)
def test_a_belgian_statement_that_does_not_add_up_is_refused(
    at: int, old: str, new: str, reason: str, tmp_path: Path
) -> None:
    """R21: one figure, one letter of it wrong."""
    lines = [line.replace(old, new) if index == at else line for index, line in enumerate(STATEMENT)]
    assert lines != STATEMENT
    with pytest.raises(Rejected, match=reason):
        written(tmp_path / "coda", "coda", lines)


def test_a_file_of_statements_without_movement_is_read_and_a_cut_one_is_not(tmp_path: Path) -> None:
    """R21: where nothing moved there is no new balance; a statement without its trailer is cut short."""
    nothing = [*STATEMENT[:2], f"9{'':15}{1:06}{0:015}{0:015}{'':75}1"]
    chunks = written(tmp_path / "two", "coda", [*nothing, *STATEMENT])
    assert [total["stated"] for total in chunks[-1].checkpoint.totals.values()] == [2, 2, 2, 1, 1]
    with pytest.raises(Rejected, match="it is cut short"):
        written(tmp_path / "cut", "coda", [*nothing, *STATEMENT[:-1]])


def schedule(serial: int) -> list[str]:
    flight = f"3 XX {'0123'}0101J21NOV2600XXX001 3 5 7 BRU08000800+0100  OSL10051005+0100  73H"
    return [
        f"1{'AIRLINE STANDARD SCHEDULE DATA SET':<39}1{'':150}001000001",
        f"2LXX {'':5}W26 25OCT2627MAR27{'':107}{'':41}{'':4}{'':2}"[:194].ljust(194) + "000002",
        flight.ljust(194) + "000003",
        f"4 XX {'0123'}0101J{'':13} AB109BRUOSL{'YY 456':<158}"[:194].ljust(194) + "000004",
        f"5 XX {'21NOV26':<8}".ljust(187) + f"{serial:06}E000005",
    ]


def test_a_schedule_is_read(tmp_path: Path) -> None:
    """R21: dates with the month's name, a period without an end, and the serial number of the last record."""
    chunks = written(tmp_path / "good", "ssim", schedule(4))
    (leg,) = everything(chunks, "leg")
    assert (leg["from"], leg["to"], leg["days"], leg["departure_utc"]) == ("2026-11-21", None, "1 3 5 7", "+0100")
    assert leg["carrier"]["to"] == "2027-03-27"
    (segment,) = everything(chunks, "segment")
    assert (segment["element"], segment["data"]) == ("109", "YY 456")
    with pytest.raises(Rejected, match="states last_serial = 3, and record 3 serial = 4"):
        written(tmp_path / "bad", "ssim", schedule(3))


def credit(status: str, ecoa: str, stated: int) -> list[str]:
    made = "11212026"
    base = (
        f"04261{made}0300000{'ID7':<20}00{'ACCOUNT 1':<30}I01{made}{0:09}{2500:09}{'036M'}{100:09}{100:09}{status}0"
        f"{'B' * 24}{'':4}{1200:09}{0:09}{0:09}{made}{'0' * 8}{'0' * 8}{made} {'':16} {'PEAR':<25}{'ANN':<20}{'':20} "
        f"{'123456789'}{'03181972'}{'5175555555'}{ecoa}{'':2}US{'1 ROAD':<32}{'':32}{'TOWN':<20}MI{'72654':<9}YO"
    )
    counts = {"05": 0, "11": 0} | {status: stated}
    figures = [0, 0, 0, 0, 0, counts["05"], counts["11"], *[0] * 35]
    return [
        f"0426HEADER{'':37}{made * 2}{made * 2}{'ORCHARD BANK':<40}".ljust(426),
        base,
        f"0426TRAILER{1:09}{'':9}{''.join(f'{one:09}' for one in figures)}".ljust(426),
    ]


def test_a_credit_report_is_read(tmp_path: Path) -> None:
    """R21: the trailer counts what is reported by its status."""
    assert {len(line) for line in credit("11", "1", 1)} == {426}
    chunks = written(tmp_path / "good", "metro2", credit("11", "1", 1))
    (base,) = everything(chunks, "base")
    assert (base["highest_credit"], base["closed"], base["surname"], base["zip"]) == (2500, None, "PEAR", "72654")
    with pytest.raises(Rejected, match="status_11 = 0, and the file holds 1"):
        written(tmp_path / "bad", "metro2", credit("11", "1", 0))
    with pytest.raises(Rejected, match="ecoa_z = 0, and the file holds 1"):
        written(tmp_path / "deleted", "metro2", credit("05", "Z", 1))


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("fills", [0, 1, 9])
def test_a_file_that_lines_of_nines_fill_up_ends_in_its_trailer(end: str, fills: int, tmp_path: Path) -> None:
    """R20: it is taken at once; one whose trailer is not there yet waits."""
    header, trailer = "101 231380104 1210428822611210930A094101BANK", "9000000000001"
    for lines, flaw in (([header, trailer], ""), ([header], "its last record is no trailer")):
        records = [*(line.ljust(94) for line in lines), *["9" * 94] * fills]
        (tmp_path / "one.ach").write_text("".join(record + end for record in records), newline="")
        framing: Any = "line" if end else "fixed"
        how = FilesSettings(format="fixed-width", layout=LAYOUTS / "nacha.toml", location=tmp_path, match="*.ach",
                            encoding="latin-1", framing=framing)  # fmt: skip
        feed = FilesFeed(Opening("nacha", tmp_path, how, lambda _: "", Limits()))
        assert [feed.flaw(sighting) for sighting in feed.sightings()] == [flaw]
