"""A draft as text: the manifest that a person finishes, its README, its samples. Pure: nothing is read or written."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from brownfield.contract import Draft, DraftCall
from brownfield.contract.stub import Sample
from brownfield.runtime.wish import Drawing, Wish, exposed, secret_names
from brownfield.wrapper.manifest import MANIFEST

SAMPLES = "samples"
"""The folder of a bundle with a sample of every call."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN = 160
"""Characters of a comment."""
_NAMED = 8
"""Fields that a comment names."""
_LONGEST = 400
"""Characters of a placeholder."""


def manifest(wish: Wish, drawing: Drawing, reads: Mapping[str, DraftCall]) -> Iterator[str]:
    """The lines of `wrapper.toml`.

    Args:
        wish: What the person said.
        drawing: What the adapter drew.
        reads: The calls declared to be reads, by our name.
    """
    yield from (
        "# What this system may be asked, and by whom. Facts only: an auditor reads this without running Python.",
        "# Drawn by `brownfield new`; from here on it is yours. After every change: brownfield lock",
        f"id    = {toml(wish.id)}",
        f"title = {toml(wish.title)}",
        'mode  = "read-only"   # people carry approved writes out by hand; "live" lets brownfield make them',
        "",
        "[scope]   # the four-line scope document; `brownfield check` holds it against the rest",
        f"system_of_record = {toml(wish.title)}   # for which data does this system win when two disagree?",
        'class = "record"   # record | engagement | last-resort (a spreadsheet)',
        f"read  = {toml(sorted(reads))}",
        "write = []",
        f"owner = {toml(wish.owner)}   # who answers for this wrapper",
        f"page  = {toml(wish.page)}   # who is called when it does wrong",
        "",
    )
    yield from _connection(wish, drawing, reads)
    grouped = _by_group(drawing.draft.calls)
    for group, calls in grouped:
        if len(grouped) > 1:
            yield f"# ---- {group or 'other'} " + "-" * max(0, 60 - len(group))
        for call in calls:
            yield from _operation(drawing.draft, call, declared=call.name in reads)
    if drawing.draft.feed:
        yield from _feed(wish, drawing.draft)


def _connection(wish: Wish, drawing: Drawing, reads: Mapping[str, DraftCall]) -> Iterator[str]:
    draft = drawing.draft
    yield from (f"# {_comment(note)}" for note in draft.notes)
    yield f"[connections.{draft.connection}]"
    yield f"adapter = {toml(drawing.adapter)}"
    yield from (line for name, value in draft.settings.items() for line in _setting(_key(name), value))
    yield from (f"# {name}: {_comment(text)}" for name, text in draft.variables.items())
    yield from _options(wish, draft)
    if draft.calls:
        yield "# What each far-side call does, declared by a person. A call in neither list cannot be made."
        yield f"calls.read  = {toml([call.call for call in reads.values()])}"
        yield "calls.write = []"
        rest = [call for call in draft.calls if call.name not in reads]
        for guess, calls in _by_guess(rest):
            yield f"# {_comment(guess)}: {toml([call.call for call in calls])}"
    yield 'limits = { concurrency = 4, per_second = 20, deadline = "30s" }'
    yield ""


def _options(wish: Wish, draft: Draft) -> Iterator[str]:
    """Placeholders: what the contract may need and only a person knows. A secret is named, never written."""
    for name, value in draft.options.items():
        line = _printable(f"# {name} = {toml(value)}")
        yield line if len(line) <= _LONGEST else f"# {name} = {{ … }}   # {_named(value)}"
    if draft.times:
        yield '# timezone = "Europe/Paris"   # required where the system\'s times name no zone'
    names = secret_names(wish, draft)
    said = toml(names or {"password": f"{wish.id}/password"})
    yield f"{'' if names else '# '}secrets.read = {said}   # names, never the secrets"


def _by_group(calls: Iterable[DraftCall]) -> list[tuple[str, list[DraftCall]]]:
    """Calls by what they are about, those about nothing in common last; of each, what seems to be a read first."""
    found: dict[str, list[DraftCall]] = {}
    for call in sorted(calls, key=lambda call: ("read" not in call.guess, call.guess, call.name)):
        found.setdefault(call.group, []).append(call)
    return sorted(found.items(), key=lambda item: (not item[0], item[0]))


def _by_guess(calls: Iterable[DraftCall]) -> list[tuple[str, list[DraftCall]]]:
    """Calls by what their names suggest, what seems to be a read first."""
    guesses: dict[str, list[DraftCall]] = {}
    for call in calls:
        guesses.setdefault(call.guess, []).append(call)
    return sorted(guesses.items(), key=lambda item: ("read" not in item[0], item[0]))


def _setting(name: str, value: Any) -> Iterator[str]:
    """A setting on one line; a table of tables, or a list of them, on one line each."""
    inner = list(value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ())
    if not inner or not all(isinstance(item, Mapping) for item in inner):
        yield f"{name} = {toml(value)}"
    elif isinstance(value, Mapping):
        yield from (f"{name}.{_key(key)} = {toml(item)}" for key, item in value.items())
    else:
        yield from (f"{name} = [", *(f"  {toml(item)}," for item in inner), "]")


