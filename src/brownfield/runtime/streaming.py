"""Events as consumers read them: CloudEvents rendered from the ledger, a page at a time, resumed by position."""

from functools import partial
from typing import Any

import orjson

from brownfield.ledger.chunk import Source
from brownfield.ledger.event import StoredEvent, page
from brownfield.rules.access import Ability, Role
from brownfield.rules.problem import Problem
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel, no_feed
from brownfield.runtime.refusal import audited
from brownfield.runtime.registry import Registry

MOST = 1000
"""Events of one page at most."""


class Streaming:
    """Reads the events that a caller may follow.

    Args:
        kernel: What is open.
        registry: Finds the adapters that render what was kept as records.
    """

    def __init__(self, kernel: Kernel, registry: Registry) -> None:
        self._kernel, self._registry = kernel, registry

    def page(self, caller: Caller, after: int = 0, limit: int = 500, feed: str | None = None) -> dict[str, Any]:
        """Events after a position, and the position to ask after next.

        Args:
            caller: Needs a grant of the feed; without `feed`, whoever oversees reads every feed.
            after: The position of the last page; 0 for the beginning.
            limit: Events at most.
            feed: `inventory.stock_count`.

        Raises:
            Problem: `denied`, or `not-found`.
        """
        wrapper, _, name = (feed or "").partition(".")
        with audited(self._kernel, caller, name or "events", wrapper):
            if feed:
                self._demand(caller, wrapper, name)
            elif not caller.may(Ability.OVERSEE):
                raise Problem("denied", "name the feed that you may follow", next="Add feed=WRAPPER.FEED.")
        with self._kernel.ledger.read() as connection:
            found = page(connection, environment=self._kernel.environment, after=max(0, after),
                         limit=max(1, min(limit, MOST)), feed=name or None, wrapper=wrapper or None,
                         render=partial(rendered, self._registry))  # fmt: skip
        if found.events:  # who follows looks often, and what he was not given is no news
            self._note(caller, len(found.events), found.position, wrapper, name)
        return {"events": [cloud_event(event) for event in found.events], "position": found.position}

    def _note(self, caller: Caller, count: int, position: int, wrapper: str, feed: str) -> None:
        body = {"events": count, "position": position}
        entry = self._kernel.entry("events.read", body, caller.identity, trace=caller.trace, wrapper=wrapper or None,
                                   operation=feed or None)  # fmt: skip
        self._kernel.journal.commit(entry)

    def _demand(self, caller: Caller, wrapper: str, name: str) -> None:
        _, feed = self._kernel.feed(wrapper, name)
        shut = caller.identity.role is Role.AGENT and not feed.table.agents
        if shut or not (caller.may(Ability.FOLLOW, wrapper, name) or caller.may(Ability.OVERSEE)):
            # The same words as for a name that is not there.
            raise no_feed(wrapper, name)
        if not caller.may(Ability.OVERSEE):
            caller.demand(Ability.FOLLOW, wrapper, name)


def rendered(registry: Registry, source: Source) -> bytes:
    """The events of what was kept as records.

    Raises:
        Problem: Nothing installed renders them.
    """
    render = registry.get(source.adapter).render
    if render is None:
        raise Problem("internal", f"the adapter `{source.adapter}` renders no records any more",
                      next=f"in the checkout that collected them: pip install '.[{source.adapter}]'")  # fmt: skip
    return render(source.layout, source.kind, source.data)


def cloud_event(event: StoredEvent) -> dict[str, Any]:
    """The CloudEvents 1.0 envelope, JSON format. `position` is an extension: what to resume after."""
    return {
        "specversion": "1.0",
        "id": f"{event.wrapper}.{event.feed}/{_identity(event)}",
        "source": f"/brownfield/{event.wrapper}/{event.feed}",
        "type": event.type,
        "subject": event.key,
        "time": event.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "position": str(event.id),
        "data": orjson.loads(event.data),
    }


def _identity(event: StoredEvent) -> str:
    """What makes an event of a feed the same one: the record of a file, or the change from one extract to another.

    A state may come back and go again, so a change also says how often its file was taken in before.
    """
    if event.baseline is None:
        return f"{event.sha256}/{event.shape[:16]}/{event.record}"
    return f"{event.baseline or 'none'}/{event.sha256}/{event.replay}/{event.key}"
