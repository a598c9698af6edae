"""Surveying: what lies beside the files of a feed, and is no feed's."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from brownfield.contract import Unavailable
from brownfield.contract.watched import SurveyedFeed
from brownfield.rules.stray import is_due, survey
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.wrapper.bundle import Feed


class Surveying:
    """Knows what the last look at each location saw. What cannot be listed now leaves that, and says so.

    Args:
        kernel: What is open; its `surveys` are kept here.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def look(self, opened: OpenWrapper, feed: Feed, *, asked: bool) -> None:
        """List the location of a feed, unless nobody asked and that was done a moment ago."""
        adapter, place = opened.feeds[feed.table.via].adapter, (opened.id, feed.table.via)
        now = self._kernel.clock.now()
        if not isinstance(adapter, SurveyedFeed) or not (asked or is_due(self._kernel.surveys.get(place), now)):
            return
        others = [one for one in self._surveyed() if one is not adapter]
        try:
            strays = [one for one in adapter.strays() if not any(other.knows(one.address) for other in others)]
        except Unavailable:  # the collect itself says that, if it lasts
            self.lose(opened, feed)
            return
        self._kernel.surveys[place] = survey(strays, now)

    def lose(self, opened: OpenWrapper, feed: Feed) -> None:
        """The location of a feed could not be read now: what the last look saw is no longer told as what lies there."""
        place = (opened.id, feed.table.via)
        if last := self._kernel.surveys.get(place):
            self._kernel.surveys[place] = replace(last, unread=self._kernel.clock.now())

    def told(self, wrapper: str | None = None, connection: str | None = None) -> list[dict[str, Any]]:
        """For each connection beside whose files something lay: how many strays, the oldest by name, since when.

        `looked` is when that was so; `unread` is when the location could not be read since then, if it could not.
        """
        return [
            {"connection": f"{id_}.{name}", "files": seen.files, "names": list(seen.names),
             "since": _instant(seen.since), "looked": _instant(seen.at), "unread": _instant(seen.unread)}
            for (id_, name), seen in sorted(self._kernel.surveys.items())
            if seen.files and wrapper in (None, id_) and connection in (None, name)
        ]  # fmt: skip

    def _surveyed(self) -> Iterator[SurveyedFeed]:
        for opened in self._kernel.wrappers.values():
            for far in opened.feeds.values():
                if isinstance(far.adapter, SurveyedFeed):
                    yield far.adapter


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
