"""Adapters by entry point. None is imported before a manifest names it."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from brownfield.contract import Adapter
from brownfield.rules.problem import Problem
from brownfield.wrapper.manifest import nearest

GROUP = "brownfield.adapters"


class Registry:
    """Finds adapters, ours and third parties' alike."""

    def __init__(self) -> None:
        self._points: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=GROUP)}

    @property
    def names(self) -> list[str]:
        """Every adapter that is installed."""
        return sorted(self._points)

    def get(self, name: str) -> Adapter[Any]:
        """The adapter of that name.

        Raises:
            Problem: There is none, or a library that it needs is missing.
        """
        if name not in self._points:
            near = nearest(name, self.names)
            advice = f"Did you mean {near}?" if near else f"Installed: {', '.join(self.names) or 'none'}."
            raise Problem("not-found", f"there is no adapter `{name}`", next=advice)
        try:
            adapter = self._points[name].load()
        except ImportError as error:
            raise Problem("not-found", f"the adapter `{name}` cannot be imported: {error}",
                          next=f"In brownfield's checkout: pip install '.[{name}]'") from error  # fmt: skip
        if not isinstance(adapter, Adapter):
            raise Problem("internal", f"the entry point `{name}` is not an Adapter")
        return adapter

    def drafters(self, source: str) -> list[Adapter[Any]]:
        """The adapters that can draft a bundle from this kind of source (`wsdl`, `file`).

        One whose library is missing is left out, unless there is no other: then its problem says what to install.
        """
        found, missing = list[Adapter[Any]](), list[Problem]()
        for name in self.names:
            try:
                found.append(self.get(name))
            except Problem as problem:
                missing.append(problem)
        able = [adapter for adapter in found if source in adapter.draft]
        if not able and missing:
            raise missing[0]
        return able
