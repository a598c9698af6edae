"""The bundle's commands: `new`, `check`, `lock`, `look`. None needs a server."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from brownfield.contract import Failure, Sight
from brownfield.edges.cli.ending import CONFIG, finding_body
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import plain, table
from brownfield.rules.problem import Problem
from brownfield.runtime import drafting, locking
from brownfield.runtime.home import SETTINGS
from brownfield.runtime.kernel import find_bundles
from brownfield.runtime.secret import variable
from brownfield.runtime.wish import Drawing, Wish, exposed, secret_names
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import MANIFEST

Folders = Annotated[list[Path] | None, typer.Argument(help="Bundles, or folders of bundles. Default: wrappers/")]
Wsdl = Annotated[str | None, typer.Option("--wsdl", metavar="FILE|URL", help="The description of a service.")]
Openapi = Annotated[str | None, typer.Option("--openapi", metavar="FILE|URL", help="An OpenAPI 3 document.")]
File = Annotated[str | None, typer.Option("--file", metavar="SAMPLE", help="A sample of a batch file.")]
Layout = Annotated[str | None, typer.Option("--layout", metavar="FILE", help="Its layout, such as a copybook.")]
_SIGHTS = 2000
"""Fields that `look` shows at most."""


def new(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="The wrapper's id: small letters, digits, _.")],  # noqa: A002
    wsdl: Wsdl = None,
    openapi: Openapi = None,
    file: File = None,
    layout: Layout = None,
    into: Annotated[Path, typer.Option(metavar="DIR", help="The folder of bundles.")] = Path("wrappers"),
    read: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CALL,…",
            help="I say that these calls are reads, or that the feed of the sample is wanted:"
            " expose them, an agent may be granted.",
        ),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOCATION=FILE", help="What the WSDL imports from LOCATION (or as that namespace) is FILE."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The system's name for people. Default: the id.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for the wrapper. Default: your login.")] = None,
    page: Annotated[str | None, typer.Option(help="Who is paged. Default: the owner.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
) -> None:
    """Draw a bundle from a WSDL, an OpenAPI document, or a sample file, with its layout where it has fixed width.

    Only what you say is exposed.

    Example: brownfield new wms --wsdl http://wms.example.com/service?wsdl --read GetItem,GetStock
    """
    here = Session.of(context)
    owner = owner or here.person
    reads = tuple(word.strip() for words in read or [] for word in words.split(",") if word.strip())
    wish = Wish(id, title or id.replace("_", " ").capitalize(), owner, page or owner, reads)
    folder = into / id
    drafting.refuse_to_overwrite(folder)
    sources = named_sources(wsdl, openapi, file, layout)
    if not sources:
        raise typer.BadParameter("new needs --wsdl, --openapi or --file", param_hint="--wsdl")
    sources |= _overridden(override or [])
    with here.terminal.progress(f"Reading {next(iter(sources.values()))} …"):
        drawing = drafting.draw(sources, here.around)
    files = drafting.render(wish, drawing)
    document = {"folder": str(folder), "files": sorted(files), "notes": list(drawing.draft.notes)}
    if dry_run:
        drafting.rehearse(folder, files, here.around)
        here.terminal.give(document, [f"would write {folder / name}" for name in sorted(files)])
        return
    drafting.write(folder, files, here.around)
    settings = drafting.write_settings(into.resolve().parent)
    steps = list(_next_steps(folder, wish, drawing))
    made = sum(path.is_file() for path in folder.rglob("*"))
    said = [f"{folder}: {made} files, locked.", *drawing.draft.notes]
    said += [f"{settings} says that this is a sandbox."] if settings else []
    here.terminal.give(
        document | {"settings": str(settings) if settings else None, "next": steps}, [*said, "Next:", *steps]
    )


def check(context: typer.Context, folders: Folders = None) -> None:
    """Say everything that is wrong with bundles, each with its line and what to do. Nothing is reached."""
    here = Session.of(context)
    around = here.around
    found = {folder: locking.check_folder(folder, around) for folder in _bundles(folders)}
    documents = [
        {"bundle": str(folder), "ok": not _errors(findings), "findings": [finding_body(f) for f in findings]}
        for folder, findings in found.items()
    ]
    ok = all(document["ok"] for document in documents)
    lines = [line for folder, findings in found.items() for line in _checked(folder, findings)]
    here.terminal.give({"ok": ok, "bundles": documents}, lines)
    if not ok:
        raise typer.Exit(CONFIG)


def lock(
    context: typer.Context,
    folders: Folders = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Pin what the vendored files say and what callers see. A bundle that cannot be locked is left as it was."""
    here = Session.of(context)
    documents, lines, failed = [], [], list[Finding]()
    with here.terminal.risk("A bundle that was not reported is as it was."):
        for folder in _bundles(folders):
            try:
                with here.terminal.progress(f"Locking {folder} …"):
                    changes = locking.lock_bundle(folder, here.around, dry_run=dry_run)
            except BundleError as error:
                failed += [_within(folder, finding) for finding in error.findings]
                continue
            documents.append({"bundle": str(folder), "changes": changes})
            done = "would be locked; nothing was written" if dry_run else "locked"
            lines += [f"{folder}: {done if changes else 'nothing has changed'}", *(f"  {c}" for c in changes)]
    here.terminal.give({"dry_run": dry_run, "bundles": documents}, lines)
    if failed:
        raise BundleError(failed)


