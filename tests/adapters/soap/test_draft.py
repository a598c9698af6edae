"""What `brownfield new --wsdl` gets to work with."""

import gzip
import socket
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema_rs
import pytest

from brownfield.contract import Opening, Rejected, Unavailable, canonical
from brownfield_soap import adapter

from .conftest import FOLDER

CLINIC = (FOLDER / "clinic.wsdl").read_bytes()
TYPES = (FOLDER / "types.xsd").read_bytes()


DOCTYPE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">&a;</definitions>"""


def draft(location):
    return adapter.draft["wsdl"]({"wsdl": str(location)})


class Site:
    """Serves bytes by path, or redirects."""

    def __init__(self) -> None:
        pages = self.pages = {}
        self.asked = asked = []
        self.encoding = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                page = pages.get(self.path, (404, b""))
                status, body = page if isinstance(page, tuple) else (200, page)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body.decode())
                    body = b""
                if site.encoding:
                    self.send_header("Content-Encoding", site.encoding)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_draft_holds_the_parts_of_a_bundle():
    found = draft(FOLDER / "clinic.wsdl")
    assert found.connection == "clinic"
    assert found.settings["wsdl"] == {"file": "contract/clinic.wsdl"}
    assert found.settings["endpoint"] == {"env": "CLINIC_URL"}
    assert "http://clinic.example/soap" in found.variables["CLINIC_URL"]
    assert set(found.files) == {"contract/clinic.wsdl", "contract/types.xsd"}
    assert [(call.name, call.call, call.documentation, call.guess) for call in found.calls] == [
        ("count_patients", "CountPatients", "", "looks like a read"),
        ("find_patients", "FindPatients", "", "looks like a read"),
        ("get_patient", "GetPatient", "Returns one patient.", "looks like a read"),
        ("register", "Register", "", "looks like a write"),
    ]
    assert any("header Login (User, Password)" in note for note in found.notes)


def test_the_vendored_files_describe_the_same_contract(tmp_path):
    found = draft(FOLDER / "clinic.wsdl")
    for name, content in found.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    settings = adapter.settings(wsdl=tmp_path / found.settings["wsdl"]["file"])
    described = adapter.open(Opening("clinic", tmp_path, settings, str)).describe()
    assert canonical(described.model_dump()) == canonical(found.contract.model_dump())


def test_a_wsdl_is_fetched_with_its_imports_and_standard_schemas_are_not(site):
    site.pages["/ws?wsdl"] = CLINIC.replace(b'"types.xsd"', f'"{site.url}/x/types.xsd?v=2"'.encode())
    site.pages["/x/types.xsd?v=2"] = TYPES
    found = draft(f"{site.url}/ws?wsdl")
    assert set(found.files) == {"contract/ws.wsdl", "contract/types-v-2.xsd"}
    assert b'schemaLocation="types-v-2.xsd"' in found.files["contract/ws.wsdl"]
    assert site.asked == ["/ws?wsdl", "/x/types.xsd?v=2"]


@pytest.mark.parametrize("target", ["/ws", "http://localhost.example/ws"])
def test_a_redirect_is_named_and_not_followed(site, target):
    site.pages["/old"] = (302, target.encode())
    with pytest.raises(Rejected, match=f"{target}, which is not followed"):
        draft(f"{site.url}/old")
    assert site.asked == ["/old"]


