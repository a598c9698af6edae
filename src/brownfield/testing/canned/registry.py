"""The canned adapters, found as installed ones are."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from brownfield.contract import Adapter
from brownfield.rules.problem import Problem
from brownfield.runtime.registry import Registry
from brownfield.testing.canned.drop import CannedDrop, CannedFeed, CannedFeedSettings
from brownfield.testing.canned.system import CannedCalls, CannedSettings, CannedSystem


class _CannedRegistry(Registry):
    """A registry of given adapters, whatever is installed."""

    def __init__(self, adapters: Mapping[str, Adapter[Any]]) -> None:
        super().__init__()
        self._adapters = adapters

    @property
    def names(self) -> list[str]:
        return sorted(self._adapters)

    def get(self, name: str) -> Adapter[Any]:
        if name not in self._adapters:
            raise Problem("not-found", f"there is no adapter `{name}`", next=f"Canned: {', '.join(self.names)}.")
        return self._adapters[name]


def canned_adapters(system: CannedSystem, drop: CannedDrop) -> dict[str, Adapter[Any]]:
    """The adapters `canned` and `canned_feed`, over this system and this drop."""
    calls = Adapter(
        name="canned",
        kind="call",
        settings=CannedSettings,
        open=partial(CannedCalls, system),
        capabilities=frozenset({"faults", "rows", "deadline"}),
    )
    feed = Adapter(
        name="canned_feed",
        kind="feed",
        settings=CannedFeedSettings,
        open=partial(CannedFeed, drop),
        capabilities=frozenset({"totals", "resume", "damage", "settle"}),
    )
    return {adapter.name: adapter for adapter in (calls, feed)}


def canned_registry(
    system: CannedSystem | None = None, drop: CannedDrop | None = None, **more: Adapter[Any]
) -> Registry:
    """A registry that knows `canned` and `canned_feed`, and no installed adapter.

    Args:
        system: What `canned` speaks to; a new one unless given.
        drop: What `canned_feed` reads; a new one unless given.
        **more: Other adapters by name.
    """
    return _CannedRegistry(canned_adapters(system or CannedSystem(), drop or CannedDrop()) | more)
