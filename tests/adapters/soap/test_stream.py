"""A long list comes row by row: the first before the last has left, memory flat, held to deadline and cap."""

import gzip
import os
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from brownfield.contract import Drifted, Limits, Rejected, Uncertain

from .conftest import SOAP_12, envelope

ROW = '<t:Patient rev="{}"><t:Id>7</t:Id><t:Name>Ada</t:Name><t:Born>1979-05-31</t:Born></t:Patient>'
HEAD, TAIL = envelope(
    "<c:FindPatientsResponse><c:FindPatientsResult>|</c:FindPatientsResult></c:FindPatientsResponse>"
).split("|")


def chunked(peer, *pieces):
    for piece in pieces:
        data = piece.encode() if isinstance(piece, str) else piece
        peer.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def begins(peer, more=""):
    peer.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{more}Transfer-Encoding: chunked\r\n\r\n".encode())


def find(opened):
    return opened.invoke("FindPatients", {"Name": "A"})


def test_the_first_row_is_there_before_the_last_was_sent(clinic, canned):
    seen = threading.Event()

    def say(peer):
        begins(peer)
        chunked(peer, HEAD, ROW.format(1), ROW.format(2))
        assert seen.wait(5)
        chunked(peer, ROW.format(3), TAIL)
        peer.sendall(b"0\r\n\r\n")

    canned.does(say)
    rows = find(clinic).rows
    assert next(rows)["rev"] == 1
    seen.set()
    assert [row["rev"] for row in rows] == [2, 3]


