"""The frame around every command: `--json`, one way to fail, and Ctrl-C."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from brownfield.edges.cli.ending import Interrupted, ending
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import Terminal


def _machine(context: typer.Context, value: bool) -> bool:  # noqa: FBT001  the signature of a Typer callback
    if value:
        Session.of(context).terminal.machine = True
    return value


def _json_option() -> Any:
    """The option, built by Typer from a command of no other use, so that it need not stand in every signature."""
    donor = typer.Typer(add_completion=False)

    @donor.command()
    def command(
        *,
        json: Annotated[
            bool, typer.Option("--json", callback=_machine, is_eager=True, help="For programs: JSON, errors too.")
        ] = False,
    ) -> None: ...

    option = next(param for param in typer.main.get_command(donor).params if param.name == "json")
    option.expose_value = False
    return option


class Command(TyperCommand):
    """A command that also takes `--json`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_json_option())


class Group(TyperGroup):
    """A group of commands that also takes `--json`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_json_option())


class Door(Group):
    """The whole command line: whatever is raised below ends here, in words and a code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C becomes an error like any other."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run and exit."""
        given = list(sys.argv[1:] if args is None else args)
        # A line that cannot be parsed is refused before the option is seen.
        session = Session(Terminal(machine="--json" in given))
        try:
            code = super().main(given, *rest, **extra | {"standalone_mode": False, "obj": session})
        except Exception as error:  # noqa: BLE001  nothing ends with a traceback
            end = ending(error, session.terminal.unfinished)
            session.terminal.complain(end.document, end.lines)
            code = end.code
        finally:
            session.close()
        sys.exit(code if isinstance(code, int) else 0)
