"""Bundles with one defect each. Not collected by itself: `test_defect.py` runs it and looks at what failed."""

import contextlib
import dataclasses
import socket
from functools import partial

import pytest
from canned_case import bundle_case

from brownfield.contract import Contract, Reply
from brownfield.runtime.connection import CallConnection
from brownfield.runtime.locking import lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.testing import BundleContract, canned_registry
from brownfield.testing.canned import CannedCalls, CannedDrop, CannedFeed, CannedSystem, canned_adapters
from brownfield.testing.canned.drop import RECORDS
from brownfield.testing.canned.system import CONTRACT
from brownfield.wrapper.manifest import MANIFEST


class DialsOnOpening(CannedCalls):
    def __init__(self, system, opening):
        super().__init__(system, opening)
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)


class WritesWhenReading(CannedCalls):
    def invoke(self, operation, fields):
        if operation == "GetStock":
            self._system.writes.append(("Touched", dict(fields)))
        return super().invoke(operation, fields)


def describing(base, described):
    return type("Describing", (base,), {"describe": lambda self: described})


def altered(operation, **parts):
    shape = CONTRACT.operations[operation].model_copy(update=parts)
    return Contract(operations={**CONTRACT.operations, operation: shape})


def manifest(old, new):
    def edit(case):
        path = case.folder / MANIFEST
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        return case

    return edit


def relocked(edit):
    def change(case):
        edit(case)
        lock_bundle(case.folder, Surroundings(case.registry, (), case.environ))
        return case

    return change


def adapter(name, opens):
    """Another adapter under the name, and the bundle locked again with what it describes."""

    def change(case):
        system, drop = CannedSystem(), CannedDrop()
        known = canned_adapters(system, drop)
        far = system if name == "canned" else drop
        registry = canned_registry(system, drop, **{name: dataclasses.replace(known[name], open=partial(opens, far))})
        lock_bundle(case.folder, Surroundings(registry, (), case.environ))
        system.holds["H-1"] = {"Id": "H-1", "Sku": "A-100", "Units": 1, "Order": "SO-1"}
        touch = partial(system.writes.append, ("Touched", {}))
        return dataclasses.replace(case, registry=registry, writes=lambda: list(system.writes), disturb=touch)

    return change


def without_sample(case):
    return dataclasses.replace(case, reads={name: case.reads[name] for name in ("get_stock", "list_stock")})


def careless(reader):
    """What gives a handler its `Call`, without the refusal of what is not declared a read."""

    def reading(connection):
        call = reader(connection)

        def made(word, **fields):
            return Reply({}) if word in {"PlaceHold", "ReleaseHold"} else call(word, **fields)

        made.give_up = call.give_up
        return made

    return reading


OPENS = {"test_it_starts_while_its_system_is_down", "test_no_read_asks_for_a_write_secret"}
"""Tests that open the bundle themselves; a bundle with an error does not open, and the rest do not begin."""
BAD_RECORDS = Contract(records={**RECORDS.records, "detail": RECORDS.records["detail"].model_copy(
    update={"fields": {**RECORDS.records["detail"].fields, "patternProperties": {"(": {}}}})})  # fmt: skip
OPEN_INPUT = altered("GetHold", input={**CONTRACT.operations["GetHold"].input, "additionalProperties": True})
DEFECTS = {
    "has_an_error": ({"test_check_has_no_errors", "test_the_lock_is_up_to_date", *OPENS}, manifest(
        'read = ["get_stock", "list_stock", "get_hold"]', 'read = ["get_stock", "list_stock"]')),
    "has_an_old_lock": ({"test_check_has_no_errors", "test_the_lock_is_up_to_date", *OPENS}, manifest(
        'via = "far"\ncall = "GetHold"', 'description = "Another."\nvia = "far"\ncall = "GetHold"')),
    "dials_on_opening": ({"test_it_starts_while_its_system_is_down"}, adapter("canned", DialsOnOpening)),
    "has_a_bad_schema": ({"test_every_schema_compiles"}, adapter("canned_feed", describing(CannedFeed, BAD_RECORDS))),
    "takes_any_argument": ({"test_unknown_arguments_are_refused"}, adapter(
        "canned", describing(CannedCalls, OPEN_INPUT))),
    "describes_nothing": ({"test_everything_exposed_is_described"}, adapter(
        "canned", describing(CannedCalls, altered("GetHold", documentation="")))),
    "has_no_sample": ({"test_every_read_has_a_sample"}, without_sample),
    "writes_when_reading": ({"test_no_read_writes"}, adapter("canned", WritesWhenReading)),
    "reads_with_the_write_secret": ({"test_no_read_asks_for_a_write_secret"}, relocked(manifest(
        'secrets.read = { password = "canned/read" }', 'secrets.read = { password = "canned/write" }'))),
    "has_a_blind_log": ({"test_the_log_is_not_blind"}, lambda case: dataclasses.replace(case, writes=list)),
    "makes_any_call": ({"test_no_read_reaches_a_call_that_is_not_declared_one"}, lambda case: case),
}  # fmt: skip
"""By a name: the tests that it fails, and what is done to the case."""


def suite(name, change):
    @pytest.fixture
    def case(self, tmp_path, monkeypatch):
        if name == "makes_any_call":
            monkeypatch.setattr(CallConnection, "reader", careless(CallConnection.reader))
        system = CannedSystem(password="w" if name == "reads_with_the_write_secret" else None)
        return change(bundle_case(tmp_path, system))

    return type(f"Test_{name}", (BundleContract,), {"case": case, "__module__": __name__})


globals().update({f"Test_{name}": suite(name, change) for name, (_, change) in DEFECTS.items()})
