"""Recording what a system really answers: one read through the guard, its far-side calls masked, and written down.

The result that is written is not the one that the caller got: it is what the wrapper makes of the masked exchanges, so
that nothing which was masked below can be read above, and what is written can be replayed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from brownfield.contract import CallAdapter, Contract, Failure, Fields, Rejected, Reply, canonical
from brownfield.rules.exchange import Exchange, Recording, read, written
from brownfield.rules.masking import Masks
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.kernel import OpenWrapper
from brownfield.runtime.reader import whole
from brownfield.runtime.replaying import Replay, opened_with, playbacks
from brownfield.wrapper.bundle import Operation

EXCHANGES = Path("tests") / "exchanges"
"""Where a bundle keeps what was recorded, a file for each operation."""


class Recorder:
    """A call adapter that remembers what was said over it."""

    def __init__(self, name: str, adapter: CallAdapter, contract: Contract, exchanges: list[Exchange]) -> None:
        self._name = name
        self._adapter = adapter
        self._contract = contract
        self._exchanges = exchanges

    def probe(self) -> None:
        """See `CallAdapter`."""
        self._adapter.probe()

    def describe(self) -> Contract:
        """See `CallAdapter`."""
        return self._adapter.describe()

    def close(self) -> None:
        """See `CallAdapter`."""
        self._adapter.close()

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Makes the call, and remembers it; a streamed list is taken in whole."""
        shape = self._contract.operations.get(operation)
        try:
            found = whole(self._adapter.invoke(operation, fields), shape.rows if shape else None)
        except Failure as failure:
            self._exchanges.append(Exchange(self._name, operation, dict(fields), failure=failure))
            raise
        self._exchanges.append(Exchange(self._name, operation, dict(fields), found))
        return Reply(found)


@contextmanager
def listening(opened: OpenWrapper) -> Iterator[list[Exchange]]:
    """The far-side calls that a bundle makes while the block runs."""
    exchanges: list[Exchange] = []
    before = {name: connection.adapter for name, connection in opened.calls.items()}
    for name, connection in opened.calls.items():
        connection.adapter = Recorder(name, before[name], opened.bundle.contracts[name], exchanges)
    try:
        yield exchanges
    finally:
        for name, connection in opened.calls.items():
            connection.adapter = before[name]


async def record(assembly: Assembly, key: str, wrapper: str, name: str, arguments: Any) -> Recording:
    """Call a read through the guard, as any caller would, and keep what went over the wire. Nothing is masked yet.

    Of the outcome only this is kept: whether the system said no.

    Raises:
        Problem: The call is refused; it is no read; or the system did not answer, which is nothing to keep.
    """
    caller = assembly.guard.admit(key)
    opened, operation = assembly.kernel.operation(wrapper, name)
    if operation.effect != "read":
        raise Problem("invalid", f"{wrapper}.{name} is a write: only reads are recorded. Nothing was called.",
                      next="Write its exchange by hand, after that of a read.")  # fmt: skip
    failure = None
    with listening(opened) as exchanges:
        try:
            await assembly.guard.call(caller, wrapper, name, arguments)
        except Problem as problem:
            if problem.code != "rejected":
                raise
            failure = Rejected(problem.cause)
    return Recording(name, arguments, failure=failure, exchanges=tuple(exchanges))


def masked(opened: OpenWrapper, recording: Recording, masks: Masks) -> Recording:
    """The recording with personal values masked; it has no result yet."""
    operation = opened.bundle.operations[recording.operation]
    masks.learn(recording.arguments, operation.table.personal)
    for exchange in recording.exchanges:
        for part in _parts(exchange):
            masks.learn(part, () if operation.handler else operation.table.hide)
    if operation.table.hide and operation.handler:
        masks.learn(_unhidden(opened, operation, recording), operation.table.hide)
    return replace(
        recording,
        arguments=masks.apply(recording.arguments),
        exchanges=tuple(_masked(exchange, masks) for exchange in recording.exchanges),
    )


def settled(raw: Recording, told: Recording, replay: Replay, masks: Masks) -> Recording:
    """The masked recording with what the wrapper makes of it over the wire, which is what a replay will hear again.

    Args:
        raw: As it was recorded.
        told: Masked.
        replay: Of `replaying`.
        masks: What was masked.

    Raises:
        Problem: Masked like this, the wrapper does not understand its system any more.
    """
    now = replay(told)
    if isinstance(now, Problem) or isinstance(now, Failure) is not (raw.failure is not None):
        advice = f"Keep what breaks it with --keep; masked were: {', '.join(masks.masked) or 'none'}."
        raise Problem("invalid", f"masked, {told.operation} is not answered as it was: {now}", next=advice)
    return replace(told, failure=now) if isinstance(now, Failure) else replace(told, result=now)


def secrets_of(opened: OpenWrapper, assembly: Assembly) -> list[str]:
    """The values of every secret that the bundle's reads may resolve: none of them may be written anywhere."""
    names = {name for table in opened.bundle.manifest.connections.values() for name in table.secrets.read.values()}
    found = (provide(name) for name in names for provide in assembly.kernel.around.secrets)
    return [value for value in found if value]


def save(folder: Path, recording: Recording) -> Path:
    """Add a recording to the bundle's; one of the same arguments is replaced. The same ones give the same bytes."""
    path = folder / EXCHANGES / f"{recording.operation}.json"
    kept = [one for one in _read(path) if canonical(one.arguments) != canonical(recording.arguments)]
    ordered = sorted([*kept, recording], key=lambda one: canonical(one.arguments))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    document = [written(one) for one in ordered]
    part.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    part.replace(path)
    return path


def load(folder: Path) -> list[Recording]:
    """Everything that was recorded of a bundle.

    Raises:
        Problem: A file cannot be read.
    """
    return [one for path in sorted((folder / EXCHANGES).glob("*.json")) for one in _read(path)]


def _read(path: Path) -> Sequence[Recording]:
    if not path.exists():
        return []
    try:
        return [read(path.stem, document) for document in orjson.loads(path.read_bytes())]
    except (ValueError, KeyError, TypeError) as error:
        raise Problem("invalid", f"{path} holds no recordings: {type(error).__name__}: {error}",
                      next="Mend it, or take it away and record again.") from error  # fmt: skip


def _unhidden(opened: OpenWrapper, operation: Operation, recording: Recording) -> Mapping[str, Any]:
    """The result before what the manifest hides is taken out; nothing where the function says no."""
    handler = operation.handler
    if handler is None:
        return {}
    with closing(opened_with(opened.bundle, playbacks(opened.bundle, recording.exchanges))) as back:
        calls = [back.calls[name].reader() for name in handler.connections]
        try:
            return handler.document(handler.function(*calls, **handler.arguments(recording.arguments)))
        except Failure:
            return {}


def _parts(exchange: Exchange) -> Iterator[Fields]:
    yield exchange.fields
    yield exchange.reply or {}
    yield exchange.failure.detail if exchange.failure else {}


def _masked(exchange: Exchange, masks: Masks) -> Exchange:
    failure = exchange.failure
    if failure is not None:
        failure = type(failure)(masks.apply(failure.message), code=failure.code, detail=masks.apply(failure.detail))
    return replace(exchange, fields=masks.apply(exchange.fields), reply=masks.apply(exchange.reply), failure=failure)
