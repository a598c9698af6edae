"""Far-side calls as data: recorded once, compared with what is sent later, written down and read again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brownfield.contract import Drifted, Failure, Fields, Rejected, Unavailable, Uncertain

KINDS: Mapping[str, type[Failure]] = {
    "rejected": Rejected, "unavailable": Unavailable, "uncertain": Uncertain, "drifted": Drifted,
}  # fmt: skip
"""The failures by the words that they are written down with."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One far-side call, and what came of it.

    Attributes:
        connection: Which connection it was made over.
        call: The far side's name.
        fields: What was sent.
        reply: What came back, a long list under its name in the contract; None when the call failed.
        failure: How it failed, else None.
    """

    connection: str
    call: str
    fields: Fields
    reply: Fields | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One call of an operation, with the far-side calls that it made.

    Attributes:
        operation: The operation's name.
        arguments: What the caller gave.
        result: What the caller got; None when the call failed.
        failure: How it failed, else None.
        exchanges: The far-side calls, in order.
    """

    operation: str
    arguments: Fields
    result: Fields | None = None
    failure: Failure | None = None
    exchanges: tuple[Exchange, ...] = field(default=())


def written(recording: Recording) -> dict[str, Any]:
    """A recording as plain JSON; without its operation, which the file is named after."""
    return {
        "arguments": recording.arguments,
        **_outcome("result", recording.result, recording.failure),
        "exchanges": [
            {"connection": one.connection, "call": one.call, "fields": one.fields,
             **_outcome("reply", one.reply, one.failure)}
            for one in recording.exchanges
        ],
    }  # fmt: skip


def read(operation: str, document: Mapping[str, Any]) -> Recording:
    """The inverse of `written`.

    Raises:
        KeyError: Something is missing.
        TypeError: Something is of another kind.
    """
    exchanges = tuple(
        Exchange(one["connection"], one["call"], dict(one["fields"]), one.get("reply"), _failure(one.get("failure")))
        for one in document["exchanges"]
    )
    failure = _failure(document.get("failure"))
    return Recording(operation, dict(document["arguments"]), document.get("result"), failure, exchanges)


def outcome(result: Fields | None, failure: Failure | None) -> dict[str, Any]:
    """What came of a call, in a form that compares: two failures are equal when everything that they say is."""
    return _outcome("result", result, failure)


def alike(one: Any, other: Any) -> bool:
    """Whether two sets of fields are the same request: the wire knows no empty list, and numbers only as text."""
    return bool(_plain(one) == _plain(other))


def echoed(reply: Any, fields: Fields) -> Any:
    """A sample reply that speaks of what was asked for: a value that was sent comes back under the same name.

    Names that do not begin with a letter (`@type`) are marks of an adapter, and no data.
    """
    return _echo(reply, dict(_leaves(fields)))


def _outcome(word: str, result: Fields | None, failure: Failure | None) -> dict[str, Any]:
    if failure is None:
        return {word: result}
    kind = next(name for name, kind in KINDS.items() if isinstance(failure, kind))
    told = {"kind": kind, "code": failure.code, "message": failure.message, "detail": failure.detail}
    return {"failure": told}


def _failure(document: Mapping[str, Any] | None) -> Failure | None:
    if document is None:
        return None
    return KINDS[document["kind"]](document["message"], code=document["code"], detail=document["detail"])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        members = {name: _plain(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in ({}, [])}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else value


def _leaves(value: Any) -> Iterable[tuple[str, Any]]:
    """Every named scalar at any depth, deeper ones first, so that the outermost counts."""
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    inner = list(members)
    for _, member in inner:
        yield from _leaves(member)
    for name, member in inner:
        if (
            isinstance(name, str)
            and name[:1].isalpha()
            and not isinstance(member, Mapping | list)
            and member is not None
        ):
            yield name, member


def _echo(value: Any, sent: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_echo(member, sent) for member in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: sent[name] if name in sent and type(sent[name]) is type(member) else _echo(member, sent)
        for name, member in value.items()
    }
