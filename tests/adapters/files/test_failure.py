"""What goes wrong with batch files, line by line: `reference/batch.md`, section 7, Framing, Decode and Totals.

Which test shows which line of that list stands in `failures.toml`. Everything goes through the feed: what comes out
is a rejection before the first chunk, or damage with the field and the reason, or the right value; never a wrong one.
"""

from typing import TYPE_CHECKING, Any

import pytest

from brownfield.contract import Rejected

if TYPE_CHECKING:
    from conftest import Bench

E, A = "cp037", "latin-1"


def read(bench: "Bench", clause: str, raw: bytes, **settings: Any) -> object:
    """The value of one field, or the code of its damage."""
    layout = bench.folder / "one.cpy"
    layout.write_text(f"       01 R.\n           05 F {clause}.\n")
    declared: dict[str, Any] = {"layout": layout, "records": {}, "totals": (), "framing": "fixed", **settings}
    (chunk,) = bench.collect(bench.write(raw * 2), **declared)
    said = [row.fields["f"] for row in chunk.rows] + [damage.code for damage in chunk.damaged]
    assert len(said) == 2
    assert said[0] == said[1]
    return said[0]


@pytest.mark.parametrize(
    ("line", "clause", "raw", "said", "encoding"),
    [
        ("packed spaces", "PIC S9(5) COMP-3", "404040", "packed-sign", E),
        ("packed zeros without a sign", "PIC S9(5) COMP-3", "000000", "packed-sign", E),
        ("packed low-values with a sign", "PIC S9(5) COMP-3", "00000C", 0, E),
        ("packed high-values", "PIC S9(5) COMP-3", "FFFFFF", "packed-nibble", E),
        *((f"sign nibble {one}", "PIC S9(3) COMP-3", f"123{one}", "packed-sign", E) for one in "0123456789ABE"),
        ("sign nibble F", "PIC S9(3) COMP-3", "123F", 123, E),
        ("unsigned with C", "PIC 9(3) COMP-3", "123C", 123, E),
        ("unsigned with D", "PIC 9(3) COMP-3", "123D", "packed-sign", E),
        ("even digits", "PIC S9(4) COMP-3", "01234D", -1234, E),
        ("even digits, a fifth one", "PIC S9(4) COMP-3", "91234C", "packed-range", E),
        ("31 digits", "PIC S9(31) COMP-3", "1" * 31 + "D", "-" + "1" * 31, E),
        ("38 digits", "PIC S9(36)V99 COMP-3", "0" + "9" * 38 + "C", "9" * 36 + ".99", E),
        ("negative zero, packed", "PIC S9(3)V99 COMP-3", "00000D", "0.00", E),
        ("negative zero, zoned", "PIC S9(3)", "F0F0D0", 0, E),
        ("overpunch {", "PIC S9(3)", b"04{", 40, A),
        ("overpunch R", "PIC S9(3)", b"04R", -49, A),
        ("overpunch y of GnuCOBOL", "PIC S9(3)", b"04y", -49, A),
        ("zone 3", "PIC S9(3)", b"042", 42, A),
        ("zone F in ASCII", "PIC S9(3)", b"04\xf2", "zoned-sign", A),
        ("zone 3 in EBCDIC", "PIC S9(3)", "F0F432", "zoned-sign", E),
        ("overpunch where there is no S", "PIC 9(3)", b"04J", "zoned-sign", A),
        ("zoned blanks", "PIC 9(3)", "404040", "zoned-sign", E),
        ("zoned blanks, declared", "PIC 9(3) BLANK WHEN ZERO", "404040", 0, E),
        ("leading blanks", "PIC 9(3)", "4040F1", "zoned-digit", E),
        ("leading sign", "PIC S9(3) SIGN LEADING", "D1F0F0", -100, E),
        ("leading separate sign", "PIC S9(3) SIGN LEADING SEPARATE", "60F1F0F0", -100, E),
        ("separate sign missing", "PIC S9(3) SIGN LEADING SEPARATE", "F1F1F0F0", "zoned-sign", E),
        ("COMP beyond its picture", "PIC S9(4) COMP", "7FFF", "binary-range", E),
        ("COMP-5 beyond its picture", "PIC S9(4) COMP-5", "7FFF", 32767, E),
        ("COMP-1, hexadecimal", "COMP-1", "41180000", "1.5", E),
        ("COMP-2, hexadecimal", "COMP-2", "C118000000000000", "-1.5", E),
        ("P scaling on the right", "PIC 9(2)PPP", "F4F2", 42000, E),
        ("P scaling on the left", "PIC VPP9(2)", "F4F2", "0.0042", E),
        ("edited picture", "PIC ZZ9.99-", "40F4F24BF5F060", " 42.50-", E),
        ("edited picture with CR", "PIC 9(2)CR", "F4F2C3D9", "42CR", E),
        ("NUL on the right of X", "PIC X(3)", "C10000", "A", E),
        ("NUL inside X", "PIC X(3)", "C100C1", "text-nul", E),
        ("DBCS shift-out", "PIC X(4)", "0E42C10F", "text-shift", E),
        ("cp037 [ is not cp500 [", "PIC X(2)", "BA4A", "[¢", "cp037"),
        ("cp500 [", "PIC X(2)", "BA4A", "¬[", "cp500"),
        ("cp1140 has the euro sign", "PIC X", "9F", "€", "cp1140"),
        ("cp037 has not", "PIC X", "9F", "¤", "cp037"),
        ("a byte that is no character", "PIC X", b"\x81", "text-byte", "cp1252"),
        ("full-width digits", "PIC 9(6)", "\uff14\uff14".encode(), "zoned-sign", A),
        ("NaN in digits", "PIC 9(3)", b"NaN", "zoned-sign", A),
        ("underscore in digits", "PIC 9(3)", b"1_2", "zoned-digit", A),
        ("plus in digits", "PIC 9(3)", b"+12", "zoned-digit", A),
        ("date 00000000", "PIC 9(8)", b"00000000", 0, A),
        ("date 99999999", "PIC 9(8)", b"99999999", 99999999, A),
        ("date Feb 30: no date is made of it", "PIC 9(8)", b"20260230", 20260230, A),
        ("date CYYDDD", "PIC S9(7) COMP-3", "0126325C", 126325, E),
    ],
)  # fmt: skip
def test_decode(bench: "Bench", line: str, clause: str, raw: str | bytes, said: object, encoding: str) -> None:
    """R21: the same bytes, once in a batch and once alone, say one thing, and never a wrong one."""
    image = bytes.fromhex(raw) if isinstance(raw, str) else raw
    assert read(bench, clause, image, encoding=encoding) == said, line


