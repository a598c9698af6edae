"""What is wrong with a bundle, all of it at once. Pure over an opened bundle; nothing is reached."""

from collections.abc import Iterable, Iterator, Mapping

from brownfield.contract import JsonSchema
from brownfield.wrapper.bundle import Bundle, Operation, make_lock
from brownfield.wrapper.finding import Finding
from brownfield.wrapper.lock import LOCK, lock_command, pinned
from brownfield.wrapper.manifest import Confirmation, Reading, nearest
from brownfield.wrapper.path import lost

RESERVED = frozenset({"proposals", "events", "batches", "status", "ask", "audit", "halt", "resume", "keys", "systems",
                      "console", "docs", "openapi", "schedules", "collect", "send", "inputs"})  # fmt: skip
"""Ids that are paths of the doors already."""


def check_bundle(bundle: Bundle) -> list[Finding]:
    """Every finding, errors first."""
    findings = [*_manifest(bundle), *_scope(bundle), *_calls(bundle), *_bound(bundle), *_schedules(bundle)]
    for operation in bundle.operations.values():
        findings += _operation(bundle, operation)
    for feed in bundle.feeds.values():
        findings += [*_feed_key(bundle, feed.name), *_feed_sink(bundle, feed.name)]
    return sorted(findings, key=lambda finding: ("error", "warning", "note").index(finding.level))


def check_lock(bundle: Bundle) -> list[Finding]:
    """How the bundle differs from its lock. A difference of source or surface keeps it from starting."""
    if bundle.lock is None:
        return [Finding(LOCK, "there is none", f"run `{lock_command(bundle.folder)}`")]
    now, then = make_lock(bundle), bundle.lock
    review = f"review the change, then run `{lock_command(bundle.folder)}`"
    findings = [Finding(path, "differs from the locked source", review) for path in _differing(now.source, then.source)]
    findings += [
        Finding(f"surface of {name}", "callers would see something else than was locked", review)
        for name in _differing(now.surface, then.surface)
    ]
    return findings + [
        Finding(
            f"shape of {connection}.{call}",
            "differs from the lock: what it touches is stopped",
            review,
            None,
            "warning",
        )
        for connection, calls in drifted_calls(bundle).items()
        for call in sorted(calls)
    ]


def drifted_calls(bundle: Bundle) -> dict[str, frozenset[str]]:
    """Per connection, the far-side calls and records whose shape is not the locked one."""
    locked = bundle.lock.calls if bundle.lock else {}
    return {
        connection: frozenset(
            name
            for name, fingerprints in pinned(contract).items()
            if name not in locked.get(connection, {}) or locked[connection][name].shape != fingerprints.shape
        )
        for connection, contract in bundle.contracts.items()
    }


def _differing(now: dict[str, str], then: dict[str, str]) -> list[str]:
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def _manifest(bundle: Bundle) -> Iterator[Finding]:
    if bundle.id in RESERVED:
        yield Finding("wrapper.toml: id", f"`{bundle.id}` is a path of brownfield's own", "choose another id")
    for kind, tables in (("operations", bundle.manifest.operations), ("feeds", bundle.manifest.feeds)):
        for name, table in tables.items():
            if table.via not in bundle.manifest.connections:
                near = nearest(table.via, list(bundle.manifest.connections))
                yield Finding(f"wrapper.toml: {kind}.{name}.via", f"no connection `{table.via}`",
                              f"did you mean `{near}`?" if near else "declare it under [connections]")  # fmt: skip
    for name in bundle.manifest.operations.keys() & bundle.manifest.feeds.keys():
        yield Finding(f"wrapper.toml: {name}", "is an operation and a feed", "rename one: grants name both alike")
    for name, table in bundle.manifest.operations.items():
        if table.effect is None:
            yield Finding(f"wrapper.toml: operations.{name}", "not exposed: nobody declared its effect",
                          'say effect = "read" or "write"', level="note")  # fmt: skip


def _scope(bundle: Bundle) -> Iterator[Finding]:
    scope = bundle.manifest.scope
    for effect, named in (("read", scope.read), ("write", scope.write)):
        exposed = {o.name for o in bundle.operations.values() if o.effect == effect}
        for name in sorted(exposed - set(named)):
            yield Finding(f"wrapper.toml: scope.{effect}", f"does not name `{name}`", "add it, or do not expose it")
        for name in sorted(set(named) - exposed):
            yield Finding(f"wrapper.toml: scope.{effect}", f"names `{name}`, which is not exposed as a {effect}",
                          "declare the operation, or remove it here")  # fmt: skip


