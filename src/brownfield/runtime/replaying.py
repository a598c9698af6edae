"""Playing recordings back: the wrapper's code against what its system said once, over the wire or without it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from brownfield.contract import CallAdapter, Contract, Failure, Fields, Rejected, Reply, canonical
from brownfield.rules.exchange import Exchange, Recording, alike, outcome
from brownfield.rules.problem import Problem
from brownfield.runtime.connection import CallConnection
from brownfield.runtime.kernel import OpenWrapper
from brownfield.runtime.opening import Surroundings, limits, open_adapter
from brownfield.runtime.reader import read
from brownfield.runtime.stub import application, serving, stubs
from brownfield.runtime.validator import Validator
from brownfield.wrapper.bundle import Bundle, open_bundle
from brownfield.wrapper.check import check_bundle, check_lock
from brownfield.wrapper.finding import BundleError

Outcome = Fields | Failure | Problem
Replay = Callable[[Recording], Outcome]
PACE = 1e6
"""Calls per second: nobody has to be spared."""


class Playback:
    """A call adapter that says what was recorded, each exchange once.

    Args:
        name: The connection that it plays.
        contract: The pinned contract.
        exchanges: What is there to be said, of this and of other connections.
    """

    def __init__(self, name: str, contract: Contract, exchanges: Iterable[Exchange] = ()) -> None:
        self._name = name
        self._contract = contract
        self.expect(exchanges)

    def expect(self, exchanges: Iterable[Exchange]) -> None:
        """Forget what is left, and have this to say."""
        self._left = [one for one in exchanges if one.connection == self._name]

    def probe(self) -> None:
        """Nothing is reached."""

    def describe(self) -> Contract:
        """The pinned contract."""
        return self._contract

    def close(self) -> None:
        """Nothing is held."""

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """What was recorded for this call.

        Raises:
            Failure: What was recorded; `Rejected` with the code `not-recorded` when nothing was.
        """
        found = next((one for one in self._left if one.call == operation and alike(one.fields, fields)), None)
        if found is None:
            raise Rejected(f"nothing was recorded for {operation} with these fields", code="not-recorded")
        self._left.remove(found)
        if found.failure is not None:
            raise found.failure
        shape = self._contract.operations.get(operation)
        document = dict(found.reply or {})
        listed = document.pop(shape.rows, None) if shape and shape.rows else None
        return Reply(document) if listed is None else Reply(document, iter(listed))


def playbacks(bundle: Bundle, exchanges: Iterable[Exchange] = ()) -> dict[str, Playback]:
    """A playback for each call connection of a bundle."""
    said = list(exchanges)
    return {name: Playback(name, one, said) for name, one in bundle.contracts.items() if one.operations}


def opened_with(bundle: Bundle, adapters: Mapping[str, CallAdapter]) -> OpenWrapper:
    """The bundle with these adapters in place of its own, as fast as they can answer."""
    tables = bundle.manifest.connections
    calls = {
        name: CallConnection(name, adapter, replace(limits(tables[name]), per_second=PACE), tables[name].calls)
        for name, adapter in adapters.items()
    }
    validators = {name: Validator(one.input, one.output, one.handler.arguments if one.handler else None)
                  for name, one in bundle.operations.items()}  # fmt: skip
    return OpenWrapper(bundle, calls, {}, validators)


async def outcome_of(opened: OpenWrapper, recording: Recording) -> Outcome:
    """What the wrapper makes of the call that was recorded."""
    operation = opened.bundle.operations.get(recording.operation)
    if operation is None or operation.effect != "read":
        return Problem("not-found", f"the bundle exposes no read {recording.operation}")
    try:
        opened.validators[recording.operation].check_arguments(recording.arguments)
        return await read(opened, operation, recording.arguments)
    except (Failure, Problem) as error:
        return error


@contextmanager
def replaying(folder: Path, around: Surroundings) -> Iterator[Replay]:
    """Gives what replays a recording, on the real wire and through the real codec.

    A stub stands in for each system whose adapter has one; the other connections are played back without a wire. No
    variable and no secret is needed.

    Raises:
        BundleError: The bundle cannot start.
    """
    bundle = open_bundle(folder)
    errors = [one for one in (*check_bundle(bundle), *check_lock(bundle)) if one.level == "error"]
    if errors:
        raise BundleError(errors)
    around = replace(around, secrets=(_any_secret,))
    found, backs = stubs(bundle, around), playbacks(bundle)
    doors = {name: application(bundle, name, stub, around, backs[name].invoke) for name, stub in found.items()}
    with serving(doors) as address:
        led = {name: _led(bundle, name, stub.setting, f"{address}/{name}", around) for name, stub in found.items()}
        opened = opened_with(bundle, backs | led)

        def replay(recording: Recording) -> Outcome:
            for back in backs.values():
                back.expect(recording.exchanges)
            return asyncio.run(outcome_of(opened, recording))

        try:
            yield replay
        finally:
            opened.close()


def difference(recording: Recording, found: Outcome) -> str:
    """How an outcome is not the recorded one, in words without values; empty when it is."""
    if isinstance(found, Problem):
        return f"it is answered with a problem, {found.code}: {found.cause}"
    now = outcome(None, found) if isinstance(found, Failure) else outcome(found, None)
    was = outcome(recording.result, recording.failure)
    if canonical(now) == canonical(was):
        return ""
    if isinstance(found, Failure) and recording.failure is None:
        return f"it fails now, {found.code or 'without a code'}: {found}"
    if recording.failure is not None and not isinstance(found, Failure):
        return "it failed when it was recorded, and now it is answered"
    return f"another answer than was recorded, at {', '.join(_places(was, now))}"


def _places(was: Any, now: Any, path: str = "") -> list[str]:
    """Where two documents differ."""
    if isinstance(was, dict) and isinstance(now, dict):
        return [
            place
            for name in dict.fromkeys([*was, *now])
            for place in _places(was.get(name), now.get(name), f"{path}.{name}".strip("."))
        ]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        return [
            place
            for number, pair in enumerate(zip(was, now, strict=True))
            for place in _places(*pair, f"{path}.{number}")
        ]
    return [] if was == now and type(was) is type(now) else [path]


def _led(bundle: Bundle, name: str, setting: str, address: str, around: Surroundings) -> CallAdapter:
    """The connection's own adapter, led to the stub."""
    table = bundle.manifest.connections[name].model_copy(update={setting: address})
    return cast("CallAdapter", open_adapter(bundle.folder, name, table, "read", around, bundle.contracts[name]))


def _any_secret(_name: str) -> str:
    """Eight letters: a header may say how long its members are."""
    return "stubstub"