def ftp_ascii(content: bytes) -> bytes:
    """What an ASCII-mode transfer does to EBCDIC: line feeds get a carriage return, letters are translated."""
    return content.replace(b"\x25", b"\x0d\x25").decode("cp037").encode("latin-1", "replace")


FRAMING: list[tuple[str, Any, str]] = [
    ("a record cut in the middle", lambda f: b"".join(f)[:-3], "framing"),
    ("a byte inserted", lambda f: f[0] + b"\x0d" + b"".join(f[1:]), "framing"),
    ("as many bytes inserted as a record has", lambda f: f[0] + f[1][:3] + b"\x0d" * 20 + f[1][3:] + f[-1], "totals"),
    ("ASCII-mode transfer", lambda f: ftp_ascii(b"".join(f)), "header"),
    ("two files in one", lambda f: b"".join(f) * 2, "trailer"),
    ("two headers", lambda f: f[0] + b"".join(f), "header"),
    ("header missing", lambda f: b"".join(f[1:]), "header"),
    ("trailer missing", lambda f: b"".join(f[:-1]), "trailer"),
    ("trailer twice", lambda f: b"".join(f) + f[-1], "trailer"),
    ("trailer not last", lambda f: b"".join([*f[:-2], f[-1], f[-2]]), "trailer"),
    ("nothing", lambda f: b"", "empty"),
    ("a line end after the last record", lambda f: b"".join(f) + b"\x25", "framing"),
]


