"""How an adapter stands in for its system, so that work goes on without it: samples, and the far side of the wire."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic
from wsgiref.types import WSGIApplication

from brownfield.contract.adapter import Fields, Opening, Reply, Settings

Invoke = Callable[[str, Fields], Reply]
"""What decides an answer: `invoke` of `CallAdapter`, from the other end of the wire."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One far-side call, made up from the contract alone.

    Attributes:
        call: The far side's name.
        fields: What may be sent.
        reply: What may come back; a long list stands under its name in the contract.
        faults: The details of its declared faults, by name.
    """

    call: str
    fields: Fields
    reply: Fields
    faults: Mapping[str, Fields] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stub(Generic[Settings]):
    """What a call adapter over HTTP may offer beside its verbs.

    Attributes:
        setting: The setting that says where the system is; its variable is pointed at the stub.
        samples: A sample of every operation of the contract, no network; None where the schemas say enough.
        application: Speaks the system's own protocol on the wire and asks `invoke` for each answer. A failure that
            `invoke` raises is said as the system would say it: `Rejected` with its code and detail, `Unavailable`
            and `Uncertain` so that the adapter's own verb ends in them. Credentials are not checked.
    """

    setting: str
    samples: Callable[[Opening[Settings]], Iterable[Sample]] | None
    application: Callable[[Opening[Settings], Invoke], WSGIApplication]
