"""Exchanges as data: written and read, compared, echoed."""

import pytest

from brownfield.contract import Drifted, Rejected, Unavailable, Uncertain
from brownfield.rules.exchange import Exchange, Recording, alike, echoed, outcome, read, written


@pytest.mark.parametrize("kind", [Rejected, Unavailable, Uncertain, Drifted])
def test_a_recording_is_read_as_it_was_written(kind):
    failure = kind("no", code="W-1", detail={"Field": "x"})
    said = Exchange("wms", "GetStock", {"ItemNo": "A-1"}, failure=failure)
    asked = Recording("get_stock", {"sku": "A-1"}, failure=failure, exchanges=(said,))
    again = read("get_stock", written(asked))
    assert written(again) == written(asked)
    assert type(again.failure) is kind
    assert outcome(None, again.failure) == outcome(None, failure)


def test_a_result_that_is_empty_is_no_failure():
    again = read("ping", written(Recording("ping", {}, {}, exchanges=(Exchange("wms", "Ping", {}, {}),))))
    assert (again.result, again.failure, again.exchanges[0].reply) == ({}, None, {})


@pytest.mark.parametrize("document", [{}, {"arguments": {}}, {"arguments": {}, "exchanges": [{"call": "x"}]}])
def test_what_is_no_recording_is_refused(document):
    with pytest.raises(KeyError):
        read("x", document)


@pytest.mark.parametrize(("one", "other", "same"), [
    ({"a": 1, "b": []}, {"a": "1"}, True),
    ({"a": {"b": []}}, {}, True),
    ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ({"a": True}, {"a": 1}, False),
    ({"a": None}, {}, False),
    ({"a": ""}, {}, False),
])  # fmt: skip
def test_the_wire_knows_no_empty_list_and_numbers_only_as_text(one, other, same):
    assert alike(one, other) is same


def test_a_sample_speaks_of_what_was_asked_for():
    assert echoed({"@type": "Stock"}, {"@type": "Key"}) == {"@type": "Stock"}
    reply = {"ItemNo": "text", "Qty": 1, "Rows": [{"ItemNo": "text", "Whse": "text"}], "Whse": None}
    sent = {"ItemNo": "A-1", "Qty": "many", "Inner": {"Whse": "deep"}}
    assert echoed(reply, sent) == {"ItemNo": "A-1", "Qty": 1, "Rows": [{"ItemNo": "A-1", "Whse": "deep"}], "Whse": None}