def _calls(bundle: Bundle) -> Iterator[Finding]:
    for name, table in bundle.manifest.connections.items():
        offered = list(bundle.contracts[name].operations)
        for call in (*table.calls.read, *table.calls.write):
            if call not in offered:
                near = nearest(call, offered)
                yield Finding(f"wrapper.toml: connections.{name}.calls", f"the contract has no call `{call}`",
                              f"did you mean `{near}`?" if near else "run `brownfield lock`")  # fmt: skip
        for call in sorted(set(table.calls.read) & set(table.calls.write)):
            yield Finding(f"wrapper.toml: connections.{name}.calls", f"`{call}` is in both lists", "decide: one")


def _bound(bundle: Bundle) -> Iterator[Finding]:
    operations, feeds = set(bundle.manifest.operations), set(bundle.manifest.feeds)
    stray = {
        "operation": bundle.wrapper.operations.keys() - operations,
        "impact": bundle.wrapper.impacts.keys() - operations,
        "feed": bundle.wrapper.feeds.keys() - feeds,
    }
    for kind, names in stray.items():
        for name in sorted(names):
            yield Finding(f"wrapper.py: {kind} {name}", "the manifest declares no such name", "declare or remove it")


def _operation(bundle: Bundle, operation: Operation) -> Iterator[Finding]:
    where, table = f"wrapper.toml: operations.{operation.name}", operation.table
    connection = bundle.manifest.connections.get(table.via)
    calls = connection.calls if connection else None
    if calls and table.call and table.call not in (calls.read if operation.effect == "read" else calls.write):
        yield Finding(where, f"the far-side call `{table.call}` is not declared a {operation.effect}",
                      f"add it to calls.{operation.effect} of {table.via}, if that is what it does")  # fmt: skip
    if not operation.description:
        yield Finding(where, "has no description", "say in one sentence what it gives", level="warning")
    if operation.handler and table.via not in operation.handler.connections:
        yield Finding(where, f"its function takes no `{table.via}` before the slash", f"add `{table.via}: Call, /`")
    for name in set(operation.handler.connections if operation.handler else ()) - bundle.manifest.connections.keys():
        yield Finding(where, f"its function takes `{name}`, which is no connection", "declare it")
    if operation.effect == "write" and table.shared:
        yield Finding(where, "a write is not cached, nor shared by callers", "remove `cache` and `single_flight`")
    if operation.effect == "write":
        yield from _write(bundle, operation, where)


def _write(bundle: Bundle, operation: Operation, where: str) -> Iterator[Finding]:
    table = operation.table
    if table.key is None or table.key not in operation.input.get("required", ()):
        yield Finding(where, "`key` must name a required argument that makes a repeated write one write", "say key = …")
    if (table.undo is None) == (table.irreversible is None):
        yield Finding(where, "must say either `undo` or `irreversible`", 'undo = {…}, or irreversible = "why"')
    connection = bundle.manifest.connections.get(table.via)
    if table.confirm is None and connection is not None and connection.acknowledgement is not None:
        pass  # what became of it is told by the acknowledgement
    elif table.confirm is None:
        yield Finding(where, "has no `confirm`: nothing is read back", "name a read that shows it", level="warning")
    elif not _proves(bundle, operation, table.confirm):
        yield Finding(f"{where}.confirm", "proves nothing: no field is compared but what the read was asked for",
                      "say expect = { FIELD = VALUE }", level="warning")  # fmt: skip
    others = {"before": (table.before, "read"), "confirm": (table.confirm and table.confirm.operation, "read"),
              "reconcile": (table.reconcile and table.reconcile.operation, "read"),
              "undo": (table.undo and table.undo.operation, "write")}  # fmt: skip
    for word, (name, effect) in others.items():
        other = bundle.operations.get(name) if name else None
        if name and (other is None or other.effect != effect):
            yield Finding(f"{where}.{word}", f"`{name}` is not an exposed {effect}", "name one that is")
    yield from _readings(bundle, operation, where)