@pytest.mark.parametrize(("line", "change", "code"), FRAMING, ids=[line for line, _, _ in FRAMING])
def test_framing(bench: "Bench", line: str, change: Any, code: str) -> None:
    """R20: not one row of a file that is not whole."""
    with pytest.raises(Rejected) as caught:
        bench.collect(bench.write(change(bench.file(bench.details(6)))))
    assert caught.value.code == code, line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: ftp_ascii(b"".join(f)), "look like ASCII: a transfer in text mode translated it"),
        (lambda f: ftp_ascii(b"".join(f) + b"\x40"), "look like ASCII: a transfer in text mode translated it"),
        (
            lambda f: b"".join(f).replace(b"\x0a", b"\r\n"),
            "0x0D stands before each of its 6 0x0A: it was written in text",
        ),
    ],
)
def test_a_transfer_in_text_mode_is_told_in_words(bench: "Bench", change: Any, words: str) -> None:
    """R20: what happened, and what to do: fetch it again in binary."""
    details = [bench.record("detail", sku=f"A-{n}", on_hand=100 + n, cost="1.25") for n in range(6)]
    packed = [each.replace(bytes.fromhex("0010"), bytes.fromhex("0a10")) for each in details]  # a digit A: as data may
    with pytest.raises(Rejected, match=words) as caught:
        bench.collect(bench.write(change(bench.file(packed))))
    assert str(caught.value).endswith("fetch it again in binary")


@pytest.mark.parametrize(
    ("line", "stated", "accepted"),
    [
        ("count and amount as stated", {}, True),
        ("count one less", {"items": 5}, False),
        ("count one more", {"items": 7}, False),
        ("amount off by one unit", {"total": 19}, False),
        ("amount with the other sign", {"total": -18}, False),
        ("count zero", {"items": 0}, False),
    ],
)
def test_totals(bench: "Bench", line: str, stated: dict[str, int], accepted: bool) -> None:
    """R20: to the last digit, or not at all."""
    arrival = bench.write(bench.file(bench.details(6), **stated))
    if accepted:
        assert {one["state"] for one in bench.collect(arrival)[-1].checkpoint.totals.values()} == {"verified"}
        return
    with pytest.raises(Rejected) as caught:
        bench.collect(arrival)
    assert caught.value.code == "totals", line


@pytest.mark.parametrize(("stated", "wraps", "accepted"), [(8, True, True), (7, True, False), (8, False, False)])
def test_a_hash_total_states_its_last_digits(bench: "Bench", stated: int, wraps: bool, accepted: bool) -> None:
    """R20: 60 + 48 is 108, and a field of two digits states 08: only where it is declared to wrap."""
    layout = bench.folder / "h.cpy"
    layout.write_text(
        "       01 R.\n           05 T PIC X.\n           05 D.\n              10 N PIC 9(2).\n"
        "           05 E REDEFINES D.\n              10 HASH PIC 9(2).\n"
    )
    settings: dict[str, Any] = {
        "layout": layout,
        "encoding": "ascii",
        "records": {"detail": {"of": "D", "when": {"T": "D"}}, "trailer": {"of": "E", "when": {"T": "T"}}},
        "totals": [{"trailer": "HASH", "sums": "detail.N", "wraps": wraps}],
    }
    arrival = bench.write(b"D60\nD48\nT%02d\n" % stated)
    if accepted:
        (chunk,) = bench.collect(arrival, **settings)
        assert chunk.checkpoint.totals["hash"] == {"stated": "8", "state": "verified", "found": "108", "unreadable": 0}
        return
    with pytest.raises(Rejected, match="the file holds 108"):
        bench.collect(arrival, **settings)
