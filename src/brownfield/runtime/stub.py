"""Standing in for systems: one small server on this machine that answers a bundle's far-side calls without them.

The adapter speaks the protocol; this decides the answers: a fault that was asked for, else what was recorded for the
same fields, else the sample. It keeps no state: what is written is answered and forgotten.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
from jsonschema_rs import Draft202012Validator

from brownfield.contract import Adapter, Contract, Fields, Opening, Rejected, Reply, Unavailable, Uncertain
from brownfield.contract.stub import Sample, Stub
from brownfield.rules.exchange import Exchange, alike, echoed
from brownfield.rules.problem import Problem
from brownfield.rules.sample import sample
from brownfield.runtime.opening import Surroundings, make_opening
from brownfield.runtime.rendering import SAMPLES
from brownfield.wrapper.bundle import Bundle
from brownfield.wrapper.manifest import nearest

Invoke = Callable[[str, Fields], Reply]
AT_ONCE = 32
"""Requests that are answered at once; more wait."""
PATIENCE = 30
"""Seconds for which a half-sent request is waited for."""
TROUBLE = {
    "unavailable": Unavailable("the stub was told to be unavailable"),
    "uncertain": Uncertain("the stub was told to break off"),
}
"""Failures that can be asked for beside the declared faults."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one connection's stand-in answers.

    Attributes:
        samples: By call.
        contract: The pinned one; a sample that speaks of what was asked for must still fit it.
        recorded: Exchanges of this connection; the latest of those that fit is answered.
        faults: By call, the declared fault or the trouble that was asked for.
        told: Hears of each call, and of what it was answered with.
    """

    samples: Mapping[str, Sample]
    contract: Contract = field(default_factory=Contract)
    recorded: Sequence[Exchange] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    told: Callable[[str, str], object] = lambda _call, _with: None
    _schemas: dict[str, Any] = field(default_factory=dict)

    def invoke(self, call: str, fields: Fields) -> Reply:
        """The answer to one far-side call.

        Raises:
            Failure: The fault that was asked for, or that was recorded.
        """
        asked = self.faults.get(call)
        if asked is not None:
            self.told(call, asked)
            raise TROUBLE.get(asked) or self._fault(call, asked)
        found = next((one for one in reversed(self.recorded) if one.call == call and alike(one.fields, fields)), None)
        if found is None:
            self.told(call, "sample")
            return Reply(self._sample(call, fields))
        self.told(call, "recorded")
        if found.failure is not None:
            raise found.failure
        return Reply(found.reply or {})

    def _sample(self, call: str, fields: Fields) -> Fields:
        plain = self.samples[call].reply
        told: Fields = echoed(plain, fields)
        if call not in self._schemas and call in self.contract.operations:
            self._schemas[call] = Draft202012Validator(self.contract.operations[call].output)
        return told if call not in self._schemas or self._schemas[call].is_valid(told) else plain

    def _fault(self, call: str, name: str) -> Rejected:
        return Rejected(f"the stub was told to answer {name}", code=name, detail=self.samples[call].faults[name])


def stubs(bundle: Bundle, around: Surroundings) -> dict[str, Stub[Any]]:
    """The connections of a bundle whose adapter can stand in for its system."""
    found = {name: around.registry.get(table.adapter).stub for name, table in bundle.manifest.connections.items()}
    return {name: stub for name, stub in found.items() if stub is not None}


def samples(bundle: Bundle, name: str, stub: Stub[Any], around: Surroundings) -> dict[str, Sample]:
    """The samples of a connection by call: those in the bundle's folder, which a person may have edited, first.

    Raises:
        Problem: A file in the folder is no sample.
    """
    table = bundle.manifest.connections[name]
    opening = make_opening(bundle.folder, name, table, "read", around, None)
    found = _samples(around.registry.get(table.adapter), opening) if stub.samples is None else stub.samples(opening)
    made = {one.call: one for one in found}
    files = sorted((bundle.folder / SAMPLES).glob("*.json"))
    edited = [_sample(path) for path in files]
    return made | {sample.call: sample for sample in edited if sample.call in made}


def _samples(adapter: Adapter[Any], opening: Opening[Any]) -> Iterator[Sample]:
    """Samples that are made of nothing but the contract."""
    with closing(adapter.open(opening)) as opened:
        described = opened.describe()
    for call, shape in described.operations.items():
        faults = {fault.name: sample(fault.detail) or {} for fault in shape.faults if fault.detail}
        yield Sample(call, sample(shape.input) or {}, sample(shape.output) or {}, faults)


def application(bundle: Bundle, name: str, stub: Stub[Any], around: Surroundings, invoke: Invoke) -> WSGIApplication:
    """The adapter's stand-in for one connection."""
    opening = make_opening(bundle.folder, name, bundle.manifest.connections[name], "read", around, None)
    return stub.application(opening, invoke)


