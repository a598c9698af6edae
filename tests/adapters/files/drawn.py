"""Records to draw in property tests: clauses, code pages, bytes that are likely to look like something."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field, RecordType
from brownfield_files.layout.picture import place_field
from brownfield_files.record.decode import Broken, record_reader
from brownfield_files.record.encode import encode_field
from brownfield_files.record.frame import Batch

CODES = [encoding("cp037"), encoding("cp500"), encoding("ascii"), encoding("latin-1"), encoding("cp1252"),
         encoding("latin-1", "little", "ieee")]  # fmt: skip
CLAUSES = [
    "X(5)", "X", "N(2)", "9", "9(4)", "9(18)", "9(19)", "S9", "S9(5)", "S9(3)V99", "9(3)V9(6)", "V99", "9(3)PPP",
    "S9(3) LEADING", "S9(3) SEPARATE", "S9(3) LEADING-SEPARATE", "S9(3).99", "9(3) BLANK", "S9 COMP-3", "9 COMP-3",
    "9(2) COMP-3", "S9(4) COMP-3", "S9(5) COMP-3", "S9(7)V99 COMP-3", "S9(6)V9(5) COMP-3", "9(18) COMP-3",
    "S9(19) COMP-3", "S9(3)V9(3) COMP-3", "S9(4) COMP", "9(4) COMP", "S9(7)V99 COMP", "S9(18) COMP", "9(19) COMP",
    "S9(4) COMP-5", "9(9) COMP-5", "COMP-1", "COMP-2",
]  # fmt: skip
SIGNS = {"LEADING": "leading", "SEPARATE": "trailing-separate", "LEADING-SEPARATE": "leading-separate"}


def placed(clause: str, name: str = "f", offset: int = 0) -> Field:
    if clause in {"COMP-1", "COMP-2"}:
        return place_field(name, offset, "", clause)
    picture, *words = clause.split()
    sign: Any = next((SIGNS[word] for word in words if word in SIGNS), "trailing")
    usage = next((word for word in words if word not in {*SIGNS, "BLANK"}), "DISPLAY")
    return place_field(name, offset, picture, usage, sign, blank_zero="BLANK" in words)


def record_of(clauses: Sequence[str]) -> RecordType:
    parts: list[Field] = []
    offset = 1
    for index, clause in enumerate(clauses):
        parts.append(placed(clause, f"f{index}", offset))
        offset += parts[-1].length
    return RecordType("detail", offset, tuple(parts))


def batch_of(records: list[bytes]) -> Batch:
    return Batch.of(7, 70, [(record, record) for record in records])


def plainly(record: RecordType, code: Encoding, records: list[bytes]) -> list[Any]:
    """What the plain decoder says of each: its fields, or the code and the field of the damage."""
    read, said = record_reader(record, code), list[Any]()
    for raw in records:
        try:
            said.append(read(raw))
        except Broken as broken:
            said.append((broken.code, broken.field))
    return said


BYTES = st.sampled_from(
    b"\x00\x01\x0c\x0d\x0f\x10\x15\x20\x25\x2b\x2d\x2e\x30\x31\x35\x39\x40\x41\x4a\x4b\x4e\x5f\x60\x70\x79\x7b\x7d\x81"
    b"\x99\x9c\xa0\xb2\xb9\xc0\xc1\xd0\xd9\xe0\xf0\xf1\xf9\xfa\xff"
)


def good_image(record: RecordType, code: Encoding, data: Any) -> bytes:
    image = bytearray(code.space * record.length)
    for part in record.parts:
        assert isinstance(part, Field)
        if part.kind == "text":
            value: Any = (
                data.draw(st.text("Aé 1-\x1c", max_size=2)) if code.name != "ascii" else "A 1"[: part.length // 2]
            )
            value = value[:1] if part.length == 1 else value
        elif part.kind == "float":
            value = data.draw(st.sampled_from(["0", "1.5", "-2"]))
        else:
            units = data.draw(st.integers(-(10**part.digits) + 1 if part.signed else 0, 10**part.digits - 1))
            value = str(units * 10**-part.scale) if part.scale < 0 else decimal(units, part.scale)
            if part.native:
                value = str(units % 1000)
        image[part.offset : part.offset + part.length] = encode_field(part, value, code)
    return bytes(image)


def decimal(units: int, scale: int) -> str:
    digits = str(abs(units)).rjust(scale + 1, "0")
    return ("-" if units < 0 else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)