def _operation(draft: Draft, call: DraftCall, *, declared: bool) -> Iterator[str]:
    if call.documentation:
        yield f"# {_comment(call.documentation)}"
    shape = draft.contract.operations.get(call.call)
    if shape is not None:
        yield f"# takes {_named(shape.input.get('properties'))}; gives {_named(shape.output.get('properties'))}"
    yield f"[operations.{call.name}]"
    yield f"via = {toml(draft.connection)}"
    yield f"call = {toml(call.call)}"
    if not call.documentation:
        yield '# description = "…"   # the system says nothing of it: one sentence that people and agents choose by'
    if declared:
        yield 'effect = "read"   # declared with --read'
        yield "agents = true     # may be granted to an agent; it is not granted yet"
    elif "write" in call.guess:
        yield f'# effect = "write"   # {_comment(call.guess)}: decide; it needs key, and undo or irreversible, too'
    elif "read" in call.guess:
        yield f'# effect = "read"   # {_comment(call.guess)}: decide, then name it in calls and scope too'
        yield "# agents = true"
    else:
        yield f"# effect = …   # {_comment(call.guess)}: read or write, decide, then name it in calls and scope too"
        yield "# agents = true"
    yield ""


def _feed(wish: Wish, draft: Draft) -> Iterator[str]:
    records = draft.contract.records
    kind = draft.record or ("detail" if "detail" in records else next(iter(records), "detail"))
    fields = ", ".join(records[kind].fields.get("properties", {})) if kind in records else ""
    mark = "" if draft.key else "# "
    yield from (
        "# The events of a feed are read by whoever is granted it.",
        f"{mark}[feeds.{draft.feed}]",
        f"{mark}via = {toml(draft.connection)}",
        f"{mark}emits = {toml(_event_type(wish.id, draft.feed or ''))}",
        f"{mark}record = {toml(kind)}   # its fields: {_comment(fields)}",
        f"{mark}key = {toml(draft.key or '')}   # the field that says which thing a record is about: check it",
        "agents = true" if draft.feed in exposed(wish, draft) else "# agents = true   # may be granted to an agent",
        "",
        f"# [schedules.{_hyphens(draft.feed or '')}]",
        f"# feed = {toml(draft.feed)}",
        '# cron = "0 3 * * *"',
        '# timezone = "Europe/Paris"',
        "",
    )


def readme(wish: Wish, draft: Draft) -> Iterator[str]:
    """The lines of the bundle's README."""
    target = f"{wish.id}.{next(iter(exposed(wish, draft)), draft.feed or 'OPERATION')}"
    yield f"# {wish.title}\n"
    yield f"A wrapper for brownfield. What it exposes stands in `{MANIFEST}`, what it was drawn from in `contract/`.\n"
    if draft.samples:
        yield f"`{SAMPLES}/` has a sample request and reply of every call; `brownfield stub` answers with them.\n"
    yield "```console"
    yield f"$ brownfield check wrappers/{wish.id}    # what is wrong, all of it at once"
    yield f"$ brownfield lock wrappers/{wish.id}     # after every change: pins what callers see"
    if draft.samples:
        yield f"$ brownfield stub wrappers/{wish.id}     # stands in for the system, as long as it is not there"
    yield from (f"$ export {name}=…    # {_comment(text)}" for name, text in draft.variables.items())
    yield f"$ brownfield keys create my-agent --role agent --person you@example.com --grant {target}"
    yield "$ brownfield up wrappers/"
    if draft.feed:
        yield f"$ brownfield collect {wish.id}.{draft.feed} --dry-run    # which files lie there, waiting for what"
        yield f"$ brownfield collect {wish.id}.{draft.feed}              # takes them in, and moves them to archive/"
    yield "```"


def _event_type(wrapper: str, feed: str) -> str:
    return f"{_hyphens(wrapper)}.{_hyphens(feed)}.v1"


def _hyphens(name: str) -> str:
    return "-".join(part for part in re.split(r"[^a-z0-9]+", name.lower()) if part)


def samples(draft: Draft) -> Iterator[tuple[str, bytes]]:
    """The files with a sample of each call, which are also what a stub answers."""
    names = {call.call: call.name for call in draft.calls}
    for sample in draft.samples:
        yield f"{SAMPLES}/{names[sample.call]}.json", sample_text(sample)


def sample_text(sample: Sample) -> bytes:
    """A sample as JSON that a person can edit."""
    document = {"call": sample.call, "fields": sample.fields, "reply": sample.reply, "faults": sample.faults}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _named(fields: Mapping[str, Any] | None) -> str:
    """The first few names of fields."""
    names = list(fields or {})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return _comment(", ".join(names[:_NAMED]) + more or "nothing")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _comment(text: str) -> str:
    """Words from the far side as one short line: TOML forbids control characters even in a comment."""
    line = " ".join(_printable(text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def toml(value: Any) -> str:
    """A value as TOML on one line.

    Raises:
        TypeError: It is none that a manifest may hold.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            return "{ " + ", ".join(f"{_key(name)} = {toml(inner)}" for name, inner in value.items()) + " }"
        case Iterable():
            return "[" + ", ".join(map(toml, value)) + "]"
    raise TypeError(f"a manifest cannot hold {type(value).__name__}")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else toml(name)
