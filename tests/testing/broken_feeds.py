"""Feed adapters with one defect each. Not collected by itself: `test_defect.py` runs it and looks at what failed."""

import copy
import dataclasses
import re
from contextlib import suppress
from functools import partial
from itertools import islice

import pytest
from canned_case import feed_case

from brownfield.contract import Adapter, Arrival, Checkpoint, Rejected, Row, Unavailable
from brownfield.testing import FeedAdapterContract
from brownfield.testing.canned import CannedDrop, CannedFeed
from brownfield.testing.canned.drop import RECORDS, CannedFeedSettings


class SaysAnotherSize(CannedFeed):
    def arrivals(self):
        return [dataclasses.replace(arrival, size=arrival.size + 1) for arrival in super().arrivals()]


class NewestFirst(CannedFeed):
    def arrivals(self):
        return super().arrivals()[::-1]


class ListsTheUnfinished(CannedFeed):
    def arrivals(self):
        return [*super().arrivals(), *(Arrival(name, 1, "0" * 64) for name in self._drop.unfinished)]


class RemembersByName(CannedFeed):
    def __init__(self, drop, opening):
        super().__init__(drop, opening)
        self._known = {}

    def arrivals(self):
        return [self._known.setdefault(arrival.name, arrival) for arrival in super().arrivals()]


class SettlesOnce(CannedFeed):
    def settle(self, arrival, verdict):
        if arrival.name in self._drop.settled:
            raise Unavailable("it is not there")
        super().settle(arrival, verdict)


class SettlesByName(CannedFeed):
    def settle(self, arrival, verdict):
        self._drop.files.pop(arrival.name, None)


class Collects(CannedFeed):
    """Changes what it gives; `change` says how."""

    def change(self, chunk):
        return chunk

    def collect(self, arrival, checkpoint):
        return map(self.change, super().collect(arrival, checkpoint))


def collects(change):
    return type("Collects", (Collects,), {"change": change})


class ReadsOutside(CannedFeed):
    def collect(self, arrival, checkpoint):
        return iter(()) if arrival.name.startswith(("..", "/")) else super().collect(arrival, checkpoint)


class Prints(CannedFeed):
    def arrivals(self):
        print("looking")
        return super().arrivals()


class LosesAfterResuming(CannedFeed):
    def collect(self, arrival, checkpoint):
        chunks = super().collect(arrival, checkpoint)
        if checkpoint.record:
            next(chunks, None)
        yield from chunks


class MustBeReadToItsEnd(CannedFeed):
    busy = False

    def collect(self, arrival, checkpoint):
        chunks = super().collect(arrival, checkpoint)
        first = next(chunks, None)
        if first is None:
            return
        if self.busy:
            raise Unavailable("another is being read")
        self.busy = True
        yield first
        yield from chunks
        self.busy = False


class Lenient(CannedFeed):
    """Does not check one thing."""

    passes: str

    def _whole(self, arrival, checkpoint):
        try:
            return super()._whole(arrival, checkpoint)
        except Rejected as refusal:
            if re.search(self.passes, f"{refusal.code}: {refusal.message}"):
                return self._drop.files[arrival.name]
            raise


def lenient(passes):
    return type("Lenient", (Lenient,), {"passes": passes})


class GoneIsRejected(CannedFeed):
    def _whole(self, arrival, checkpoint):
        try:
            return super()._whole(arrival, checkpoint)
        except Unavailable as failure:
            raise Rejected(failure.message, code="gone") from None


class OpenRows(Collects):
    """Rows with one field more, which is described."""

    def describe(self):
        detail = copy.deepcopy(RECORDS.records["detail"].fields) | {"additionalProperties": True}
        records = {name: {"fields": detail if name == "detail" else shape.fields}
                   for name, shape in RECORDS.records.items()}  # fmt: skip
        return type(RECORDS).model_validate({"records": records})

    def change(self, chunk):
        return with_rows(chunk, lambda row: more(row, {"tags": ("a",)}) if row.kind == "detail" else row)


def more(row, fields):
    return Row(row.number, row.kind, {**row.fields, **fields})


def with_rows(chunk, change):
    return dataclasses.replace(chunk, rows=tuple(map(change, chunk.rows)))


def counts_from_one(self, chunk):
    return with_rows(chunk, lambda row: Row(row.number + 1, row.kind, row.fields))


def adds_a_field(self, chunk):
    return with_rows(chunk, lambda row: more(row, {"extra": 1}))


