"""What a command says: for a person on a terminal, or as JSON for a program. Errors and progress go to stderr."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

import orjson
from rich.console import Console, RenderableType
from rich.status import Status
from rich.table import Column, Table
from rich.text import Text

_PIPE_WIDTH = 4000
"""Columns where no terminal sets a width: a line in a pipe is one line, so that grep finds it."""

_LOOK_EVERY = 2.0


class Terminal:
    """Both streams and the form that the caller asked for.

    Attributes:
        machine: Whether stdout is for a program (`--json`): one document, or one per line.
        unfinished: What did and what did not happen if Ctrl-C comes now, one sentence.
    """

    def __init__(self, *, machine: bool = False) -> None:
        self.machine = machine
        self.unfinished = "Nothing was changed."

    def give(self, document: Any, human: Iterable[RenderableType] = ()) -> None:
        """Give a result: the document to a program, the lines and tables to a person."""
        if self.machine:
            self._write(sys.stdout, document)
        else:
            self._print(sys.stdout, human)

    def bare(self, document: Any, text: str) -> None:
        """Give a result that a shell may catch with `$(…)`: the text alone, with nothing around it."""
        if self.machine:
            self._write(sys.stdout, document)
        else:
            sys.stdout.write(text + "\n")

    def tell(self, line: str) -> None:
        """Give one line of a command that runs on and has no end to report."""
        self.give({"message": line}, [line])

    def note(self, *lines: RenderableType) -> None:
        """Tell a person something beside the result."""
        if not self.machine:
            self._print(sys.stderr, lines)

    def complain(self, document: Any, human: Iterable[RenderableType]) -> None:
        """Say what went wrong."""
        if self.machine:
            self._write(sys.stderr, document)
        else:
            self._print(sys.stderr, human)

    @contextmanager
    def progress(self, what: str, look: Callable[[], str] | None = None) -> Iterator[None]:
        """Show that something long is under way, if a person is watching; every two seconds, what `look` says of it."""
        console = _console(sys.stderr)
        if self.machine or not console.is_terminal:
            yield
            return
        ended = threading.Event()
        with console.status(safe(what)) as status:
            if look:
                threading.Thread(target=_watch, args=(status, look, ended), daemon=True).start()
            try:
                yield
            finally:
                ended.set()

    @contextmanager
    def risk(self, sentence: str) -> Iterator[None]:
        """While the block runs, Ctrl-C leaves things as `sentence` says."""
        before, self.unfinished = self.unfinished, sentence
        yield
        self.unfinished = before

    @property
    def interactive(self) -> bool:
        """Whether there is somebody who can be asked."""
        return sys.stdin.isatty() and not self.machine

    def _write(self, stream: IO[str], document: Any) -> None:
        stream.write(orjson.dumps(document, default=str).decode() + "\n")
        stream.flush()

    def _print(self, stream: IO[str], human: Iterable[RenderableType]) -> None:
        console = _console(stream)
        for part in human:
            text = safe(part) if isinstance(part, str) else part
            console.print(text, markup=False, highlight=False, soft_wrap=isinstance(part, str))


def _watch(status: Status, look: Callable[[], str], ended: threading.Event) -> None:
    while not ended.wait(_LOOK_EVERY):
        with suppress(Exception):  # what is under way does not end because nobody can say how far it is
            status.update(safe(look()))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table; every cell is made safe, and wraps where a terminal is narrow: nothing is cut."""
    headed = [Column(name, overflow="fold") for name in columns]
    made = Table(*headed, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*("" if cell is None else Text(safe(str(cell))) for cell in row))
    return made


def onward(found: dict[str, Any]) -> list[str]:
    """The line under a list that is not the whole list: how to see the rest; none where it is."""
    return [f"That is not all: the same with --after {found['after']} goes on."] if found.get("more") else []


def safe(text: str) -> str:
    """Text that may come from far away, without anything that a terminal obeys or that turns what a reader sees."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def plain(value: object) -> str:
    """A value on one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _console(stream: IO[str]) -> Console:
    # Made anew each time: the streams may have been replaced since, by a test or by a pipe.
    console = Console(file=stream)
    return console if console.is_terminal else Console(file=stream, width=_PIPE_WIDTH)
