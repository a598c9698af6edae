"""The suite that shows that a system was swapped and its callers see no difference. Inherit it and give one fixture.

from brownfield.testing.swap import Standing, SwapCase, SwapContract

class TestSwap(SwapContract):
    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, …):
        return SwapCase(
            before=Standing(OLD_FOLDER, {"WMS_URL": old.url, …}),
            after=Standing(NEW_FOLDER, {"WMS_URL": new.url, …}),
            reads=[("get_stock", {"sku": "A-100", "site": "LYON"}), ("get_stock", {"sku": "Z-999", "site": "LYON"})],
            writes=[("place_hold", {"sku": "A-100", "site": "LYON", "units": 2, "order": "SO-1"})],
        )

Both bundles run as `brownfield up` runs them, each before its own system; both systems must hold the same data.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brownfield.contract import Contract, Fields, OperationShape, RecordShape
from brownfield.rules.comparison import compare
from brownfield.testing.running import Running, Standing, running
from brownfield.wrapper.bundle import open_bundle
from brownfield.wrapper.lock import Lock, read_lock

Pair = tuple[Running, Running]


@dataclass(frozen=True, kw_only=True)
class SwapCase:
    """A system before and after it was swapped, and what is asked of both.

    Attributes:
        before: The bundle that callers know, before the old system.
        after: The bundle that takes its place, before the new one. Both systems hold the same data.
        reads: Operations and arguments, in this order: those that are answered, and those that are refused.
        writes: Operations and arguments of writes, in this order.
        beside: Exposed reads that reach neither system and need not be asked.
        feeds: Feeds whose drops hold the same files.
    """

    before: Standing
    after: Standing
    reads: Sequence[tuple[str, Fields]]
    writes: Sequence[tuple[str, Fields]] = ()
    beside: Sequence[str] = ()
    feeds: Sequence[str] = ()


class SurfaceContract:
    """What can be said of the two bundles without their systems."""

    def test_the_same_is_exposed(self, case: SwapCase) -> None:
        """Under the same id and names, nothing more and nothing less."""
        before, after = _locks(case)
        assert (after.wrapper, sorted(after.surface)) == (before.wrapper, sorted(before.surface))

    def test_every_surface_is_equal(self, case: SwapCase) -> None:
        """The fingerprints of what callers see; where they differ, in words what differs."""
        before, after = _locks(case)
        differing = sorted(name for name, surface in before.surface.items() if after.surface.get(name) != surface)
        words = [change.words for change in compare(_seen(case.before.folder), _seen(case.after.folder))]
        assert not differing, f"{', '.join(differing)}: {'; '.join(words)}"

    def test_the_title_is_kept(self, case: SwapCase) -> None:
        """Callers read it in every answer."""
        before, after = (open_bundle(standing.folder).manifest.title for standing in (case.before, case.after))
        assert after == before


class AnswerContract:
    """What agents get, from both, by both doors."""

    def test_the_same_tools_are_offered(self, pair: Pair) -> None:
        """Names, descriptions and schemas of every tool."""
        before, after = (each.tools() for each in pair)
        assert after == before

    def test_every_read_is_asked(self, case: SwapCase, pair: Pair) -> None:
        """A read that nobody drives is not proven."""
        asked = {name for name, _ in case.reads} | set(case.beside)
        assert sorted(pair[0].exposed("read") - asked) == []

    def test_the_same_calls_give_the_same_answers(self, case: SwapCase, pair: Pair) -> None:
        """Answers and refusals alike, over REST and over MCP."""
        for operation, arguments in case.reads:
            for door in ("rest", "mcp"):
                before, after = (each.answer(door, operation, arguments) for each in pair)
                assert after == before, f"{operation} {arguments} over {door}"

    def test_the_same_writes_come_to_the_same_end(self, case: SwapCase, pair: Pair) -> None:
        """Proposed by an agent, approved by a person, carried out: state, result and refusal."""
        for operation, arguments in case.writes:
            before, after = (each.written(operation, arguments) for each in pair)
            assert after == before, f"{operation} {arguments}"

    def test_the_same_files_become_the_same_events(self, case: SwapCase, pair: Pair) -> None:
        """Type, subject and data of each event, in the same order."""
        for feed in case.feeds:
            before, after = (each.events(feed) for each in pair)
            assert before, f"{feed}: its drop before the swap holds nothing that becomes an event"
            assert after == before, feed


class SwapContract(SurfaceContract, AnswerContract):
    """What holds when a system was swapped. Inherit it, and give the fixture `case`: see `SwapCase`."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> SwapCase:
        """To be given by the author, with the scope `class`."""
        raise NotImplementedError("give a fixture `case` of scope `class` that returns a SwapCase")

    @pytest.fixture(scope="class")
    @classmethod
    def pair(cls, case: SwapCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
        """Both bundles, running; ended after the class."""
        with ExitStack() as stack:
            before, after = (
                stack.enter_context(running(standing, tmp_path_factory.mktemp(word)))
                for word, standing in (("before", case.before), ("after", case.after))
            )
            yield before, after


def _locks(case: SwapCase) -> tuple[Lock, Lock]:
    before, after = (read_lock(standing.folder) for standing in (case.before, case.after))
    assert before is not None, f"{case.before.folder} has no lock: run `brownfield lock`"
    assert after is not None, f"{case.after.folder} has no lock: run `brownfield lock`"
    return before, after


def _seen(folder: Path) -> Contract:
    """What callers see of a bundle, as a contract, so that differences can be told like drift."""
    bundle = open_bundle(folder)
    operations: dict[str, Any] = {
        name: OperationShape(input=one.input, output=one.output, documentation=one.description)
        for name, one in bundle.operations.items()
    }
    records = {name: RecordShape(fields=one.data, documentation=one.description) for name, one in bundle.feeds.items()}
    return Contract(operations=operations, records=records)