def look(
    context: typer.Context,
    file: Annotated[str | None, typer.Argument(help="A batch file. Without it, the layout itself is shown.")] = None,
    layout: Layout = None,
    records: Annotated[int, typer.Option(min=1, help="Records to show.")] = 3,
) -> None:
    """Show a batch file field by field: place, bytes and meaning, as its layout or its format has it."""
    here = Session.of(context)
    if layout is None and file is None:
        raise typer.BadParameter("name a file, or the layout of one", param_hint="--layout")
    sources = ({"layout": layout} if layout else {}) | ({"file": file} if file else {})
    shown = list(_sights(here, sources, records))
    documents = [
        {"record": s.record, "kind": s.kind, "name": s.name, "offset": s.offset, "length": s.length,
         "picture": s.picture, "raw": s.raw.hex(), "value": s.value, "reason": s.reason} for s in shown
    ]  # fmt: skip
    rows = [
        (s.record if s.record >= 0 else "", s.kind, s.name, s.offset if s.offset >= 0 else "", s.length, s.picture,
         s.raw.hex(),
         f"! {s.reason}" if s.reason else "" if s.value is None else plain(s.value))
        for s in shown
    ]  # fmt: skip
    columns = ("record", "type", "field", "at", "bytes", "picture", "raw", "value")
    cut = len(shown) >= _SIGHTS
    more = [f"Only the first {_SIGHTS:,} fields are shown: ask for fewer records."] if cut else []
    here.terminal.give({"fields": documents, "cut": cut}, [table(columns, rows), *more])


def _sights(here: Session, sources: dict[str, str], records: int) -> Iterator[Sight]:
    lookers = [a.look for a in map(here.around.registry.get, here.around.registry.names) if a.look]
    if not lookers:
        raise Problem("not-found", "no adapter here can look into files", next="Install one that can.")
    try:
        for number, sight in enumerate(lookers[0](sources)):
            if sight.record >= records or number >= _SIGHTS:
                return
            yield sight
    except (Failure, ValueError) as error:
        raise locking.unreadable(sources.get("layout", sources.get("file", "")), error) from error


def _overridden(override: list[str]) -> dict[str, str]:
    for words in override:
        location, equals, file = words.rpartition("=")
        if not (location and equals and Path(file).is_file()):
            raise typer.BadParameter(
                f"{words} is not LOCATION=FILE, with a file that is there", param_hint="--override"
            )
    return {"override": "\n".join(override)} if override else {}


def named_sources(wsdl: str | None, openapi: str | None, file: str | None, layout: str | None) -> dict[str, str]:
    """What the person named, by the word of its option; one sort of thing at a time."""
    if len([kind for kind in (wsdl, openapi, file or layout) if kind]) > 1:
        raise typer.BadParameter("give one of --wsdl, --openapi and --file", param_hint="--wsdl")
    if layout and not file:
        raise typer.BadParameter("--layout says how to read a --file", param_hint="--file")
    given = {"wsdl": wsdl, "openapi": openapi, "file": file, "layout": layout}
    return {kind: value for kind, value in given.items() if value}


def _bundles(folders: Iterable[Path] | None) -> list[Path]:
    return [bundle for folder in folders or [Path("wrappers")] for bundle in find_bundles(named(folder))]


def named(folder: Path) -> Path:
    """The folder, or the bundle of that name under `wrappers/`: messages name a wrapper by its id."""
    inner = Path("wrappers") / folder
    return inner if len(folder.parts) == 1 and not folder.exists() and (inner / MANIFEST).exists() else folder


def the_bundle(folder: Path) -> Path:
    """The folder of the one bundle that is named.

    Raises:
        BundleError: There is none.
    """
    path = named(folder)
    if not (path / MANIFEST).exists():
        raise BundleError([Finding(str(folder), "is no bundle", "name one by its id or its folder")])
    return path


def _errors(findings: Iterable[Finding]) -> bool:
    return any(finding.level == "error" for finding in findings)


def _within(folder: Path, finding: Finding) -> Finding:
    return Finding(f"{folder}/{finding.where}", finding.message, finding.next, finding.line, finding.level)


def _checked(folder: Path, findings: list[Finding]) -> Iterator[str]:
    """A line per finding; notes that say the same are told once, with their places."""
    yield f"{folder}: {'cannot be used' if _errors(findings) else 'good'}"
    yield from (f"  {finding.level}: {finding}" for finding in findings if finding.level != "note")
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for note in findings:
        if note.level == "note":
            alike[note.message, note.next].append(note.where.removeprefix(f"{MANIFEST}: "))
    for (message, next_step), places in alike.items():
        yield f"  note: {message}; {next_step}: {', '.join(places)}"


def _next_steps(folder: Path, wish: Wish, drawing: Drawing) -> Iterator[str]:
    """The commands from here to an agent that may call, as they can be pasted."""
    draft = drawing.draft
    yield from (f"export {name}=…   # {sentence}" for name, sentence in draft.variables.items())
    yield from (f"export {variable(name)}=…   # the login" for name in secret_names(wish, draft).values())
    names = exposed(wish, draft)
    if not names:
        say = "which calls are reads: effect, calls.read, scope.read" if draft.calls else "agents = true for the feed"
        yield f"edit {folder / MANIFEST}   # say {say}"
        yield f"brownfield lock {folder}"
    operation = names[0] if names else draft.feed or "OPERATION"
    yield f"brownfield keys create my-agent --role agent --person {wish.owner} --grant {wish.id}.{operation}"
    yield f"brownfield up {folder.parent}/   # in the folder of {SETTINGS}"