def test_an_import_may_not_lead_into_our_own_network(site, monkeypatch):
    """The WSDL's own host may be anywhere; another host that it names has to be public."""
    known = {"wsdl.example": "127.0.0.1", "inside.example": "10.1.2.3", "loop.example": "127.0.0.1"}
    meant = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *more, **kind: meant(known.get(host, host), *more, **kind))
    port = site.server.server_port
    carried = ("[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "0.0.0.0")
    for inside in ("inside.example", "loop.example", "169.254.169.254", "[::1]", *carried):
        site.pages["/ws"] = CLINIC.replace(b'"types.xsd"', f'"http://{inside}:{port}/types.xsd"'.encode())
        site.pages["/types.xsd"] = TYPES
        with pytest.raises(Rejected, match="not a public one"):
            draft(f"http://wsdl.example:{port}/ws")
    assert set(site.asked) == {"/ws"}


def test_a_page_instead_of_a_document_is_refused(site):
    site.pages["/ws"] = b"<html><body>Sign in</body></html>"
    with pytest.raises(Rejected, match="its root is html"):
        draft(f"{site.url}/ws")


def test_other_schemes_are_not_read(site):
    site.pages["/ws"] = CLINIC.replace(b'"types.xsd"', b'"ftp://127.0.0.1/types.xsd"')
    with pytest.raises(Rejected, match=r"may not read local files|only files"):
        draft(f"{site.url}/ws")


def test_a_small_document_that_inflates_is_stopped(site, monkeypatch):
    site.encoding = "gzip"
    site.pages["/ws"] = gzip.compress(b" " * 200_000_000)
    tracemalloc.start()
    with pytest.raises(Rejected, match="20971520 bytes"):
        draft(f"{site.url}/ws")
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024 * 1024
    tracemalloc.stop()


@pytest.mark.parametrize("location", ["file:///etc/passwd", "file://localhost/etc/passwd"])
def test_a_wsdl_from_the_network_may_not_read_local_files(site, location):
    site.pages["/ws"] = CLINIC.replace(b'"types.xsd"', f'"{location}"'.encode())
    with pytest.raises(Rejected, match="may not read local files"):
        draft(f"{site.url}/ws")


def test_imports_without_end_are_given_up(site):
    for number in range(300):
        following = f'<include schemaLocation="x{number + 1}.xsd"/>'
        schema = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{following}</schema>'
        site.pages[f"/x{number}.xsd"] = schema.encode()
    with pytest.raises(Rejected, match="imported through more than 40 others"):
        draft(f"{site.url}/x0.xsd")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"<definitions>\n<oops></definitions>", r"line 2: it is not well-formed XML"),
        (b"<html/>", "its root is html"),
        (b"", "not"),
        (CLINIC.replace(b"types.xsd", b"gone.xsd"), "gone.xsd: no such file"),
        (b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x"/>', "no SOAP port"),
        (DOCTYPE, "Entity 'a' not defined"),
    ],
)
def test_a_wsdl_that_cannot_be_read_says_where_why_and_what_next(tmp_path, content, cause):
    (tmp_path / "types.xsd").write_bytes(TYPES)
    path = tmp_path / "bad.wsdl"
    path.write_bytes(content)
    with pytest.raises(Rejected, match=cause):
        draft(path)


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable, match="could not be fetched"):
        draft("http://127.0.0.1:1/ws?wsdl")


def test_a_login_is_filled_in_from_secrets_and_other_headers_are_options():
    """A secret is named, never written."""
    found = draft(FOLDER / "clinic.wsdl")
    assert found.settings["headers"] == {"Login": {"User": {"secret": "user"}, "Password": {"secret": "password"}}}
    assert found.secrets == ("user", "password")
    assert found.options == {}


def test_every_call_comes_with_a_sample():
    found = draft(FOLDER / "clinic.wsdl")
    samples = {sample.call: sample for sample in found.samples}
    assert samples.keys() == found.contract.operations.keys()
    for name, shape in found.contract.operations.items():
        jsonschema_rs.validate(shape.input, samples[name].fields)
        jsonschema_rs.validate(shape.output, samples[name].reply)
        assert samples[name].faults.keys() == {fault.name for fault in shape.faults}


def test_a_policy_that_asks_for_a_username_token_is_told(tmp_path):
    asking = b"<wsp:Policy xmlns:wsp='http://www.w3.org/ns/ws-policy'><UsernameToken/></wsp:Policy></"
    head, end = CLINIC.rsplit(b"</", 1)
    (tmp_path / "clinic.wsdl").write_bytes(head + asking + end)
    (tmp_path / "types.xsd").write_bytes(TYPES)
    found = draft(tmp_path / "clinic.wsdl")
    assert found.options["security"] == "username-token"
    assert any("UsernameToken" in note for note in found.notes)


@pytest.mark.parametrize("named", ["gone.xsd", "urn:clinic:types"])
def test_an_import_that_cannot_be_had_is_taken_from_where_a_person_has_it(site, tmp_path, named):
    """By its location or by its namespace; a local file that a person names is no file that a WSDL reads."""
    site.pages["/ws?wsdl"] = CLINIC.replace(b'"types.xsd"', b'"gone.xsd"')
    (tmp_path / "have.xsd").write_bytes(TYPES)
    with pytest.raises(Rejected):
        draft(f"{site.url}/ws?wsdl")
    found = adapter.draft["wsdl"]({"wsdl": f"{site.url}/ws?wsdl", "override": f"{named}={tmp_path / 'have.xsd'}"})
    assert set(found.files) == {"contract/ws.wsdl", "contract/have.xsd"}
    assert found.calls


@pytest.mark.corpus
def test_a_port_with_other_calls_is_told(corpus):
    """One port is drawn; that there are more must not go unseen."""
    found = draft(corpus / "wsdl" / "goetas-webservices+soap-client" / "tests" / "Fixtures" / "test.wsdl")
    (told,) = [note for note in found.notes if "other calls" in note]
    assert "connection of its own" in told
    plain = draft(corpus / "wsdl" / "kayoom+wsdl-mapper" / "examples" / "calculator" / "calculator.wsdl")
    assert not [note for note in plain.notes if "other calls" in note]
