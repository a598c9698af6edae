"""A process that a test may kill. It begins with everything imported, so that many of them cost little."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", "brownfield.edges.cli", "brownfield.testing", "brownfield_files.input"])
"""What all of them need; only what is installed, for the server looks for nothing in our `sys.path`."""


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said.

    Attributes:
        code: 0, or what it left with; minus the signal that killed it.
        out: What it printed.
        err: What it complained of.
    """

    code: int
    out: str
    err: str


class Begun:
    """A process that runs a function of a module; without `environ` its surroundings are ours."""

    def __init__(
        self, function: Callable[..., object], *arguments: object, environ: Mapping[str, str] | None = None
    ) -> None:
        self._said = tempfile.TemporaryDirectory()
        surroundings = dict(os.environ if environ is None else environ)
        self._process = PROCESSES.Process(target=_run, args=(self._said.name, surroundings, function, arguments))
        self._process.start()

    def end(self, patience: float = 60.0) -> Ended:
        """Wait for it, so many seconds."""
        self._process.join(patience)
        assert self._process.exitcode is not None, "it does not come to its end"
        with self._said as folder:
            out, err = (Path(folder, name).read_text() for name in ("out", "err"))
        return Ended(self._process.exitcode, out, err)


def run(function: Callable[..., object], *arguments: object, environ: Mapping[str, str] | None = None) -> Ended:
    """Run a function of a module in a process of its own, to its end or to its death."""
    return Begun(function, *arguments, environ=environ).end()


def _run(said: str, environ: Mapping[str, str], function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for name, descriptor in (("out", 1), ("err", 2)):
        os.dup2(os.open(Path(said, name), os.O_WRONLY | os.O_CREAT), descriptor)
    function(*arguments)
