"""The one object that an entry point of the group `brownfield.adapters` names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal

from brownfield.contract.adapter import CallAdapter, FeedAdapter, Opening, Settings
from brownfield.contract.draft import Draft, Sights, Sources
from brownfield.contract.input import InputAdapter
from brownfield.contract.stub import Stub


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a connection could not work with its settings, valid as each of them is.

    Attributes:
        key: The setting.
        message: What is wrong.
        next: What to do.
    """

    key: str
    message: str
    next: str


@dataclass(frozen=True, slots=True)
class Adapter(Generic[Settings]):
    """An adapter declares a closed set of things and does nothing when imported.

    Attributes:
        name: The word in the manifest: `adapter = "soap"`.
        kind: `call`, `feed` or `input`: which verbs `open` gives.
        settings: The pydantic model of the adapter's own keys under `[connections.NAME]`; unknown keys are refused.
        open: Makes a connection. Does no network or file I/O beyond the pinned files.
        capabilities: What the contract suite should test: `streams`, `faults`, `totals`, `resume` …
        draft: `brownfield new` by the option that feeds it (`wsdl`, `file`).
        look: `brownfield look` for a feed adapter; `sources` holds `layout` and, optionally, `file`.
        render: For a feed adapter whose chunks have an `image`: a function from its layout, the record type and its
            data to JSON lines, the same for ever.
        stub: `brownfield stub` for a call adapter over HTTP.
        secrets: The names of the secrets that are asked for with these settings; several names where one of them will
            do, an empty one among them where none will do too. None when that is not known before.
        faults: What no call can work with; `check` tells it, and nothing starts. Opens no file.
    """

    name: str
    kind: Literal["call", "feed", "input"]
    settings: type[Settings]
    open: Callable[[Opening[Settings]], CallAdapter | FeedAdapter | InputAdapter]
    capabilities: frozenset[str] = frozenset()
    draft: Mapping[str, Callable[[Sources], Draft]] = field(default_factory=dict)
    look: Callable[[Sources], Sights] | None = None
    render: Callable[[str, str, bytes], bytes] | None = None
    stub: Stub[Settings] | None = None
    secrets: Callable[[Settings], Iterable[str | tuple[str, ...]]] | None = None
    faults: Callable[[Settings], Iterable[Fault]] | None = None
