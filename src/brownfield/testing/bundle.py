"""The suite that a bundle passes, in `wrappers/*/tests`. Inherit it and give one fixture.

class TestInventory(BundleContract):
    @pytest.fixture
    def case(self, warehouse):
        return BundleCase(
            folder=FOLDER,
            environ={"WMS_URL": warehouse.url, …},
            reads={"get_stock": {"sku": "A-100", "site": "LYON"}, …},
            writes=warehouse.writes,
        )
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brownfield.contract import Rejected
from brownfield.runtime.home import Settings
from brownfield.runtime.kernel import OpenWrapper, open_wrapper
from brownfield.runtime.locking import check_folder, lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.reader import read
from brownfield.runtime.secret import Provider, providers
from brownfield.testing.case import BundleCase
from brownfield.testing.observation import offline, open_objects, schema_fault


class DeclarationContract:
    """What can be said of a bundle without its system."""

    def test_check_has_no_errors(self, case: BundleCase) -> None:
        """`brownfield check` finds nothing that keeps it from starting."""
        findings = check_folder(case.folder, Surroundings(case.registry, (), case.environ))
        assert [str(finding) for finding in findings if finding.level == "error"] == []

    def test_the_lock_is_up_to_date(self, case: BundleCase) -> None:
        """`brownfield lock` would change nothing."""
        assert lock_bundle(case.folder, Surroundings(case.registry, (), case.environ), dry_run=True) == []

    def test_it_starts_while_its_system_is_down(self, case: BundleCase) -> None:
        """Opening it reaches nothing."""
        with offline() as attempts:
            _open(case, []).close()
        assert attempts == []

    def test_every_schema_compiles(self, wrapper: OpenWrapper) -> None:
        """Of operations, with and without Python, and of feeds: JSON Schema 2020-12."""
        bundle = wrapper.bundle
        given = {f"{name} input": operation.input for name, operation in bundle.operations.items()}
        given |= {f"{name} output": operation.output for name, operation in bundle.operations.items()}
        given |= {f"{name} data": feed.data for name, feed in bundle.feeds.items()}
        faults = {name: schema_fault(schema) for name, schema in given.items()}
        assert {name: fault for name, fault in faults.items() if fault} == {}

    def test_unknown_arguments_are_refused(self, wrapper: OpenWrapper) -> None:
        """No input lets a field in that nobody described."""
        found = {name: open_objects(operation.input) for name, operation in wrapper.bundle.operations.items()}
        assert {name: places for name, places in found.items() if places} == {}

    def test_everything_exposed_is_described(self, wrapper: OpenWrapper) -> None:
        """An agent chooses by the description."""
        exposed: Mapping[str, Any] = {**wrapper.bundle.operations, **wrapper.bundle.feeds}
        assert [name for name, one in exposed.items() if not one.description.strip()] == []


class ReadingContract:
    """That reads only read: proven against a system that runs, by its own log."""

    def test_every_read_has_a_sample(self, case: BundleCase, wrapper: OpenWrapper) -> None:
        """A read that nobody drives is not proven."""
        assert sorted(case.reads) == sorted(_reads(wrapper))

    def test_the_log_is_not_blind(self, case: BundleCase) -> None:
        """A log that never changes would prove every read innocent."""
        if case.disturb is None:
            pytest.skip("the case gives no `disturb`, which makes the system write")
        before = case.writes()
        case.disturb()
        assert case.writes() != before, "the system wrote, and its log of writes is what it was"

    def test_no_read_writes(self, case: BundleCase, wrapper: OpenWrapper) -> None:
        """Every exposed read is driven, and the system's own log of writes is what it was."""
        for name in case.reads:
            before = case.writes()
            _drive(wrapper, name, case)
            assert case.writes() == before, f"{name} is declared a read, and the system wrote"

    def test_no_read_reaches_a_call_that_is_not_declared_one(self, case: BundleCase, wrapper: OpenWrapper) -> None:
        """What a read handler is given refuses every other far-side call before it is made."""
        before = case.writes()
        for name, connection in wrapper.calls.items():
            for call in wrapper.bundle.contracts[name].operations.keys() - set(connection.calls.read):
                with pytest.raises(Rejected) as refusal:
                    connection.reader()(call)
                assert refusal.value.code == "undeclared"
        assert case.writes() == before

    def test_no_read_asks_for_a_write_secret(self, case: BundleCase) -> None:
        """Reading has an account of its own. Where the system has but one, override this test and say so there."""
        asked: list[str] = []
        wrapper = _open(case, asked)
        for name in case.reads:
            _drive(wrapper, name, case)
        wrapper.close()
        tables = wrapper.bundle.manifest.connections.values()
        assert set(asked) & {secret for table in tables for secret in table.secrets.write.values()} == set()


class BundleContract(DeclarationContract, ReadingContract):
    """What every bundle does. Inherit it, and give the fixture `case`: see `BundleCase`."""

    @pytest.fixture
    def case(self) -> BundleCase:
        """To be given by the author."""
        raise NotImplementedError("give a fixture `case` that returns a BundleCase")

    @pytest.fixture
    def wrapper(self, case: BundleCase) -> Iterator[OpenWrapper]:
        """The bundle, opened for reading as `brownfield up` opens it; closed after the test."""
        opened = _open(case, [])
        yield opened
        opened.close()


def _open(case: BundleCase, asked: list[str]) -> OpenWrapper:
    chain = providers(case.environ, Path(case.environ.get("BROWNFIELD_HOME", case.folder)))
    around = Surroundings(case.registry, tuple(_noting(provide, asked) for provide in chain), case.environ)
    return open_wrapper(case.folder, Settings(environment="sandbox"), around)


def _noting(provide: Provider, asked: list[str]) -> Callable[[str], str | None]:
    def noting(name: str) -> str | None:
        asked.append(name)
        return provide(name)

    return noting


def _reads(wrapper: OpenWrapper) -> list[str]:
    return [name for name, operation in wrapper.bundle.operations.items() if operation.effect == "read"]


def _drive(wrapper: OpenWrapper, name: str, case: BundleCase) -> dict[str, Any]:
    """One read, as the guard makes it: arguments and result checked against their schemas."""
    wrapper.validators[name].check_arguments(dict(case.reads[name]))
    return asyncio.run(read(wrapper, wrapper.bundle.operations[name], case.reads[name]))
