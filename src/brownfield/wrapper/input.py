"""What is wrong with how a bundle's writes leave as a file. Which connections are such, whoever knows adapters says."""

from collections.abc import Collection, Iterable, Iterator

from brownfield.wrapper.bundle import Bundle, Operation
from brownfield.wrapper.finding import Finding
from brownfield.wrapper.manifest import AcknowledgementTable, nearest


def check_inputs(bundle: Bundle, inputs: Collection[str]) -> Iterator[Finding]:
    """Every finding.

    Args:
        bundle: Opened.
        inputs: The names of its connections whose writes leave as a file.
    """
    for name, table in bundle.manifest.connections.items():
        where = f"wrapper.toml: connections.{name}"
        if name in inputs:
            yield from _connection(bundle, name, where)
        elif table.acknowledgement is not None or "batch" in table.model_fields_set:
            key = "acknowledgement" if table.acknowledgement is not None else "batch"
            yield Finding(f"{where}.{key}", f"no write through `{name}` leaves as a file", "remove it")
    yield from _shared(bundle, inputs)
    for operation in bundle.operations.values():
        if operation.table.via in inputs:
            yield from _operation(operation)
    for name, schedule in bundle.manifest.schedules.items():
        if schedule.send is not None and schedule.send not in inputs:
            said = f"`{schedule.send}` is no connection whose writes leave as a file"
            yield Finding(f"wrapper.toml: schedules.{name}.send", said, _meant(schedule.send, inputs))


def _connection(bundle: Bundle, name: str, where: str) -> Iterator[Finding]:
    table = bundle.manifest.connections[name].acknowledgement
    if table is None:
        yield Finding(where, "nothing tells what becomes of its records", "say acknowledgement = { feed = … }")
        return
    where = f"{where}.acknowledgement"
    feed = bundle.feeds.get(table.feed)
    if feed is None:
        yield Finding(f"{where}.feed", f"no feed `{table.feed}`", _meant(table.feed, bundle.feeds))
    else:
        known = list(feed.data.get("properties", {}))
        for word, field in table.fields.items():
            if field not in known:
                yield Finding(f"{where}.{word}", f"the events of {table.feed} have no field `{field}`",
                              _meant(field, known))  # fmt: skip
    if both := sorted(set(table.accepted) & set(table.rejected)):
        yield Finding(f"{where}.rejected", f"`{both[0]}` is accepted and rejected", "decide: one")
    yield from _argument(bundle, name, table, where)


def _shared(bundle: Bundle, inputs: Collection[str]) -> Iterator[Finding]:
    """Each connection counts its files from its own beginning: one answer to file 1 would settle two files 1."""
    first: dict[str, str] = {}
    for name, connection in bundle.manifest.connections.items():
        if name not in inputs or connection.acknowledgement is None:
            continue
        other = first.setdefault(connection.acknowledgement.feed, name)
        if other != name:
            yield Finding(f"wrapper.toml: connections.{name}.acknowledgement.feed",
                          f"`{connection.acknowledgement.feed}` answers `{other}` already, whose files have the same "
                          "numbers", "give each connection a feed of its own")  # fmt: skip


def _argument(bundle: Bundle, name: str, table: AcknowledgementTable, where: str) -> Iterator[Finding]:
    for operation in (one for one in bundle.operations.values() if one.table.via == name):
        taken = list(operation.input.get("properties", {}))
        if table.argument is not None and table.argument not in taken:
            yield Finding(f"{where}.argument", f"`{operation.name}` takes no `{table.argument}`",
                          _meant(table.argument, taken))  # fmt: skip


def _operation(operation: Operation) -> Iterator[Finding]:
    where = f"wrapper.toml: operations.{operation.name}"
    if operation.effect != "write":
        yield Finding(f"{where}.effect", "what leaves as a file is a write", 'say effect = "write"')
    if operation.handler is not None:
        yield Finding(where, "what leaves as a file is its arguments as a record: no function is asked",
                      "name its record type: call = …")  # fmt: skip
    if operation.table.reconcile is not None:
        yield Finding(f"{where}.reconcile", "it is not asked of what leaves as a file", "remove it", level="warning")


def _meant(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = nearest(word, names)
    return f"did you mean `{near}`?" if near else f"known: {', '.join(names) or 'none'}"