def read_faults(wanted: Sequence[str], known: Mapping[str, Mapping[str, Sample]]) -> dict[str, str]:
    """`CALL=FAULT`, as a person says it, by call.

    Raises:
        Problem: There is no such call, or it declares no such fault; with what there is.
    """
    calls = {call: sample for of_one in known.values() for call, sample in of_one.items()}
    faults: dict[str, str] = {}
    for words in wanted:
        call, _, fault = words.partition("=")
        if call not in calls:
            near = nearest(call, list(calls))
            raise Problem("not-found", f"there is no call {call}",
                          next=f"Did you mean {near}?" if near else "Name one of the contract.")  # fmt: skip
        offered = [*calls[call].faults, *TROUBLE]
        fault = fault or offered[0]
        if fault not in offered:
            raise Problem("not-found", f"{call} declares no fault {fault}", next=f"Name one of: {', '.join(offered)}.")
        faults[call] = fault
    return faults


def variables(bundle: Bundle, found: Mapping[str, Stub[Any]], address: str) -> dict[str, str]:
    """What to export so that the bundle's connections lead to the stub.

    Raises:
        Problem: A connection's address is written into the manifest, so that nothing can lead it elsewhere.
    """
    leads: dict[str, str] = {}
    for name, stub in found.items():
        value = bundle.manifest.connections[name].settings.get(stub.setting)
        if not isinstance(value, dict) or "env" not in value:
            raise Problem("invalid", f"connections.{name}.{stub.setting} names no variable",
                          next=f'Say {stub.setting} = {{ env = "NAME_URL" }} in the manifest.')  # fmt: skip
        leads[str(value["env"])] = f"{address}/{name}"
    return leads


@contextmanager
def serving(applications: Mapping[str, WSGIApplication], port: int = 0) -> Iterator[str]:
    """Serve each application under its name, on this machine alone, while the block runs; gives the address.

    Raises:
        Problem: The port is taken.
    """

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        name, _, rest = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
        found = applications.get(name)
        environ |= {"SCRIPT_NAME": f"/{name}", "PATH_INFO": f"/{rest}"}
        if found is None:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [f"Nothing stands in here. There is: {', '.join(applications)}\n".encode()]
        return found(environ, start_response)

    try:
        server = make_server("127.0.0.1", port, dispatch, _Server, _Handler)
    except OSError as error:
        cause = f"port {port} cannot be had: {error.strerror}"
        raise Problem("conflict", cause, next="Choose another --port.") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, *given: Any) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait until there is room."""
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer on a thread, and make room again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def log_message(self, *_: Any) -> None:
        """Nothing: what was answered is told by `Answers`."""


def _sample(path: Path) -> Sample:
    try:
        document = orjson.loads(path.read_bytes())
        return Sample(document["call"], dict(document["fields"]), dict(document["reply"]), document.get("faults", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem("invalid", f"{path} is no sample: {type(error).__name__}: {error}",
                      next="Mend it, or take it away: a sample is made from the contract then.") from error  # fmt: skip