def says_another_place(self, chunk):
    position = dataclasses.replace(chunk.checkpoint, record=chunk.checkpoint.record + 1)
    return dataclasses.replace(chunk, checkpoint=position)


def float_totals(self, chunk):
    return dataclasses.replace(chunk, checkpoint=dataclasses.replace(chunk.checkpoint, totals={"records": 1.5}))


def no_totals(self, chunk):
    return dataclasses.replace(chunk, checkpoint=dataclasses.replace(chunk.checkpoint, totals={}))


def cuts_the_damaged(self, chunk):
    return dataclasses.replace(chunk, damaged=tuple(dataclasses.replace(d, raw=d.raw[:-1]) for d in chunk.damaged))


def moves_the_damaged(self, chunk):
    return dataclasses.replace(chunk, damaged=tuple(dataclasses.replace(d, offset=0) for d in chunk.damaged))


class GathersWithoutTheLast(CannedFeed):
    def gather(self, arrival):
        return islice(self.collect(arrival, Checkpoint()), 1)


class GathersInPeace(CannedFeed):
    def gather(self, arrival):
        with suppress(Rejected):
            yield from self.collect(arrival, Checkpoint())


DEFECTS = {
    "says_another_size": ("test_an_arrival_is_its_bytes", SaysAnotherSize),
    "newest_first": ("test_arrivals_are_stable", NewestFirst),
    "lists_the_unfinished": ("test_an_unfinished_file_is_not_listed", ListsTheUnfinished),
    "remembers_by_name": ("test_another_content_is_another_file", RemembersByName),
    "settles_once": ("test_settling_is_idempotent", SettlesOnce),
    "settles_by_name": ("test_settling_leaves_a_newer_file", SettlesByName),
    "reads_outside": ("test_nothing_outside_the_drop_is_read", ReadsOutside),
    "prints": ("test_nothing_is_printed", Prints),
    "counts_from_one": ("test_records_are_numbered_without_a_gap", collects(counts_from_one)),
    "adds_a_field": ("test_rows_are_what_describe_says", collects(adds_a_field)),
    "gives_tuples": ("test_rows_are_plain_json", OpenRows),
    "says_another_place": ("test_a_checkpoint_says_where_it_is", collects(says_another_place)),
    "loses_after_resuming": ("test_resuming_anywhere_gives_the_same", LosesAfterResuming),
    "must_be_read_to_its_end": ("test_a_file_can_be_left_in_the_middle", MustBeReadToItsEnd),
    "takes_the_truncated": ("test_a_truncated_file_is_refused_whole", lenient("trailer")),
    "takes_wrong_totals": ("test_wrong_totals_are_refused_whole", lenient("totals")),
    "float_totals": ("test_totals_are_exact", collects(float_totals)),
    "no_totals": ("test_totals_are_exact", collects(no_totals)),
    "cuts_the_damaged": ("test_a_damaged_record_is_kept_whole", collects(cuts_the_damaged)),
    "moves_the_damaged": ("test_a_damaged_record_is_kept_whole", collects(moves_the_damaged)),
    "gathers_without_the_last": ("test_one_reading_gives_what_two_give", GathersWithoutTheLast),
    "gathers_in_peace": ("test_one_reading_ends_with_the_refusal", GathersInPeace),
    "takes_another_beginning": ("test_other_bytes_before_the_checkpoint_are_refused", lenient("begin")),
    "takes_another_file": ("test_a_file_that_changed_since_it_was_seen_is_refused", lenient("that was seen")),
    "gone_is_rejected": ("test_a_file_that_is_gone_is_unavailable", GoneIsRejected),
    "takes_any_size": ("test_a_file_above_the_limit_is_refused", lenient("too-large")),
}
"""By a name: the one test that it fails, and the adapter's class."""
WITHOUT = {"counts_from_one": "damage", "says_another_place": "resume"}
"""A defect that another capability would show as well: the adapter does not declare that one."""


def broken(name, opens):
    """The canned case with the defect."""
    drop = CannedDrop()
    capable = {"totals", "resume", "damage", "settle"} - {WITHOUT.get(name)}
    adapter = Adapter("canned_feed", "feed", CannedFeedSettings, partial(opens, drop), frozenset(capable))
    return feed_case(adapter, drop)


def suite(name, opens):
    @pytest.fixture
    def connection(self):
        return broken(name, opens)

    return type(f"Test_{name}", (FeedAdapterContract,), {"connection": connection, "__module__": __name__})


globals().update({f"Test_{name}": suite(name, opens) for name, (_, opens) in DEFECTS.items()})