def _readings(bundle: Bundle, operation: Operation, where: str) -> Iterator[Finding]:
    """The arguments of what is read before, after and instead, and of what reverses a write, against the schemas."""
    table = operation.table
    before = bundle.operations.get(table.before or "")
    arguments, result = {"arguments": operation.input}, {"result": operation.output}
    look = {"before": before.output} if before else {}
    known: dict[str, tuple[Reading | None, dict[str, JsonSchema]]] = {
        "confirm": (table.confirm, arguments | result),
        "reconcile": (table.reconcile, arguments),
        "undo": (table.undo, arguments | result | look),
    }
    for word, (reading, scopes) in known.items():
        target = bundle.operations.get(reading.operation) if reading else None
        if reading and target:
            yield from _bindings(reading, target, scopes, f"{where}.{word}")
    if before:
        missing = set(before.input.get("required", ())) - operation.input.get("properties", {}).keys()
        yield from _lacking(before, missing, f"{where}.before")
    if table.confirm and (shown := bundle.operations.get(table.confirm.operation)):
        for name in table.confirm.expect:
            if said := lost(f"result.{name}", {"result": shown.output}):
                yield Finding(f"{where}.confirm.expect", said, f"name a field of what {shown.name} gives")


def _bindings(reading: Reading, target: Operation, scopes: Mapping[str, JsonSchema], where: str) -> Iterator[Finding]:
    """What is wrong with the arguments of one of them."""
    taken = target.input.get("properties", {})
    for name, rule in reading.args.items():
        if name not in taken:
            near = nearest(name, list(taken))
            step = f"did you mean `{near}`?" if near else f"it takes: {', '.join(taken) or 'nothing'}"
            yield Finding(f"{where}.args", f"`{target.name}` takes no `{name}`", step)
        if isinstance(rule, str) and (said := lost(rule, scopes)):
            yield Finding(f"{where}.args", said, "correct it; a text of its own is { literal = … }")
    yield from _lacking(target, set(target.input.get("required", ())) - reading.args.keys(), where)


def _lacking(target: Operation, missing: Iterable[str], where: str) -> Iterator[Finding]:
    for name in sorted(missing):
        yield Finding(where, f"`{target.name}` needs `{name}`, which it is not given", "give it, or name another read")


def _proves(bundle: Bundle, operation: Operation, confirm: Confirmation) -> bool:
    """Whether a read-back compares anything that it was not asked for by: an id that comes back shows no write."""
    look = bundle.operations.get(confirm.operation)
    shown = look.output.get("properties", {}).keys() if look else ()
    return bool(confirm.expect) or bool((operation.input.get("properties", {}).keys() & shown) - confirm.args.keys())


def _feed_key(bundle: Bundle, name: str) -> Iterator[Finding]:
    feed = bundle.feeds[name]
    known, snapshot = list(feed.record.get("properties", {})), feed.table.snapshot
    if feed.table.key not in known:
        yield Finding(
            f"wrapper.toml: feeds.{name}.key", f"the event has no field `{feed.table.key}`", "name one it has"
        )
    if snapshot and feed.table.sink != "rows":
        yield Finding(f"wrapper.toml: feeds.{name}.sink", "changes are kept as rows", 'say sink = "rows"')
    for ignored in snapshot.ignore if snapshot else ():
        if ignored not in known or ignored == feed.table.key:
            yield Finding(f"wrapper.toml: feeds.{name}.snapshot.ignore", f"`{ignored}` is no field beside the key",
                          f"did you mean `{nearest(ignored, known)}`?")  # fmt: skip


def _feed_sink(bundle: Bundle, name: str) -> Iterator[Finding]:
    feed = bundle.feeds[name]
    if feed.table.sink == "raw" and feed.function is not None:
        yield Finding(f"wrapper.toml: feeds.{name}.sink", "its events are what a function makes, not its records",
                      'say sink = "chunks"')  # fmt: skip


def _schedules(bundle: Bundle) -> Iterator[Finding]:
    for name, table in bundle.manifest.schedules.items():
        where = f"wrapper.toml: schedules.{name}"
        if sum(name is not None for name in (table.feed, table.operation, table.send)) != 1:
            yield Finding(where, "must name one of feed, operation and send", "keep one")
        if table.feed and table.feed not in bundle.feeds:
            yield Finding(where, f"no feed `{table.feed}`", "declare it")
        target = bundle.operations.get(table.operation) if table.operation else None
        if table.operation and (target is None or target.effect != "read"):
            yield Finding(where, f"`{table.operation}` is not an exposed read",
                          "a scheduled write needs a standing approval, which is not there yet")  # fmt: skip