def resident():
    """Bytes of memory that this process holds, libxml2's included."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_stays_flat(connect, canned, require):
    """Some 6 MB of rows, a tree of some 50, within 8."""
    require("proc", Path("/proc/self/statm").exists(), "no /proc: the measure is Linux only")
    part = "".join(ROW.format(number) for number in range(1000))

    def say(peer):
        begins(peer)
        chunked(peer, HEAD, *[part] * 50, TAIL)
        peer.sendall(b"0\r\n\r\n")

    canned.does(say)
    opened = connect(limits=Limits(deadline=60))
    opened.describe()
    rows = find(opened).rows
    next(rows)
    before = resident()
    assert sum(1 for _ in rows) == 49_999
    assert resident() - before < 8_000_000


def test_a_finished_list_gives_its_connection_back(connect, canned):
    canned.says(HEAD + ROW.format(1) * 3 + TAIL)
    opened = connect(limits=Limits(concurrency=1, deadline=5))
    for _ in range(3):
        assert len(list(find(opened).rows)) == 3
    assert canned.connections == 1


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_list_that_is_given_up_closes_its_connection(connect, canned, how):
    def say(peer):
        begins(peer)
        chunked(peer, HEAD, *[ROW.format(1)] * 50_000)

    canned.does(say)
    canned.says(HEAD + ROW.format(2) + TAIL)
    opened = connect(limits=Limits(concurrency=1, deadline=5))
    rows = find(opened).rows
    next(rows)
    if how == "close":
        rows.close()
        rows.close()
    del rows
    assert [row["rev"] for row in find(opened).rows] == [2]
    assert canned.connections == 2


def test_the_deadline_holds_over_the_rows_whoever_reads_them(connect, canned):
    def say(peer):
        begins(peer)
        for _ in range(100):
            chunked(peer, HEAD if _ == 0 else ROW.format(1))
            time.sleep(0.05)

    canned.does(say)
    opened = connect(limits=Limits(deadline=0.6))
    opened.describe()
    begun = time.monotonic()
    rows = find(opened).rows
    caught = []

    def drain():
        try:
            list(rows)
        except Uncertain as error:
            caught.append(error)

    thread = threading.Thread(target=drain)
    thread.start()
    thread.join()
    assert caught
    assert time.monotonic() - begun < 1.2


def test_rows_beyond_the_cap_are_drift(connect, canned):
    canned.says(HEAD + ROW.format(1) * 3000 + TAIL)
    rows = find(connect(limits=Limits(max_bytes=200_000, deadline=5))).rows
    with pytest.raises(Drifted, match="200000 bytes"):
        list(rows)


def test_compressed_rows_are_inflated_piece_by_piece_up_to_the_cap(connect, canned):
    canned.says(gzip.compress((HEAD + ROW.format(1) * 3000 + TAIL).encode()), Content_Encoding="gzip")
    assert len(list(find(connect()).rows)) == 3000
    canned.says(gzip.compress(HEAD.encode() + b" " * 200_000_000), Content_Encoding="gzip")
    opened = connect(limits=Limits(max_bytes=1_000_000, deadline=5))
    opened.describe()
    tracemalloc.start()
    with pytest.raises(Drifted, match="1000000 bytes"):
        find(opened)
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HEAD + ROW.format(1) + ROW.format("x") + TAIL, "rev is no integer"),
        (HEAD + ROW.format(1) + ROW.format(1).replace("<t:Name>Ada</t:Name>", "") + TAIL, "Name is missing"),
        (HEAD + ROW.format(1) + ROW.format(1).replace("Ada", "A" * 41) + TAIL, "row 2: Name does not meet 'maxLength'"),
        (HEAD + ROW.format(1) * 2 + TAIL[:-20], "breaks off"),
        (HEAD + ROW.format(1) + TAIL.replace("</s:Body>", "<c:More/></s:Body>"), "more than the answer"),
    ],
)
def test_what_is_wrong_after_the_first_row_is_said_while_reading(clinic, canned, body, words):
    canned.says(body)
    rows = find(clinic).rows
    assert next(rows)["rev"] == 1
    with pytest.raises(Drifted, match=words):
        list(rows)
    assert list(rows) == []


def test_a_connection_lost_between_rows_is_uncertain(clinic, canned):
    def say(peer):
        begins(peer)
        chunked(peer, HEAD, ROW.format(1))
        peer.close()

    canned.does(say)
    rows = find(clinic).rows
    with pytest.raises(Uncertain):
        list(rows)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("", Drifted),
        ("<html>Welcome</html>", Drifted),
        (HEAD + ROW.format("x") + TAIL, Drifted),
        (HEAD + ROW.format(1) + "</t:Oops>" + TAIL, Drifted),
        (HEAD.replace("<s:Envelope", "<!DOCTYPE a><s:Envelope") + ROW.format(1) + TAIL, Drifted),
        ((HEAD + ROW.format(1) + TAIL).replace("http://schemas.xmlsoap.org/soap/envelope/", SOAP_12), Drifted),
        (envelope(f"<c:Other><c:FindPatientsResult>{ROW.format(1)}</c:FindPatientsResult></c:Other>"), Drifted),
        (envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>"), Rejected),
    ],
)
def test_what_is_no_list_is_judged_before_any_row(clinic, canned, body, outcome):
    canned.says(body)
    with pytest.raises(outcome):
        find(clinic)


@pytest.mark.parametrize(
    "body", [HEAD + TAIL, HEAD + " " * 300_000 + "<t:Odd/>" + TAIL, envelope("<c:FindPatientsResponse/>")]
)
def test_an_empty_list_is_empty(clinic, canned, body):
    canned.says(body)
    assert list(find(clinic).rows) == []


def test_an_element_named_like_a_row_within_a_row_is_none(clinic, canned):
    inside = ROW.format(1).replace("</t:Patient>", '<x:W xmlns:x="urn:x"><x:Patient/></x:W></t:Patient>')
    canned.says(HEAD + inside * 2 + TAIL)
    assert [row["rev"] for row in find(clinic).rows] == [1, 1]


def test_rows_without_their_namespace_are_still_rows(clinic, canned):
    canned.says(HEAD + ROW.format(1).replace("t:", "") * 2 + TAIL)
    assert [row["Name"] for row in find(clinic).rows] == ["Ada", "Ada"]
