"""What an author tells a contract suite: one small object per suite, from one fixture."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from brownfield.contract import Adapter, Fields, Opening
from brownfield.contract.input import InputRecord
from brownfield.runtime.registry import Registry

Sample = tuple[str, Fields]
"""A far-side operation, and the fields to call it with."""


@dataclass(frozen=True, kw_only=True)
class CallCase:
    """A call adapter, a system that answers it, and what to ask.

    Attributes:
        adapter: The descriptor that the entry point names.
        opening: Leads to a system that runs. It may be opened many times.
        read: A call that is answered and changes nothing.
        unknown: An operation that the system has not.
        rejected: A call that the contract allows and the system refuses. For `faults`.
        rows: A call whose answer is one long list. For `rows`.
        slow: A call that takes longer than a second. For `deadline`.
        unreachable: Leads to where nobody answers; without it what happens then is not tested.
        optional: Modules that importing the adapter must not load: they come with its extra.
    """

    adapter: Adapter[Any]
    opening: Opening[Any]
    read: Sample
    unknown: str = "no_such_operation"
    rejected: Sample | None = None
    rows: Sample | None = None
    slow: Sample | None = None
    unreachable: Opening[Any] | None = None
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FeedCase:
    """A feed adapter, a drop that is empty, and files to put in it.

    Attributes:
        adapter: The descriptor that the entry point names.
        opening: Leads to an empty drop, with chunks so small that `good` has two or more.
        put: Delivers a whole file under a name; a file of that name is replaced.
        good: A whole file without a damaged record.
        other: Another whole file, that begins with other bytes.
        begin: Begins to write a file and leaves it unfinished.
        truncated: `good`, cut short in transfer.
        damaged: A whole file with one record that cannot be decoded. For `damage`.
        damaged_record: The bytes of that record.
        wrong_totals: `good`, with totals that do not hold. For `totals`.
        name: A file name that the connection matches.
        second: Another one.
        unreachable: Leads to where nothing can be read; without it what happens then is not tested.
        optional: Modules that importing the adapter must not load: they come with its extra.
    """

    adapter: Adapter[Any]
    opening: Opening[Any]
    put: Callable[[str, bytes], None]
    good: bytes
    other: bytes
    begin: Callable[[str, bytes], None]
    truncated: bytes
    damaged: bytes | None = None
    damaged_record: bytes | None = None
    wrong_totals: bytes | None = None
    name: str = "one.dat"
    second: str = "two.dat"
    unreachable: Opening[Any] | None = None
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InputCase:
    """An input adapter, an empty place, and what may be written.

    Attributes:
        adapter: The descriptor that the entry point names.
        opening: Leads to an empty place.
        good: A record that can be written.
        other: Another one, of other bytes.
        flawed: One that its operation's schema allows, or nearly, and that no file can hold.
        seen: What a job sees in the place: names and contents, of files and markers, nothing else.
        disturb: Puts a file of that name there, past the adapter.
        unreachable: Leads to where nothing can be put; without it what happens then is not tested.
        optional: Modules that importing the adapter must not load: they come with its extra.
    """

    adapter: Adapter[Any]
    opening: Opening[Any]
    good: InputRecord
    other: InputRecord
    flawed: InputRecord
    seen: Callable[[], Mapping[str, bytes]]
    disturb: Callable[[str, bytes], None]
    unreachable: Opening[Any] | None = None
    optional: tuple[str, ...] = ()


Case: TypeAlias = CallCase | FeedCase | InputCase
Kind: TypeAlias = Literal["call", "feed", "input"]


@dataclass(frozen=True, kw_only=True)
class BundleCase:
    """A bundle, a system that runs, and arguments that it answers.

    Attributes:
        folder: The bundle's folder.
        reads: Arguments for every exposed read, by operation.
        writes: The system's own log of what was written, in any form that compares.
        disturb: Makes the system write, past brownfield; without it nothing shows that `writes` would tell.
        environ: What the manifest names, and `BROWNFIELD_SECRETS`.
        registry: The adapters; the installed ones unless given.
    """

    folder: Path
    reads: Mapping[str, Fields]
    writes: Callable[[], object]
    disturb: Callable[[], object] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    registry: Registry = field(default_factory=Registry)
