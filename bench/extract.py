"""A nightly extract of any size: EBCDIC (cp037), 80 bytes a record, as `fixtures/nightly/stock.cpy` lays it out.

The same bytes for the same number of records, on every machine.
"""

from pathlib import Path

SITES = ("LYON", "LILLE", "NICE")


def write_extract(path: Path, records: int) -> None:
    """Header, `records` details, trailer with the right totals."""
    on_hand = held = 0
    with path.open("wb") as file:
        file.write(_record(_text("H", 1) + _text("WMS42", 8) + _digits(20261121, 8) + _digits(323, 6)))
        for number in range(records):
            units, kept = number * 7919 % 9000, number % 13
            on_hand, held = on_hand + units, held + kept
            file.write(_detail(number, units, kept))
        file.write(_record(_text("T", 1) + _digits(records, 7) + packed(on_hand, 11) + zoned(held, 9)))


def _detail(number: int, units: int, kept: int) -> bytes:
    sku = f"{chr(65 + number // 3000 % 26)}-{number // 3 % 1000:03}"
    return _record(
        _text("D", 1) + _text(sku, 10) + _text(SITES[number % 3], 8) + packed(units, 7) + zoned(kept, 5)
        + packed(10_000 + number * 31 % 9_990_000, 11) + _digits(20261120, 8) + _digits(180000 + number % 5900, 6)
        + _text(f"Article {number}", 20)
    )  # fmt: skip


def _record(content: bytes) -> bytes:
    return content.ljust(80, b"\x40")  # EBCDIC blank


def _text(text: str, length: int) -> bytes:
    return text.ljust(length).encode("cp037")


def _digits(value: int, length: int) -> bytes:
    return f"{value:0{length}}".encode("cp037")


def packed(value: int, digits: int) -> bytes:
    """COMP-3: two digits a byte, the sign in the last nibble."""
    return bytes.fromhex(f"{abs(value):0{digits}}" + ("d" if value < 0 else "c"))


def zoned(value: int, digits: int) -> bytes:
    """DISPLAY with a trailing overpunched sign."""
    raw = bytearray(_digits(abs(value), digits))
    raw[-1] = (raw[-1] & 0x0F) | (0xD0 if value < 0 else 0xC0)
    return bytes(raw)
