"""The command line in an empty folder, with a home of its own; and a server that answers what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from brownfield.edges.cli.app import app
from brownfield.runtime.home import Home

FIXTURES = Path(__file__).parents[3] / "fixtures"
Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name in ("BROWNFIELD_KEY", "BROWNFIELD_SECRETS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BROWNFIELD_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def run(place: Path) -> Run:
    """Run a command; whatever it does, no traceback is to be seen."""

    def run(*words: object, key: str = "bf_0_key", code: int | None = 0, stdin: str | None = None) -> Result:
        env = {"BROWNFIELD_KEY": key or None}
        result = CliRunner().invoke(app, [str(word) for word in words], env=env, input=stdin)
        assert "Traceback" not in result.output
        assert code is None or result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def wsdl() -> Path:
    return FIXTURES / "warehouse" / "wms.wsdl"


@pytest.fixture
def nightly() -> Path:
    return FIXTURES / "nightly"


@pytest.fixture
def wms(run: Run, wsdl: Path, place: Path) -> Path:
    """A bundle with two declared reads."""
    run("new", "wms", "--wsdl", wsdl, "--read", "GetItem,GetStock", "--owner", "o@example.com")
    return place / "wrappers" / "wms"


@dataclass
class Stub:
    """A brownfield server as far as a door can tell.

    Attributes:
        answers: Per `METHOD path`: the status and the document, or bytes as they are.
        asked: What was asked: `METHOD path?query`, headers, body.
    """

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def last(self) -> tuple[str, dict[str, str], Any]:
        return self.asked[-1]


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = f"{self.command} {self.path}"
            stub.asked.append((asked, dict(self.headers), json.loads(body) if body else None))
            status, document = stub.answers.get(asked.partition("?")[0], (404, {
                "code": "not-found", "title": "Not found", "detail": "there is nothing", "next": "Look.",
                "trace": "t-1"}))  # fmt: skip
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            if status == 0:
                return  # hangs up without a word
            self.send_response(status)
            stream = content.startswith((b"id:", b":"))
            self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815  the names that http.server calls

        def log_message(self, *words: object) -> None:
            pass

    return Handler


@pytest.fixture
def server(place: Path) -> Iterator[Stub]:
    """A running server, announced in the home."""
    stub = Stub()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    home = Home(place / "home")
    home.prepare()
    home.announce(f"http://127.0.0.1:{http.server_port}")
    yield stub
    home.leave()
    http.shutdown()
    http.server_close()
    thread.join()
