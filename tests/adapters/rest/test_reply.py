"""What came back → which of the outcomes: the table of `reply`, row by row, over a real socket."""

import gzip
import time

import pytest

from brownfield.contract import Drifted, Limits, Rejected, Unavailable, Uncertain

ITEM = {"number": "A-100", "description": "x", "unit": "EA", "price": 1, "currency": "EUR", "revision": 1,
        "introduced": "2026-01-01", "barcodes": []}  # fmt: skip
HTML = "<html><body>Bad Gateway at com.example.Wms.run(Wms.java:7)</body></html>"


def ask(connect, **settings):
    return connect(**settings).invoke("getItem", {"number": "A-100"})


@pytest.mark.parametrize(
    ("status", "kind", "body", "outcome", "code"),
    [
        (429, "application/json", {}, Unavailable, "http-429"),
        (408, "application/json", {}, Uncertain, ""),
        (502, "text/html", HTML, Uncertain, ""),
        (503, "application/problem+json", {"detail": "down"}, Uncertain, ""),
        (504, "text/html", HTML, Uncertain, ""),
        (500, "application/problem+json", {"Code": "WMS-9", "detail": "oops"}, Uncertain, "WMS-9"),
        (400, "application/json", {"message": "no"}, Rejected, "http-400"),
        (401, "text/html", HTML, Rejected, "http-401"),
        (404, "application/problem+json", {"Code": "WMS-1", "detail": "no"}, Rejected, "WMS-1"),
        (404, "application/problem+json", b"{ not json", Rejected, "http-404"),
        (409, "application/problem+json", {"Code": 17, "detail": "no"}, Rejected, "17"),
        (301, "text/html", HTML, Drifted, ""),
        (200, "text/html", HTML, Drifted, ""),
        (200, "application/json", b"", Drifted, ""),
        (200, "application/json", b'{"number": ', Drifted, ""),
        (200, "application/json", [1], Drifted, ""),
        (200, "application/json", {**ITEM, "unit": "XX"}, Drifted, ""),
        (200, "application/json", {name: value for name, value in ITEM.items() if name != "price"}, Drifted, ""),
        (200, "application/json", b"[" * 5000, Drifted, ""),
        (200, "application/json", b'{"revision": NaN}', Drifted, ""),
        (200, "application/json", b'{"description": "\\ud800"}', Drifted, ""),
        (204, "application/json", b"", Drifted, ""),
        (202, "application/json", {}, Drifted, ""),
    ],
)
def test_the_table(connect, canned, status, kind, body, outcome, code):
    canned.says(body, status, kind, **({"Location": "http://127.0.0.1:1/"} if status == 301 else {}))
    with pytest.raises(outcome) as failure:
        ask(connect)
    assert failure.value.code == code
    assert "java" not in failure.value.message
    assert len(canned.requests) == 1, "nothing is asked twice and no redirect is followed"


def test_words_of_a_problem_are_one_line_without_a_stack_trace(connect, canned):
    canned.says({"detail": "No such item\n  at com.example.Wms.get(Wms.java:9)", "Code": "X"}, 404)
    with pytest.raises(Rejected) as refusal:
        ask(connect)
    assert refusal.value.message == "No such item"


def test_detail_that_the_contract_does_not_declare_is_dropped(connect, canned):
    problem = {"type": "t", "title": "t", "status": 404, "detail": "no", "Code": "X", "trace": "SELECT * FROM users"}
    canned.says(problem, 404, "application/problem+json")
    with pytest.raises(Rejected) as refusal:
        ask(connect)
    assert refusal.value.detail == {"Code": "X"}


def test_a_field_that_the_contract_does_not_name_does_not_come_in(connect, canned):
    canned.says({**ITEM, "internalCost": 12.5})
    assert "internalCost" not in ask(connect).fields


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(b"12345678901234567890.123456789", "12345678901234567890.123456789"), (b"1e3", "1000"), (b"12", "12"),
     (b"-0.10", "-0.10"), (b"1E-4", "0.0001")],
)  # fmt: skip
def test_a_number_keeps_its_digits(connect, canned, sent, kept):
    body = b'{"number":"A-100","description":"x","unit":"EA","currency":"EUR","revision":1,"introduced":"2026-01-01",'
    canned.says(body + b'"barcodes":[],"price":' + sent + b"}")
    assert ask(connect)["price"] == kept


@pytest.mark.parametrize("sent", [b"1e999999999", b"1" + b"0" * 5000])
def test_a_number_that_would_fill_the_memory_is_refused(connect, canned, sent):
    canned.says(b'{"price":' + sent + b"}")
    with pytest.raises(Drifted):
        ask(connect)


def test_an_integer_beyond_64_bits_is_refused(connect, canned):
    canned.says({**ITEM, "revision": 0})
    canned.script[0] = lambda peer: peer.sendall(
        b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 35\r\n\r\n"
        + b'{"revision":99999999999999999999999}'[:35]
    )
    with pytest.raises(Drifted):
        ask(connect)


def test_more_bytes_than_allowed_are_refused(connect, canned):
    canned.says({**ITEM, "description": "x" * 10_000})
    with pytest.raises(Drifted, match="larger"):
        ask(connect, limits=Limits(deadline=5, max_bytes=5000))


def test_a_small_reply_that_inflates_without_end_is_refused(connect, canned):
    canned.says(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(Drifted, match="larger"):
        ask(connect, limits=Limits(deadline=5, max_bytes=1_000_000))


def test_a_reply_that_drips_is_given_up_in_time(connect, canned):
    def drip(peer):
        peer.sendall(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            peer.sendall(b" ")
            time.sleep(0.05)

    canned.does(drip)
    began = time.monotonic()
    with pytest.raises(Uncertain):
        ask(connect, limits=Limits(deadline=0.5))
    assert time.monotonic() - began < 2


def test_a_connection_lost_after_sending_is_uncertain(connect, canned):
    canned.does(lambda peer: peer.close())
    with pytest.raises(Uncertain):
        ask(connect)


def test_a_list_is_rows(connect, canned):
    canned.says([])
    reply = connect().invoke("listItems", {})
    assert (reply.fields, list(reply.rows or ())) == ({}, [])


def test_a_reply_without_a_body_is_empty_fields(connect, canned, api):
    canned.says(b"", 204)
    assert connect(api({"responses": {"204": {"description": "gone"}}})).invoke("act", {"id": "1"}).fields == {}


def test_text_is_a_value(connect, canned, api):
    canned.says("fine", 200, "text/plain")
    document = api(
        {"responses": {"200": {"description": "x", "content": {"text/plain": {"schema": {"type": "string"}}}}}}
    )
    assert connect(document).invoke("act", {"id": "1"}).fields == {"value": "fine"}
