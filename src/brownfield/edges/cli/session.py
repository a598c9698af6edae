"""What a command finds around it: the terminal, the environment, the home, adapters, the running server."""

import getpass
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import typer

from brownfield.edges.cli.client import Client, NotRunning
from brownfield.edges.cli.terminal import Terminal
from brownfield.rules.problem import Problem
from brownfield.runtime.derived import derived_in
from brownfield.runtime.home import Home
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.runtime.secret import providers


@dataclass(slots=True)
class Session:
    """One run of the command line.

    Attributes:
        terminal: Where results and errors go.
        environ: `BROWNFIELD_HOME`, `BROWNFIELD_KEY`, `BROWNFIELD_SECRETS` and what manifests name.
    """

    terminal: Terminal
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    @classmethod
    def of(cls, context: typer.Context) -> "Session":
        """The session that the door has put into the context."""
        session = context.find_object(cls)
        if session is None:
            raise RuntimeError("a command was run without its door")
        return session

    def close(self) -> None:
        """Close what was opened. May be called twice."""
        self._open.close()

    @property
    def home(self) -> Home:
        """Where this brownfield keeps its things."""
        return Home.find(self.environ)

    @property
    def around(self) -> Surroundings:
        """What bundles are opened with."""
        found = providers(self.environ, self.home.folder)
        return Surroundings(Registry(), found, self.environ, derived_in(self.home))

    @property
    def key(self) -> str:
        """The caller's key.

        Raises:
            Problem: It is not set.
        """
        key = self.environ.get("BROWNFIELD_KEY", "").strip()
        if not key:
            raise Problem("unauthenticated", "BROWNFIELD_KEY is not set",
                          next="export BROWNFIELD_KEY=…; `brownfield keys create` makes a key.")  # fmt: skip
        return key

    @property
    def person(self) -> str:
        """Who sits here, by login."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return "unknown"

    def address(self) -> str:
        """The address of the running server.

        Raises:
            NotRunning: There is none.
        """
        address = self.home.address()
        if address is None:
            raise NotRunning(f"nothing serves {self.home.folder}")
        return address

    def client(self) -> Client:
        """A client of the running server, closed with the session at the latest.

        Raises:
            NotRunning: There is none.
            Problem: There is no key.
        """
        return self._open.enter_context(Client(self.address(), self.key))
