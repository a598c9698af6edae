"""Working without the system: `stub` stands in for it, `record` keeps what it says, `replay` holds the bundle to it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import RenderableType

from brownfield.edges.cli.bundle import the_bundle
from brownfield.edges.cli.calling import document, split
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import plain, table
from brownfield.rules.exchange import Recording
from brownfield.rules.masking import Masks
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import open_assembly
from brownfield.runtime.opening import unset
from brownfield.runtime.recording import load, masked, save, secrets_of, settled
from brownfield.runtime.recording import record as record_one
from brownfield.runtime.replaying import difference, replaying
from brownfield.runtime.secret import variable
from brownfield.runtime.stub import Answers, application, read_faults, samples, serving, stubs, variables
from brownfield.wrapper.bundle import Bundle, open_bundle

_DIFFERENT = 65
_SHOWN = 100
"""Characters of arguments."""
Named = Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle: its id, or its folder.")]


def stub(
    context: typer.Context,
    bundle: Named,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On which port. Default: one that is free.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="CALL=FAULT", help="Answer each such call with this declared fault, or with unavailable or"
                     " uncertain."),
    ] = None,
) -> None:  # fmt: skip
    """Stand in for the systems of a bundle: their own protocol, answered with what was recorded, else with samples.

    Example: brownfield stub inventory --port 8811 --fault GetStock=StockFault
    """
    here = Session.of(context)
    opened, around = open_bundle(the_bundle(bundle)), here.around
    found = stubs(opened, around)
    if not found:
        raise Problem("not-found", f"no adapter of {opened.id} can stand in for its system",
                      next="Stubs are there for systems that are called over HTTP.")  # fmt: skip
    made = {name: samples(opened, name, one, around) for name, one in found.items()}
    faults = read_faults(fault or [], made)
    recorded = [exchange for one in load(opened.folder) for exchange in one.exchanges]
    doors = {}

    def told(call: str, why: str) -> None:
        here.terminal.note(f"{call}: {why}")

    for name, one in found.items():
        mine = [exchange for exchange in recorded if exchange.connection == name]
        answers = Answers(made[name], opened.contracts[name], mine, faults, told)
        doors[name] = application(opened, name, one, around, answers.invoke)
    with serving(doors, port) as address:
        leads = variables(opened, found, address)
        calls = sum(map(len, made.values()))
        said = {"bundle": opened.id, "address": address, "variables": leads, "calls": calls, "recorded": len(recorded)}
        here.terminal.give(said, _exports(here, opened, leads))
        here.terminal.note(f"Standing in for {opened.manifest.title}: {calls} calls, {len(recorded)} recorded. "
                           "Nothing is kept. Ctrl-C ends it.")  # fmt: skip
        with here.terminal.risk("The stub has ended."):
            Event().wait()


def _exports(here: Session, bundle: Bundle, leads: dict[str, str]) -> Iterator[str]:
    """The lines that lead `up` to the stub, so that a shell can take them in."""
    yield from (f"export {name}={value}" for name, value in leads.items())
    tables = bundle.manifest.connections
    sides = [side for one in tables.values() for side in (one.secrets.read, one.secrets.write)]
    names = sorted({name for side in sides for name in side.values()})
    missing = [name for name in names if not any(provide(name) for provide in here.around.secrets)]
    yield from (f"export {variable(name)}=stub   # any value will do" for name in missing)
    others = {name for one in tables.values() for name in unset(one.settings, here.environ)} - leads.keys()
    yield from (f"# up needs {name} too: nothing stands in for what it leads to" for name in sorted(others))


def record(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(metavar="WRAPPER.OPERATION", help="A read, as inventory.get_stock is.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE…", help="As for `call`.")] = None,
    wrappers: Annotated[Path, typer.Option(help="The folder of bundles.")] = Path("wrappers"),
    mask: Annotated[list[str] | None, typer.Option(metavar="FIELD", help="Mask this field's values too.")] = None,
    keep: Annotated[list[str] | None, typer.Option(metavar="FIELD", help="Keep this field's values.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Call and mask, and write nothing.")] = False,
) -> None:
    """Make a read, and keep what the system answered, masked, as a test of the bundle. No server may be running.

    Example: brownfield record inventory.get_stock sku=A-100 site=LYON
    """
    here = Session.of(context)
    wrapper, name = split(operation)
    with open_assembly(wrappers, here.environ, chain="cli") as assembly:
        opened, declared = assembly.kernel.operation(wrapper, name)
        given = document(arguments or [], declared.input)
        raw = asyncio.run(record_one(assembly, here.key, wrapper, name, given))
        masks = Masks(secrets_of(opened, assembly), frozenset(mask or ()), frozenset(keep or ()))
        with replaying(opened.bundle.folder, here.around) as again:
            told = settled(raw, masked(opened, raw, masks), again, masks)
        path = None if dry_run else save(opened.bundle.folder, told)
    here.terminal.give(
        {"file": str(path) if path else None, "exchanges": len(told.exchanges), "masked": masks.masked,
         "outcome": "failed" if told.failure else "answered"},
        _recorded(told, masks, path),
    )  # fmt: skip


def _recorded(told: Recording, masks: Masks, path: Path | None) -> Iterator[str]:
    ended = f"the system said no ({told.failure.code or 'without a code'})" if told.failure else "it was answered"
    calls = ", ".join(one.call for one in told.exchanges)
    yield f"{told.operation}: {ended}. Far-side calls: {calls or 'none'}."
    yield f"Masked: {', '.join(masks.masked) or 'nothing'}. Secrets never leave the adapter."
    yield f"{path}: read it before you commit it; --mask FIELD takes out more." if path else "Nothing was written."


def replay(context: typer.Context, bundle: Named) -> None:
    """Hold a bundle against everything that was recorded of it: its own code, the real wire, and no system.

    Example: brownfield replay inventory
    """
    here = Session.of(context)
    folder = the_bundle(bundle)
    recordings = load(folder)
    if not recordings:
        raise Problem("not-found", f"nothing was recorded of {folder}", next="Record a read with `brownfield record`.")
    with here.terminal.progress("Replaying …"), replaying(folder, here.around) as again:
        found = [(one, difference(one, again(one))) for one in recordings]
    failed = [one for one, words in found if words]
    documents = [{"operation": one.operation, "arguments": one.arguments, "ok": not words, "difference": words}
                 for one, words in found]  # fmt: skip
    rows = [(one.operation, _given(one), words or "as recorded") for one, words in found]
    told: list[RenderableType] = [
        table(("operation", "arguments", ""), rows),
        f"{len(found)} replayed, {len(failed)} differ.",
    ]
    here.terminal.give({"ok": not failed, "recordings": documents}, told)
    if failed:
        raise typer.Exit(_DIFFERENT)


def _given(one: Recording) -> str:
    """The arguments on one line that a terminal can hold."""
    line = " ".join(f"{name}={plain(value)}" for name, value in one.arguments.items())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
