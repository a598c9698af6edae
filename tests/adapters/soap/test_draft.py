"""What `brownfield new --wsdl` gets to work with."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brownfield.contract import Opening, Rejected, Unavailable, canonical
from brownfield_soap import adapter
from brownfield_soap.draft import guess, snake

from .conftest import FOLDER

CLINIC = (FOLDER / "clinic.wsdl").read_bytes()
TYPES = (FOLDER / "types.xsd").read_bytes()


def draft(location):
    return adapter.draft["wsdl"]({"wsdl": str(location)})


class Site:
    """Serves bytes by path, or redirects."""

    def __init__(self) -> None:
        pages = self.pages = {}
        self.asked = asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                page = pages.get(self.path, (404, b""))
                status, body = page if isinstance(page, tuple) else (200, page)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body.decode())
                    body = b""
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
    assert found.settings == {"wsdl": {"file": "contract/clinic.wsdl"}, "endpoint": {"env": "CLINIC_URL"}}
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


def test_a_redirect_is_followed_on_the_same_host_only(site):
    site.pages["/old"] = (302, b"/ws")
    site.pages["/ws"] = CLINIC
    site.pages["/types.xsd"] = TYPES
    assert draft(f"{site.url}/old").connection == "clinic"
    site.pages["/old"] = (302, b"http://localhost.example/ws")
    with pytest.raises(Rejected, match="redirects to another host"):
        draft(f"{site.url}/old")


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
    with pytest.raises(Rejected, match="more than 200 documents"):
        draft(f"{site.url}/x0.xsd")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"<definitions>\n<oops></definitions>", r"line 2: it is not well-formed XML"),
        (b"<html/>", "its root is html"),
        (b"", "not"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>', "DOCTYPE"),
        (CLINIC.replace(b't:Patient"', b't:Absent"'), "Absent"),
        (CLINIC.replace(b"types.xsd", b"gone.xsd"), "gone.xsd: no such file"),
        (b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:x"/>', "no SOAP port"),
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GetItem", "get_item"),
        ("getURL2", "get_url2"),
        ("HTTPPing", "http_ping"),
        ("a.b-c", "a_b_c"),
        ("2nd", "call_2nd"),
    ],
)
def test_names_become_snake_case(name, expected):
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_item", "looks like a read"),
        ("place_hold", "looks like a write"),
        ("get_next_pick_ticket", "cannot tell"),
        ("frobnicate", "cannot tell"),
    ],
)
def test_a_verb_suggests_an_effect_and_exposes_nothing(name, expected):
    assert guess(name) == expected
