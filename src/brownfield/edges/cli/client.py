"""REST to the running server: its problems come back as the problems they are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import httpx2
import orjson

from brownfield.edges.cli.ending import Told
from brownfield.rules.problem import KINDS, Problem

_PATIENCE = httpx2.Timeout(None, connect=5.0)
"""Seconds. How long a call may take is the manifest's business; a person can press Ctrl-C."""


class NotRunning(Problem):
    """There is no server to ask."""

    def __init__(self, cause: str) -> None:
        super().__init__("unavailable", cause, next="Start one: brownfield up wrappers/")
        self.kind = replace(self.kind, title="No server is running")

    def body(self, trace: str) -> dict[str, Any]:
        """The members, with a title that does not speak of the legacy system."""
        return super().body(trace) | {"title": self.kind.title}


class Unanswered(Problem):
    """A server took a request that may be made again, and did not answer."""

    def __init__(self, cause: str) -> None:
        step = "Run it again, here or when the server is up: it goes on, and no event comes twice."
        super().__init__("uncertain", cause, next=step, retry=True)
        self.kind = replace(self.kind, title="No answer came")


class Client:
    """Speaks to one server with one key.

    Args:
        address: Its URL.
        key: The caller's key.
    """

    def __init__(self, address: str, key: str) -> None:
        # trust_env would send the key to whatever proxy the environment names.
        self._http = httpx2.Client(base_url=address, timeout=_PATIENCE, trust_env=False,
                                   headers={"Authorization": f"Bearer {key}"})  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """Read.

        Raises:
            Problem: What the server said, or that it does not answer.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        with _translated(sent="The server did not answer.", code="unavailable"):
            return _answer(self._http.get(path, params=given))

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """Ask for something to be done.

        Raises:
            Problem: What the server said; `uncertain` when it took the request and did not answer.
        """
        with _translated(sent="The request was sent and not answered: it may have been acted on.", code="uncertain"):
            content = orjson.dumps(body)
            types = {"Content-Type": "application/json", **(headers or {})}
            encoded = [(name.encode(), value.encode()) for name, value in types.items()]
            return _answer(self._http.post(path, content=content, headers=encoded))

    def stream(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The documents of a stream of server-sent events, until it ends.

        Raises:
            Problem: As for `get`; also when the stream is cut.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        with (
            _translated(sent="The stream was cut.", code="unavailable"),
            self._http.stream("GET", path, params=given, headers={"Accept": "text/event-stream"}) as response,
        ):
            if response.is_error:
                response.read()
                _answer(response)
            for event in httpx2.EventSource(response):
                if event.data:
                    yield orjson.loads(event.data)


@contextmanager
def _translated(sent: str, code: str) -> Iterator[None]:
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise NotRunning("the server that was started here does not answer") from None
    except httpx2.InvalidURL as error:
        raise Problem("invalid", f"that is no name for the server: {error}") from None
    except httpx2.HTTPError as error:
        raise Problem(code, f"{sent} ({type(error).__name__})") from None


def _answer(response: httpx2.Response) -> Any:
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        document = None
    if response.is_success and document is not None:
        return document
    if isinstance(document, dict) and document.get("code") in KINDS:
        raise Told(document["code"], document)
    raise Problem("internal", f"the server answered {response.status_code}, and not as a brownfield does",
                  next="Check which server runs at this address: brownfield status")  # fmt: skip
