"""Every command by name: the table of contents of this door."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Annotated

import typer

from brownfield.edges.cli import (
    audit,
    batch,
    bundle,
    calling,
    deciding,
    drifting,
    events,
    keys,
    operating,
    recording,
    sending,
    serving,
)
from brownfield.edges.cli.door import Command, Door, Group
from brownfield.edges.cli.ending import EXITS
from brownfield.edges.cli.session import Session

_ENVIRONMENT = (
    "Environment: BROWNFIELD_HOME (default ./.brownfield), BROWNFIELD_KEY (your key), "
    "BROWNFIELD_SECRETS (folder of secrets), NO_COLOR."
)
_EPILOG = f"{_ENVIRONMENT}\n\nExit codes: {'; '.join(f'{code} {words}' for code, words in EXITS.items())}."

app = typer.Typer(cls=Door, epilog=_EPILOG, no_args_is_help=True, pretty_exceptions_enable=False)

_Commands = Mapping[str, Callable[..., None]]

_COMMANDS: dict[str, _Commands] = {
    "A bundle": {
        "new": bundle.new,
        "check": bundle.check,
        "lock": bundle.lock,
        "drift": drifting.drift,
        "look": bundle.look,
        "stub": recording.stub,
        "record": recording.record,
        "replay": recording.replay,
    },
    "Running": {"up": serving.up, "serve": serving.serve, "work": serving.work, "mcp": serving.mcp},
    "Using": {"call": calling.call, "collect": operating.collect, "send": sending.send, "events": events.events},
    "Deciding": {"approve": deciding.approve, "decline": deciding.decline, "undo": deciding.undo},
    "Operating": {
        "status": operating.status,
        "halt": operating.halt,
        "resume": operating.resume,
        "ask": operating.ask,
    },
}
for _panel, _commands in _COMMANDS.items():
    for _name, _function in _commands.items():
        app.command(_name, cls=Command, rich_help_panel=_panel)(_function)


def _group(name: str, panel: str, commands: _Commands) -> typer.Typer:
    group = typer.Typer(cls=Group)
    for command, function in commands.items():
        group.command(command, cls=Command)(function)
    app.add_typer(group, name=name, rich_help_panel=panel)
    return group


_group("keys", "Operating", {
    "create": keys.create, "list": keys.listing, "revoke": keys.revoke, "rotate": keys.rotate, "grant": keys.grant,
    "ungrant": keys.ungrant,
}).callback(no_args_is_help=True)(keys.group)  # fmt: skip
_group("audit", "Operating", {"verify": audit.verify, "export": audit.export}).callback(no_args_is_help=True)(
    audit.group
)
_group("batches", "Operating", {
    "resume": batch.resume, "refuse": batch.refuse, "records": batch.records, "correct": batch.correct,
    "replay": batch.replay, "write-off": batch.write_off,
}).callback(invoke_without_command=True)(batch.batches)  # fmt: skip
_group("inputs", "Operating", {
    "show": sending.show, "resend": sending.resend, "withdraw": sending.withdraw,
}).callback(invoke_without_command=True)(sending.inputs)  # fmt: skip
_group("proposals", "Deciding", {
    "show": deciding.show, "done-by-hand": deciding.done_by_hand, "resolve": deciding.resolve,
}).callback(invoke_without_command=True)(deciding.proposals)  # fmt: skip


def _version(context: typer.Context, value: bool) -> None:  # noqa: FBT001  the signature of a Typer callback
    if value:
        number = version("brownfield")
        Session.of(context).terminal.give({"brownfield": number}, [f"brownfield {number}"])
        raise typer.Exit


@app.callback()
def brownfield(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which brownfield this is.")
    ] = False,
) -> None:
    """Wrap a legacy system in a thin typed API that people, programs and AI agents cannot hurt it with."""
