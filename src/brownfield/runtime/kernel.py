"""The kernel: opens bundles and knows no adapter. Every door stands on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brownfield.contract import Fields
from brownfield.ledger.audit import Entry
from brownfield.ledger.store import Ledger
from brownfield.rules.access import Identity
from brownfield.rules.drift import Sighting, Stop
from brownfield.rules.problem import Problem
from brownfield.rules.stray import Survey
from brownfield.runtime.clock import Clock
from brownfield.runtime.connection import CallConnection, FeedConnection, InputConnection, WriteCall
from brownfield.runtime.demand import demands
from brownfield.runtime.home import Home, Settings
from brownfield.runtime.journal import Journal
from brownfield.runtime.key import KeyRing
from brownfield.runtime.opening import Surroundings, input_names, open_calls, open_feeds, open_inputs, unset
from brownfield.runtime.recent import Recent
from brownfield.runtime.validator import Validator
from brownfield.wrapper.bundle import Bundle, Feed, Operation, open_bundle
from brownfield.wrapper.check import check_bundle, check_lock
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.input import check_inputs
from brownfield.wrapper.manifest import MANIFEST


@dataclass(frozen=True, slots=True)
class OpenWrapper:
    """One bundle with its connections open and its schemas compiled.

    Attributes:
        bundle: What the folder declares.
        calls: The read side of the call connections, by name.
        feeds: The feed connections, by name.
        validators: By operation.
        stops: Per connection, what the live system stops now; both sides of a connection share it.
        inputs: The connections whose writes leave as a file, by name; nothing can be put by these.
    """

    bundle: Bundle
    calls: Mapping[str, CallConnection]
    feeds: Mapping[str, FeedConnection]
    validators: Mapping[str, Validator]
    stops: Mapping[str, dict[str, Stop]] = field(default_factory=dict)
    inputs: Mapping[str, InputConnection] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The wrapper's id."""
        return self.bundle.id

    @property
    def title(self) -> str:
        """The system's name for people."""
        return self.bundle.manifest.title

    @property
    def source_class(self) -> str:
        """How far the system is to be trusted: record, engagement or last-resort."""
        return self.bundle.manifest.scope.source_class

    def stopped(self, operation: Operation) -> bool:
        """Whether drift stops the call that an operation stands for."""
        table = operation.table
        far = self.inputs.get(table.via) or self.calls[table.via]
        return table.call is not None and far.stopped(table.call, operation.effect)

    @property
    def filed(self) -> list[Operation]:
        """The writes that leave as a file."""
        return [one for one in self.bundle.operations.values() if one.table.via in self.inputs]

    def close(self) -> None:
        """Close every connection."""
        for far in self.inputs.values():
            far.close()
        for call in self.calls.values():
            call.close()
        for feed in self.feeds.values():
            feed.close()


@dataclass(frozen=True, slots=True)
class Kernel:
    """Everything that a running brownfield shares.

    Attributes:
        home: Where its things are.
        settings: `brownfield.toml`.
        ledger: The one durable store.
        journal: Writes the audit.
        keys: Recognises callers.
        clock: The time.
        around: Adapters, secrets and environment, for whoever opens connections.
        wrappers: The open bundles by id.
        recent: What was answered a moment ago, where the manifest lets it be answered again.
        writing: Per proposal, the write call of this process that was begun and not awaited to its end.
        sightings: Per wrapper and connection, what the last look at the live system saw.
        surveys: Per wrapper and connection, what the last look at the location saw beside its files.
    """

    home: Home
    settings: Settings
    ledger: Ledger
    journal: Journal
    keys: KeyRing
    clock: Clock
    around: Surroundings
    wrappers: Mapping[str, OpenWrapper]
    writing: dict[str, WriteCall] = field(default_factory=dict)
    recent: Recent = field(default_factory=Recent)
    sightings: dict[tuple[str, str], Sighting] = field(default_factory=dict)
    surveys: dict[tuple[str, str], Survey] = field(default_factory=dict)

    @property
    def environment(self) -> str:
        """The environment that keys, proposals and entries carry."""
        return self.settings.environment

    def operation(self, wrapper: str, name: str) -> tuple[OpenWrapper, Operation]:
        """An exposed operation.

        Raises:
            Problem: `not-found`: there is none, or nobody declared its effect.
        """
        opened = self.wrappers.get(wrapper)
        if opened is None or name not in opened.bundle.operations:
            raise Problem("not-found", f"there is no operation {wrapper}.{name}")
        return opened, opened.bundle.operations[name]

    def feed(self, wrapper: str, name: str) -> tuple[OpenWrapper, Feed]:
        """A feed.

        Raises:
            Problem: `not-found`.
        """
        opened = self.wrappers.get(wrapper)
        if opened is None or name not in opened.bundle.feeds:
            raise no_feed(wrapper, name)
        return opened, opened.bundle.feeds[name]

    def entry(self, event: str, body: Fields, who: Identity | None = None, *, trace: str = "",
              about: Fields | None = None, wrapper: str | None = None, operation: str | None = None,
              proposal: str | None = None) -> Entry:  # fmt: skip
        """An audit entry with what every entry says: when, where, who, of which system.

        Args:
            event: A word of the closed vocabulary.
            body: What else is to be known; personal fields already masked.
            who: Whose doing it is; None for brownfield's own.
            trace: Ties it to a request.
            about: The values by which it can be found, as they are: only commitments of them are kept.
            wrapper: The bundle.
            operation: The operation or feed.
            proposal: The proposal.
        """
        opened = self.wrappers.get(wrapper or "")
        facts = {
            "environment": self.environment,
            "person": who.person if who else None,
            "role": who.role.value if who else None,
            "system": opened.title if opened else None,
            "trace": trace or None,
        }
        known = {name: value for name, value in facts.items() if value is not None}
        name = who.name if who else None
        return Entry(event, self.clock.now(), known | dict(body), name, wrapper, operation, proposal, about or {})

    def close(self) -> None:
        """Close connections, then the journal, then the ledger."""
        for opened in self.wrappers.values():
            opened.close()
        self.journal.close()
        self.ledger.close()


