"""The bundle before the warehouse itself: the suite that every bundle passes, and what this one promises."""

import asyncio
from pathlib import Path

import pytest

from brownfield.contract import Rejected
from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import open_assembly
from brownfield.runtime.caller import Caller
from brownfield.runtime.opening import Surroundings, open_adapter
from brownfield.runtime.registry import Registry
from brownfield.runtime.secret import providers
from brownfield.testing import BundleCase, BundleContract

FOLDER = Path(__file__).resolve().parents[1]
READS = {
    "get_item": {"ItemNo": "A-100"}, "list_items": {}, "list_movements": {"Whse": "LYON", "MaxRows": 3},
    "get_stock": {"sku": "A-100", "site": "LYON"}, "get_hold": {"id": "H000001"}, "find_holds": {"order": "SO-7001"},
    "preview_hold": {"sku": "A-100", "site": "LYON"}, "run_extract": {"date": "20261120"},
}  # fmt: skip
TRAPS = ("GetNextPickTicket", "ReadAlerts")


class TestInventory(BundleContract):
    """R16, R19, R52, R64: what every bundle does; its reads are proven by the warehouse's own log."""

    @pytest.fixture
    def case(self, warehouse, environ, write_side):
        return BundleCase(
            folder=FOLDER,
            environ=environ,
            reads=READS,
            writes=warehouse.writes,
            disturb=lambda: write_side.invoke("GetNextPickTicket", {"Whse": "LYON"}),
        )


@pytest.fixture
def write_side(bundle, environ):
    """The warehouse as the worker reaches it, past every guard."""
    table = bundle.manifest.connections["wms"]
    around = Surroundings(Registry(), providers(environ, Path(environ["BROWNFIELD_HOME"])), environ)
    far = open_adapter(FOLDER, "wms", table, "write", around, bundle.contracts["wms"])
    yield far
    far.close()


@pytest.fixture
def assembly(environ):
    with open_assembly(FOLDER, environ) as assembly:
        yield assembly


@pytest.fixture
def everybody(assembly):
    """A caller of each role with every grant, `*` included."""
    kernel, callers = assembly.kernel, []
    with kernel.ledger.write() as connection:
        for role in Role:
            who = add_identity(connection, role.value, role, person=f"{role}@example.com", environment="sandbox",
                               now=kernel.clock.now())  # fmt: skip
            everything = frozenset({("inventory", "*"), ("*", "*")})
            for pair in everything:
                add_grant(connection, who.id, *pair, granted_by="test", now=kernel.clock.now())
            _, prefix, mac = kernel.keys.make()
            add_key(connection, who.id, prefix, mac, environment="sandbox", now=kernel.clock.now())
            callers.append(Caller(who, everything, (), prefix, "t"))
    return callers


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_named_as_a_read_and_writes_cannot_be_reached(assembly, everybody, warehouse, trap):
    """R33, R52, R53: by nobody, under any name, through any handler."""
    before = warehouse.calls()
    names = (trap, trap.lower(), "get_next_pick_ticket", "read_alerts", f"wms.{trap}")
    for caller in everybody:
        shown = {operation.name: operation for operation in assembly.guard.visible(caller, "inventory")}
        assert trap not in {operation.table.call for operation in shown.values()}
        for name in names:
            with pytest.raises(Problem, match="there is no operation"):
                asyncio.run(assembly.guard.call(caller, "inventory", name, {}))
    with pytest.raises(Rejected):
        assembly.kernel.wrappers["inventory"].calls["wms"].reader()(trap)
    assert warehouse.calls() == before


def test_the_traps_are_declared_what_they_are(bundle):
    """R52: by a person who knows the system, against their names."""
    calls = bundle.manifest.connections["wms"].calls
    assert set(TRAPS) <= set(calls.write)
    assert not set(TRAPS) & set(calls.read)


def test_no_declared_write_call_is_exposed_as_a_read(bundle):
    """R52: `check` holds it; this says it of this bundle."""
    reads = {operation.table.call for operation in bundle.operations.values() if operation.effect == "read"}
    assert not reads & set(bundle.manifest.connections["wms"].calls.write)
    assert set(bundle.manifest.scope.write) == {"place_hold", "release_hold"}
