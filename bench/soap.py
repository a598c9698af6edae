"""How fast SOAP replies are read, against zeep on the same bytes in the same process: bench/results/soap.json.

Every figure is the median of seven pairs, brownfield and zeep by turns, in milliseconds of processor time: the machine
may have other work. The server that streams is a process of its own. Run it: `.venv/bin/python bench/soap.py`.
"""

import contextlib
import json
import platform
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import zeep
import zeep.helpers
from lxml import etree

from brownfield.contract import Limits, Opening
from brownfield_soap import adapter, transport
from brownfield_soap.answer import answer
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.describe import shape
from brownfield_soap.reader import read

ROOT = Path(__file__).parents[1]
WSDL = ROOT / "fixtures" / "warehouse" / "wms.wsdl"
OUT = ROOT / "bench" / "results" / "soap.json"
SPACE = "urn:example:wms:4.2"
PAIRS = 7
LOGIN = {"Login": {"User": "u", "Password": "p"}}


def reply(rows: int) -> bytes:
    """A reply of ListMovements: seven fields a row, a decimal, a time, an optional one."""
    body = "".join(
        f"<Movement><MoveNo>M{n:07d}</MoveNo><ItemNo>A-{n % 900 + 100}</ItemNo><Whse>LYON</Whse>"
        f"<Qty>{n % 199 - 99}</Qty><UnitCost>{n % 9999 / 100:.2f}</UnitCost>"
        f"<MovedAt>2026-11-21T10:{n % 60:02d}:00.123</MovedAt><Reason>count {n % 7}</Reason></Movement>"
        for n in range(rows)
    )
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<ListMovementsResponse xmlns="{SPACE}"><ListMovementsResult>{body}</ListMovementsResult>'
        "</ListMovementsResponse></s:Body></s:Envelope>"
    ).encode()


def pairs(ours, theirs, count=PAIRS):
    """Milliseconds of both by turns, and the ratio of their medians."""
    ours(), theirs()
    times = [(timed(ours), timed(theirs)) for _ in range(count)]
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    return {"brownfield_ms": round(mine, 2), "zeep_ms": round(other, 2), "ratio": round(other / mine, 2)}


def timed(work):
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def decoding():
    model = read(WSDL, WSDL.parent)
    operation = model.operations["ListMovements"]
    codec, result, check = Codec(model), answer(model, operation.reply), Check(shape(model, operation).output)
    binding = zeep.Client(str(WSDL)).bind()._binding.get("ListMovements")
    found = {}
    for rows in (1, 100, 1000, 10_000):
        content = reply(rows)

        def ours(content=content):
            fields = codec.answer(result, etree.fromstring(content)[0][0], "ListMovements")
            assert check.fault(fields) is None
            return orjson.dumps(fields)

        def theirs(content=content):
            document = zeep.helpers.serialize_object(binding.process_reply(etree.fromstring(content)), dict)
            return orjson.dumps(document, default=str)

        assert len(orjson.loads(ours())["items"]) == len(orjson.loads(theirs())) == rows
        found[f"decode_{rows}_rows_to_json"] = pairs(ours, theirs)
    return found


class Server:
    """Answers every call with the same bytes."""

    def __init__(self, content):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # a list may be given up
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def connection(url):
    settings = adapter.settings(wsdl=WSDL, endpoint=url, headers=LOGIN)
    return adapter.open(Opening("wms", WSDL.parent, settings, str, Limits(deadline=120, max_bytes=256 * 1024 * 1024)))


def streaming(url):
    opened = connection(url)
    client = zeep.Client(str(WSDL))
    service = client.create_service(next(iter(client.wsdl.bindings)), url)

    def ours():
        for row in opened.invoke("ListMovements", {"Whse": "LYON"}).rows:
            orjson.dumps(row)

    def theirs():
        for row in zeep.helpers.serialize_object(service.ListMovements(Whse="LYON", _soapheaders=LOGIN), dict):
            orjson.dumps(row, default=str)

    return {"stream_100000_rows": pairs(ours, theirs)}


def first_row(url):
    """Milliseconds from the first byte of the reply's body to the first row."""
    arrived = []
    plain = transport.Exchange.chunks

    def noted(self):
        for chunk in plain(self):
            arrived.append(time.perf_counter())
            yield chunk

    transport.Exchange.chunks = noted
    opened, found = connection(url), []
    for _ in range(PAIRS + 1):
        arrived.clear()
        rows = opened.invoke("ListMovements", {"Whse": "LYON"}).rows
        next(rows)
        found.append((time.perf_counter() - arrived[0]) * 1000)
        rows.close()
    transport.Exchange.chunks = plain
    return {"stream_first_row_ms": round(statistics.median(found[1:]), 2)}


def resident():
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096 / 1024 / 1024


def growth(url):
    """In a process of its own: how much memory 100,000 rows take beyond the first 1,000."""
    rows = connection(url).invoke("ListMovements", {"Whse": "LYON"}).rows
    for _ in range(1000):
        next(rows)
    before = highest = resident()
    for number, _ in enumerate(rows):
        if number % 1000 == 0:
            highest = max(highest, resident())
    print(round(highest - before, 1))


def main():
    if sys.argv[1:] == ["serve"]:
        print(Server(reply(100_000)).url, flush=True)
        sys.stdin.read()
        return
    if len(sys.argv) > 1:
        growth(sys.argv[1])
        return
    found = {
        "machine": f"{platform.machine()} Python {platform.python_version()} zeep {zeep.__version__}",
        "pairs": PAIRS,
    }
    found |= decoding()
    command = [sys.executable, __file__]
    with subprocess.Popen([*command, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        found |= streaming(url) | first_row(url)
        told = subprocess.run([*command, url], check=True, capture_output=True, text=True)
        found["stream_growth_mb"] = float(told.stdout)
        server.stdin.close()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(OUT.read_text("utf-8"))


if __name__ == "__main__":
    main()