def no_feed(wrapper: str, name: str) -> Problem:
    """That there is no such feed, in the same words for one that is not there and for one that is hidden."""
    full = f"{wrapper}.{name}" if name else f"{wrapper}: a feed is WRAPPER.FEED"
    return Problem("not-found", f"there is no feed {full}", next="`brownfield status` has the names.")


def find_bundles(folder: Path) -> list[Path]:
    """The bundle folders in `folder`, or `folder` itself when it is one.

    Raises:
        BundleError: There is none.
    """
    if (folder / MANIFEST).exists():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    if not found:
        raise BundleError([Finding(str(folder), "holds no bundle", "make one with `brownfield new ID --wsdl …`")])
    return found


def open_wrapper(folder: Path, settings: Settings, around: Surroundings) -> OpenWrapper:
    """Open one bundle for use; reaches nothing, so it starts while its system is down.

    Raises:
        BundleError: With everything that keeps it from starting.
    """
    bundle = open_bundle(folder)
    findings = [*check_bundle(bundle), *check_lock(bundle), *_refusals(bundle, settings, around)]
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        raise BundleError(errors)
    validators = {name: Validator(o.input, o.output, o.handler.arguments if o.handler else None)
                  for name, o in bundle.operations.items()}  # fmt: skip
    stops: dict[str, dict[str, Stop]] = {name: {} for name in bundle.manifest.connections}
    calls, feeds = open_calls(bundle, "read", around, stops), open_feeds(bundle, around, stops)
    return OpenWrapper(bundle, calls, feeds, validators, stops, open_inputs(bundle, "read", around))


def open_wrappers(folders: Sequence[Path], settings: Settings, around: Surroundings) -> dict[str, OpenWrapper]:
    """Open bundles; two of the same id are refused.

    Raises:
        BundleError: With everything that keeps any of them from starting.
    """
    opened: dict[str, OpenWrapper] = {}
    for folder in folders:
        wrapper = open_wrapper(folder, settings, around)
        if wrapper.id in opened:
            raise BundleError([Finding(str(folder), f"the id `{wrapper.id}` is taken by another bundle", "rename it")])
        opened[wrapper.id] = wrapper
    return opened


def _refusals(bundle: Bundle, settings: Settings, around: Surroundings) -> list[Finding]:
    findings = [
        Finding(f"wrapper.toml: connections.{name}", f"the variable {variable} is not set", f"export {variable}=…")
        for name, table in bundle.manifest.connections.items()
        for variable in unset(table.settings, around.environ)
    ]
    findings += demands(bundle.folder, bundle.manifest, around)
    findings += check_inputs(bundle, input_names(bundle.manifest, around))
    if bundle.manifest.mode == "live" and not settings.sandbox:
        findings.append(Finding("wrapper.toml: mode", f"live in {settings.environment} needs a promotion",
                                'say mode = "read-only"; writes are then done by hand'))  # fmt: skip
    return findings
