"""Nights as they come: real files, a real ledger, from the first sighting to the events."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hostile import zipped
from night import BEGIN, Night, night

from brownfield.contract import Arrival, Verdict
from brownfield_files.feed import FilesFeed

LAYOUT = """\
       01  STOCK.
           05  KIND               PIC X.
           05  BODY               PIC X(9).
           05  ITEM REDEFINES BODY.
               10  SKU            PIC X(6).
               10  ON-HAND        PIC 9(3).
           05  BOTTOM REDEFINES BODY.
               10  ITEMS          PIC 9(3).
"""
TEXT = """\
format = "fixed-width"
match = "STK*.DAT"
encoding = "{code}"
framing = "fixed"
records.detail = {{ of = "ITEM", when = {{ KIND = "D" }} }}
records.trailer = {{ of = "BOTTOM", when = {{ KIND = "T" }} }}
totals = [{{ trailer = "ITEMS", counts = "detail" }}]
"""
FULL = "\n[feeds.stock.snapshot]\nmost_deleted = 100\n"


class Died(BaseException):
    """The process is gone, as far as anybody can tell."""


def content(*items: tuple[str, int], code: str = "ascii") -> bytes:
    lines = [f"D{sku:6}{units:03}" for sku, units in items]
    return "".join([*lines, f"T{len(items):03}      "]).encode(code)


def arrive(place: Night, name: str, written: bytes) -> Path:
    """Write a file an hour before the night begins."""
    path = place.drop / name
    path.write_bytes(written)
    os.utime(path, (BEGIN.timestamp() - 3600,) * 2)
    return path


def told(place: Night) -> list[tuple[str, str]]:
    return [(one["change"], (one.get("after") or one["before"])["sku"]) for one in place.events]


@pytest.fixture
def text(tmp_path: Path) -> Iterator[Night]:
    """A feed of ASCII files whose records are told."""
    ready = 'ready = { polls = 2, age = "10s", patience = "1h" }'
    with night(tmp_path, LAYOUT, TEXT.format(code="ascii"), ready) as one:
        yield one


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Night]:
    """A feed of full extracts in EBCDIC."""
    with night(tmp_path, LAYOUT, TEXT.format(code="cp037"), FULL) as one:
        yield one


def test_a_writer_that_pauses_is_waited_for(text: Night) -> None:
    """R20, §7: longer than any age, within a record, between two records, and before the trailer."""
    whole, path = content(("A-100", 1), ("B-200", 2)), text.drop / "STK1.DAT"
    for written in (4, 10, 20, 25):
        path.write_bytes(whole[:written])
        os.utime(path, (text.clock.now().timestamp(),) * 2)
        for _ in range(4):
            text.clock.move(timedelta(seconds=10))
            (waits,) = text.collect()
            assert waits["note"] == "waiting"
        assert "it is not whole yet" in waits["reason"]
    path.write_bytes(whole)
    os.utime(path, (text.clock.now().timestamp(),) * 2)
    text.collect()
    text.clock.move(timedelta(seconds=10))
    assert [(one["state"], one["events"]) for one in text.collect()] == [("archived", 2)]
    assert [(one["sku"], one["on_hand"]) for one in text.events] == [("A-100", 1), ("B-200", 2)]


def test_an_extract_with_a_record_without_its_key_is_held(full: Night) -> None:
    """R20, §7: blanks are no key; nothing is told of such an extract, and the baseline stays."""
    arrive(full, "STK1.DAT", content(("A-100", 1), ("B-200", 2), code="cp037"))
    full.collect()
    arrive(full, "STK2.DAT", content(("A-100", 1), ("", 9), code="cp037"))
    (held,) = full.collect()
    assert held["state"] in {"held", "refused"}
    assert "key" in held["reason"]
    arrive(full, "STK3.DAT", content(("A-100", 1), ("B-200", 3), code="cp037"))
    full.collect()
    assert told(full) == [("created", "A-100"), ("created", "B-200"), ("updated", "B-200")]


def test_padding_is_no_part_of_a_key_and_case_is(full: Night) -> None:
    """R20, §7: blanks on the right fill the field; a letter of another case is another key."""
    arrive(full, "STK1.DAT", content(("A-1", 1), code="cp037"))
    full.collect()
    arrive(full, "STK2.DAT", content(("A-1   ", 2), ("a-1", 3), code="cp037"))
    full.collect()
    assert told(full) == [("created", "A-1"), ("updated", "A-1"), ("created", "a-1")]


def test_an_extract_in_the_order_of_ebcdic_is_compared_by_key(full: Night) -> None:
    """R20, §7: letters come before digits there, small ones before large ones; the changes are the same."""
    stock = {"A-1": 1, "a-1": 2, "1-A": 3, "Z-9": 4, "z-9": 5, "9-Z": 6}
    by_bytes = sorted(stock, key=lambda sku: sku.encode("cp037"))
    assert by_bytes != sorted(stock)
    arrive(full, "STK1.DAT", content(*((sku, stock[sku]) for sku in sorted(stock)), code="cp037"))
    full.collect()
    changed = stock | {"a-1": 7}
    del changed["9-Z"]
    arrive(full, "STK2.DAT", content(*((sku, changed[sku]) for sku in by_bytes if sku in changed), code="cp037"))
    full.collect()
    assert sorted(told(full)[6:]) == [("deleted", "9-Z"), ("updated", "a-1")]


@pytest.mark.parametrize(("policy", "state"), [("hold", "held"), ("refuse", "refused"), ("archive", "archived")])
def test_each_member_of_an_archive_is_treated_as_a_duplicate_is(tmp_path: Path, policy: str, state: str) -> None:
    """R20: the second as the first, and only those that are; the archive follows its last member."""
    one, two, three = (content((f"A-{number}", number)) for number in (1, 2, 3))
    settings = TEXT.format(code="ascii").replace("STK*.DAT", "STK*")
    with night(tmp_path, LAYOUT, settings, f'on_duplicate = "{policy}"') as place:
        for name, written in (("STK1.DAT", one), ("STK2.DAT", two)):
            arrive(place, name, written)
        place.collect()
        place.clock.move(timedelta(hours=1))
        arrive(place, "STK.zip", zipped(("a.DAT", three), ("b.DAT", two), ("c.DAT", one)))
        states = {file["name"].removeprefix("STK.zip/"): file["state"] for file in place.collect()}
        assert states == {"a.DAT": "archived", "b.DAT": state, "c.DAT": state}
        assert [event["sku"] for event in place.events] == ["A-1", "A-2", "A-3"]
        assert (place.drop / "archive" / "STK.zip").is_file()
        aside = sorted(path.name for path in (place.drop / "set-aside").rglob("*.DAT"))
        assert aside == ([] if policy == "archive" else ["b.DAT", "c.DAT"])
        assert place.collect() == []


def test_killed_between_two_members_none_is_decided_on_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R20, R77: a member that was taken is put away, and is no duplicate of itself."""
    settings = TEXT.format(code="ascii").replace("STK*.DAT", "STK*")
    members = [(f"{number}.DAT", content((f"A-{number}", number))) for number in (1, 2, 3)]
    settle, left = FilesFeed.settle, [2]

    def dying(self: FilesFeed, arrival: Arrival, verdict: Verdict) -> None:
        left[0] -= 1
        if not left[0]:
            raise Died
        settle(self, arrival, verdict)

    monkeypatch.setattr(FilesFeed, "settle", dying)
    with night(tmp_path, LAYOUT, settings, 'on_duplicate = "hold"') as place:
        arrive(place, "STK.zip", zipped(*members))
        with pytest.raises(Died):
            place.collect()
    with night(tmp_path, LAYOUT, settings) as place:
        assert {file["state"] for file in place.collect()} == {"archived"}
        assert [event["sku"] for event in place.events] == ["A-1", "A-2", "A-3"]
        assert (place.drop / "archive" / "STK.zip").is_file()
