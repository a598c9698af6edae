"""What holds for every adapter, whatever it speaks to: the descriptor, the import, the opening, the description."""

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from brownfield.contract import Adapter, CallAdapter, Contract, FeedAdapter, JsonSchema, Opening, Unavailable, canonical
from brownfield.contract.input import InputAdapter
from brownfield.testing.case import Case, Kind
from brownfield.testing.observation import offline, schema_fault

CAPABILITIES: Mapping[str, frozenset[str]] = {
    "call": frozenset({"faults", "rows", "deadline"}),
    "feed": frozenset({"totals", "resume", "damage", "settle"}),
    "input": frozenset(),
}
"""The words by which an adapter says what a suite should test."""

_IMPORT = """
import sys, threading
done = []
def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system")):
        done.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"writes {arguments[0]}")
sys.addaudithook(watch)
__import__(sys.argv[1])
done += [f"loads {name}" for name in sys.argv[2:] if name in sys.modules]
done += [f"starts {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()]
sys.exit("; ".join(done) or None)
"""


def capable(adapter: Adapter[Any], capability: str, *given: Any) -> None:
    """Skip the test unless the adapter declares the capability; fail it when the case then lacks what it needs."""
    if capability not in adapter.capabilities:
        pytest.skip(f"the adapter `{adapter.name}` does not declare `{capability}`")
    assert None not in given, f"the adapter declares `{capability}`: the case must give what tests it"


@contextmanager
def connected(case: Case, opening: Opening[Any] | None = None) -> Iterator[Any]:
    """A connection by the case's opening, or by another; closed after the block."""
    far = case.adapter.open(opening or case.opening)
    try:
        yield far
    finally:
        far.close()


def schemas(contract: Contract) -> dict[str, JsonSchema]:
    """Every schema of a contract, by a name for messages."""
    found: dict[str, JsonSchema] = {}
    for name, shape in contract.operations.items():
        found |= {f"{name} input": shape.input, f"{name} output": shape.output}
        found |= {f"{name} fault {fault.name}": fault.detail for fault in shape.faults}
    return found | {f"record {name}": record.fields for name, record in contract.records.items()}


class AdapterContract:
    """The part that all suites inherit. An author inherits the suite of the adapter's kind."""

    kind: Kind

    @pytest.fixture
    def connection(self) -> Case:
        """To be given by the author."""
        raise NotImplementedError("give a fixture `connection` that returns a CallCase, FeedCase or InputCase")

    @pytest.fixture
    def opened(self, connection: Any) -> Iterator[Any]:
        """The adapter, opened; closed after the test."""
        with connected(connection) as far:
            yield far

    def test_the_descriptor_declares_what_is_known(self, connection: Case) -> None:
        """A name that a manifest can say, the right kind, and no capability that no test knows."""
        adapter = connection.adapter
        assert isinstance(adapter, Adapter)
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,47}", adapter.name), f"a manifest cannot say {adapter.name!r}"
        assert adapter.kind == self.kind
        unknown = adapter.capabilities - CAPABILITIES[self.kind]
        assert not unknown, f"unknown capabilities {sorted(unknown)}; known: {sorted(CAPABILITIES[self.kind])}"

    def test_unknown_settings_are_refused(self, connection: Case) -> None:
        """A key that is written wrong in a manifest must not be passed over."""
        with pytest.raises(ValidationError) as refusal:
            connection.adapter.settings.model_validate({"no_such_setting": 1})
        assert "extra_forbidden" in {fault["type"] for fault in refusal.value.errors()}

    def test_importing_does_nothing(self, connection: Case) -> None:
        """A fresh interpreter reaches nothing, writes nothing, prints nothing and loads no optional library."""
        module = connection.adapter.settings.__module__
        path = os.pathsep.join(filter(None, sys.path))
        run = subprocess.run(  # noqa: S603  # this interpreter, on the adapter that the author names
            [sys.executable, "-B", "-c", _IMPORT, module, *connection.optional],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
            timeout=60,
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "", ""), f"importing {module}: {run.stdout}{run.stderr}"

    def test_opening_reaches_nothing(self, connection: Case) -> None:
        """A wrapper starts while its system is down."""
        for opening in filter(None, (connection.opening, connection.unreachable)):
            with offline() as attempts, connected(connection, opening):
                pass
            assert attempts == []

    def test_no_secret_is_asked_for_before_a_call(self, connection: Case) -> None:
        """A secret is resolved at call time, so that a rotated one is used and an idle connection holds none."""
        asked: list[str] = []

        def secret(name: str) -> str:
            asked.append(name)
            return connection.opening.secret(name)

        with connected(connection, dataclasses.replace(connection.opening, secret=secret)) as far:
            far.describe()
        assert asked == []

    def test_probe_returns_when_the_system_is_there(self, opened: CallAdapter | FeedAdapter | InputAdapter) -> None:
        """And may be asked again."""
        opened.probe()
        opened.probe()

    def test_probe_says_unavailable_when_it_is_not(self, connection: Case) -> None:
        """Not by another error, and with words for a person."""
        if connection.unreachable is None:
            pytest.skip("the case gives no `unreachable` opening")
        with connected(connection, connection.unreachable) as far, pytest.raises(Unavailable) as failure:
            far.probe()
        assert failure.value.message.strip()

    def test_closing_twice_is_no_error(self, connection: Case) -> None:
        """Unused or used."""
        with connected(connection) as unused:
            unused.close()
        with connected(connection) as used:
            used.probe()
            used.close()


class DescriptionContract:
    """What `describe` gives."""

    def test_describe_is_offline(self, connection: Case) -> None:
        """It comes from the pinned files, whether the system is there or not."""
        for opening in filter(None, (connection.opening, connection.unreachable)):
            with connected(connection, opening) as far, offline() as attempts:
                described = far.describe()
            assert attempts == []
            assert isinstance(described, Contract)

    def test_describe_is_deterministic(self, connection: Case) -> None:
        """Two connections give the same bytes, or the lock would differ from day to day."""
        given = []
        for _ in range(2):
            with connected(connection) as far:
                given += [canonical(far.describe().model_dump(mode="json")) for _ in range(2)]
        assert len(set(given)) == 1

    def test_describe_gives_what_the_kind_has(self, connection: Case, opened: Any) -> None:
        """Operations for calls and inputs, records for feeds, and not nothing."""
        described: Contract = opened.describe()
        found = (bool(described.operations), bool(described.records))
        assert found == ((False, True) if connection.adapter.kind == "feed" else (True, False))

    def test_schemas_are_json_schema_2020_12(self, opened: Any) -> None:
        """Each of them meets the metaschema, and its references resolve."""
        faults = {name: schema_fault(schema) for name, schema in schemas(opened.describe()).items()}
        assert not {name: fault for name, fault in faults.items() if fault}

    def test_schemas_describe_objects(self, opened: Any) -> None:
        """Fields have names, so inputs, outputs and records are objects."""
        given = schemas(opened.describe())
        assert not [name for name, schema in given.items() if "fault" not in name and schema.get("type") != "object"]
