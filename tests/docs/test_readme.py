"""The README's lines from nothing to a first read, as they stand there, on a service that was never seen."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import shell
from leaf import blocks

ROOT = Path(__file__).parents[2]
SPACE = "urn:example:articles"
WSDL = f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:t="{SPACE}" xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="{SPACE}">
  <types><x:schema targetNamespace="{SPACE}" elementFormDefault="qualified">
    <x:element name="GetItem"><x:complexType><x:sequence>
      <x:element name="ItemNo" type="x:string"/></x:sequence></x:complexType></x:element>
    <x:element name="GetItemResponse"><x:complexType><x:sequence>
      <x:element name="Item"><x:complexType><x:sequence>
        <x:element name="ItemNo" type="x:string"/><x:element name="Price" type="x:decimal"/>
      </x:sequence></x:complexType></x:element></x:sequence></x:complexType></x:element>
  </x:schema></types>
  <message name="In"><part name="p" element="t:GetItem"/></message>
  <message name="Out"><part name="p" element="t:GetItemResponse"/></message>
  <portType name="Articles"><operation name="GetItem"><documentation>One article.</documentation>
    <input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:Articles"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="GetItem"><s:operation soapAction="get"/>
      <input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
  <service name="WarehouseService"><port name="P" binding="t:B"><s:address location="http://127.0.0.1:9/"/></port></service>
</definitions>"""
REPLY = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <GetItemResponse xmlns="{SPACE}"><Item><ItemNo>A-100</ItemNo><Price>49.9000</Price></Item></GetItemResponse>
</s:Body></s:Envelope>"""


class Articles(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.give(WSDL)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.give(REPLY)

    def give(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), Articles) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def script(address):
    """The README's lines; only the address and the port are put in."""
    [block] = [
        one for one in blocks("console", (ROOT / "README.md").read_text("utf-8")) if "brownfield new" in one.text
    ]
    lines = [line.removeprefix("$ ") for line in block.text.splitlines()]
    assert lines.pop(0) == "pip install '.[soap]'"
    body = ["set -e"]
    for line in lines:
        body.append(line.replace("http://wms.example.com/service?wsdl", f"'{address}?wsdl'")
                    .replace("http://wms.example.com/", address))  # fmt: skip
        if line.startswith("brownfield new"):
            body.append("echo 'port = 0' >> brownfield.toml")
        if line.endswith(" &"):
            body.append("echo $! > up.pid")
    return "\n".join([*body, ""])


@pytest.mark.slow
def test_the_readmes_lines_lead_to_a_first_read(tmp_path, address):
    """R15, R29: five commands from an unseen WSDL to an agent's call."""
    code, told = shell.run(tmp_path, script(address))
    assert code == 0, told
    assert "49.9000" in told
