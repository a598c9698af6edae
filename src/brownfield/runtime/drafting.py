"""A bundle for a system never seen: drawn by an adapter, rendered so that a person can finish it in minutes.

Nothing is exposed unless the person said so, call by call: a name that looks like a read proves nothing.
"""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from brownfield.contract import Draft, DraftCall, Failure, Sources
from brownfield.rules.problem import Problem
from brownfield.runtime.home import SETTINGS
from brownfield.runtime.locking import lock_bundle, unreadable
from brownfield.runtime.opening import Surroundings
from brownfield.wrapper.manifest import MANIFEST, Name, nearest

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN = 160
"""Characters of a comment."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says of the bundle that an adapter cannot know.

    Attributes:
        id: The wrapper's id.
        title: The system's name for people.
        owner: Who answers for the wrapper.
        page: Who is paged when it does wrong.
        read: Calls declared to be reads, by the far side's name or by ours, and the feed: exposed, and grantable to
            an agent.

    Raises:
        Problem: The id is none.
    """

    id: str
    title: str
    owner: str
    page: str
    read: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            TypeAdapter(Name).validate_python(self.id)
        except ValidationError:
            raise Problem("invalid", f"`{self.id}` is no id: small letters, digits and _, beginning with a letter",
                          next="Choose another id.") from None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """A draft with the adapter that made it."""

    adapter: str
    draft: Draft


def draw(sources: Sources, around: Surroundings) -> Drawing:
    """Ask the adapter that can read such a source for a draft.

    Raises:
        Problem: No adapter can, or the source cannot be reached or read.
    """
    kind = next(iter(sources))
    drafters = around.registry.drafters(kind)
    if not drafters:
        raise Problem("not-found", f"no adapter can draft a bundle from --{kind}", next="Install one that can.")
    try:
        return Drawing(drafters[0].name, drafters[0].draft[kind](sources))
    except (Failure, ValueError) as error:
        raise unreadable(sources[kind], error) from error


def render(wish: Wish, drawing: Drawing) -> dict[str, bytes]:
    """The files that a person would otherwise have to write, by path within the bundle.

    Raises:
        Problem: A declared read is not there.
    """
    reads = _declared(wish, drawing.draft)
    files = {
        MANIFEST: "\n".join(_manifest(wish, drawing, reads)) + "\n",
        "README.md": "\n".join(_readme(wish, drawing.draft)) + "\n",
    }
    return {path: text.encode() for path, text in files.items()} | dict(drawing.draft.files)


def write(folder: Path, files: Mapping[str, bytes], around: Surroundings) -> None:
    """Make the bundle and lock it: all of it, or nothing.

    Raises:
        Problem: There is something already: nothing is overwritten.
        BundleError: What was rendered cannot be locked.
    """
    refuse_to_overwrite(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        made = Path(place) / folder.name
        made.mkdir()
        for name, content in files.items():
            path = (made / name).resolve()
            if not path.is_relative_to(made.resolve()):
                raise Problem("internal", f"the adapter wants to write {name}, outside the bundle")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        lock_bundle(made, around)
        made.rename(folder)


def exposed(wish: Wish, draft: Draft) -> list[str]:
    """The names that an agent may be granted at once: what was declared."""
    return [*_declared(wish, draft), *([draft.feed] if draft.feed and draft.feed in wish.read and draft.key else [])]


def refuse_to_overwrite(folder: Path) -> None:
    """Return when nothing is in the way.

    Raises:
        Problem: Something is.
    """
    if folder.exists():
        raise Problem("conflict", f"{folder} is there already; nothing was written",
                      next="Choose another id or another --into, or take it away.")  # fmt: skip


def write_settings(folder: Path) -> Path | None:
    """A `brownfield.toml` for a sandbox beside the wrappers, unless there is one; the path of the new one."""
    path = folder / SETTINGS
    if path.exists():
        return None
    path.write_text(
        "# The one environment of this brownfield. Keys, proposals and audit entries carry its name, and a key of one\n"
        "# environment is no key of another. Only in a sandbox may a wrapper be live without a promotion.\n"
        'environment = "sandbox"\n'
        '# timezone = "Europe/Paris"   # in which questions are asked and answered\n',
        "utf-8",
    )
    return path


def _declared(wish: Wish, draft: Draft) -> dict[str, DraftCall]:
    """The calls that the person declared reads, by our name."""
    by_word = {word: call for call in draft.calls for word in (call.name, call.call)}
    known = sorted({*by_word, *([draft.feed] if draft.feed else [])})
    errors = [
        {"path": word, "message": "there is no such call", "allowed": nearest(word, known) or known}
        for word in wish.read
        if word not in known
    ]
    if errors:
        raise Problem("not-found", f"no such call: {', '.join(str(error['path']) for error in errors)}",
                      next="Correct --read; nothing was written.", errors=tuple(errors))  # fmt: skip
    return {by_word[word].name: by_word[word] for word in wish.read if word in by_word}


def _manifest(wish: Wish, drawing: Drawing, reads: Mapping[str, DraftCall]) -> Iterator[str]:
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
    for guess, calls in _by_guess(drawing.draft.calls):
        yield f"# ---- {_comment(guess)} " + "-" * max(0, 60 - len(guess))
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
    yield '# timezone = "Europe/Paris"   # required where the system\'s times name no zone'
    yield f'# secrets.read = {{ password = "{wish.id}/{draft.connection}-read" }}   # a name, never the secret'
    if draft.calls:
        yield "# What each far-side call does, declared by a person. A call in neither list cannot be made."
        yield f"calls.read  = {toml([call.call for call in reads.values()])}"
        yield "calls.write = []"
        rest = [call for call in draft.calls if call.name not in reads]
        for guess, calls in _by_guess(rest):
            yield f"# {_comment(guess)}: {toml([call.call for call in calls])}"
    yield 'limits = { concurrency = 4, per_second = 20, deadline = "30s" }'
    yield ""


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
    yield f"[operations.{call.name}]"
    yield f"via = {toml(draft.connection)}"
    yield f"call = {toml(call.call)}"
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
    kind = "detail" if "detail" in records else next(iter(records), "detail")
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


def _readme(wish: Wish, draft: Draft) -> Iterator[str]:
    target = f"{wish.id}.{next(iter(exposed(wish, draft)), 'OPERATION')}"
    yield f"# {wish.title}\n"
    yield f"A wrapper for brownfield. What it exposes stands in `{MANIFEST}`, what it was drawn from in `contract/`.\n"
    yield "```console"
    yield f"$ brownfield check wrappers/{wish.id}    # what is wrong, all of it at once"
    yield f"$ brownfield lock wrappers/{wish.id}     # after every change: pins what callers see"
    yield from (f"$ export {name}=…    # {_comment(text)}" for name, text in draft.variables.items())
    yield f"$ brownfield keys create my-agent --role agent --person you@example.com --grant {target}"
    yield "$ brownfield up wrappers/"
    yield "```"


def _event_type(wrapper: str, feed: str) -> str:
    return f"{_hyphens(wrapper)}.{_hyphens(feed)}.v1"


def _hyphens(name: str) -> str:
    return "-".join(part for part in re.split(r"[^a-z0-9]+", name.lower()) if part)


def _comment(text: str) -> str:
    """Words from the far side as one short line: TOML forbids control characters even in a comment."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
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
