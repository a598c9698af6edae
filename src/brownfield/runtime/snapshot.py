"""Snapshots: a full extract becomes the changes since the extract before it, by key.

    records → state (sorted by key) → held against the state of the extract before → tolerance → changes, in order

Everything but the changes already committed can be done again with the same outcome: the extract before is the
last one that was taken in, and its state is held against the sha256 that was stored with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from brownfield.contract import Checkpoint, Documents, Drifted, fingerprint
from brownfield.ledger.batch import BatchFile, last_taken, load_checkpoint, save_checkpoint, set_baseline, told_in_part
from brownfield.ledger.count import file_counts
from brownfield.rules.snapshot import Counts, Tolerance, suspicion
from brownfield.runtime.difference import Change, changes
from brownfield.runtime.joining import joined, refuse_twice
from brownfield.runtime.kernel import Kernel
from brownfield.runtime.state import State, intact, text_of, write_state
from brownfield.wrapper.bundle import Feed
from brownfield.wrapper.manifest import SnapshotTable

AT_ONCE = 5_000
"""Changes of one transaction."""


@dataclass(frozen=True, slots=True)
class _Baseline:
    """The extract before: its file's sha256, and its state."""

    sha256: str
    state: State


class Snapshot:
    """The snapshots of one feed.

    Args:
        kernel: What is open.
        feed: The feed.
        table: What the manifest says of them.
    """

    def __init__(self, kernel: Kernel, feed: Feed, table: SnapshotTable) -> None:
        self._kernel, self._feed, self._table = kernel, feed, table
        self._folder = kernel.home.folder / "snapshots" / f"{feed.wrapper}.{feed.name}"
        self._terms = fingerprint([feed.table.record, feed.table.key, list(table.ignore)])

    def changes(self, file: BatchFile, records: Iterable[Documents]) -> Iterator[tuple[Documents, Checkpoint]]:
        """The changes that are not committed yet, each piece with the position after it; at least one piece.

        Args:
            file: The extract.
            records: All its records. They are read to their end before the first change is given.

        Raises:
            Rejected: It is no snapshot: `no-key`, `duplicate-key`.
            Unavailable: It is not sorted by its key, and DuckDB is not installed.
            Drifted: A person has to look first.
        """
        with self._kernel.ledger.read() as connection:
            done = load_checkpoint(connection, file.id)
        baseline, state = self._baseline(file), self._state(file, records)
        same = file.baseline == (baseline.sha256 if baseline else "") and done.context.get("state") == state.sha256
        if not same:
            self._begin(file, baseline, state)
        yield from self._pieces(baseline, state, done.record if same else 0)

    def _begin(self, file: BatchFile, baseline: _Baseline | None, state: State) -> None:
        """Begin to tell an extract's changes; with the first, where those that were told are of another difference."""
        with self._kernel.ledger.read() as connection:
            events, _ = file_counts(connection, file.id)
        if events:
            raise Drifted("what it is held against, or how it is read, has changed since its first changes were told;"
                          " resume this file to have told what differs now")  # fmt: skip
        self._refuse_suspicious(file, baseline, state)
        with self._kernel.ledger.write() as connection:
            set_baseline(connection, file.id, baseline.sha256 if baseline else "")
            save_checkpoint(connection, file.id, Checkpoint(), self._kernel.clock.now())

    def _pieces(self, baseline: _Baseline | None, state: State, number: int) -> Iterator[tuple[Documents, Checkpoint]]:
        context = {"state": state.sha256, "records": state.keys, "sorted": state.sorted, "terms": self._terms}
        left = islice(self._between(baseline, state), number, None)
        while True:
            piece = list(islice(left, AT_ONCE))
            numbers = range(number, number + len(piece))
            number += len(piece)
            documents = Documents(numbers, [text_of(one.key) for one in piece], list(map(_line, piece)))
            yield documents, Checkpoint(number, context=context)
            if len(piece) < AT_ONCE:
                return

    def _between(self, baseline: _Baseline | None, state: State) -> Iterator[Change]:
        if baseline is None or (baseline.state.sorted and state.sorted):
            return changes(baseline.state.path if baseline else None, state.path)
        return joined(baseline.state, state, self._folder / "spill")

    def _baseline(self, file: BatchFile) -> _Baseline | None:
        """The extract that was taken in last; None the first time, and where a person said to begin anew.

        Raises:
            Drifted: Its state is not what it was, it was read otherwise, or one after it was told in part.
        """
        with self._kernel.ledger.read() as connection:
            last = last_taken(connection, file.wrapper, file.feed, file.id)
            context = load_checkpoint(connection, last.id).context if last else {}
            part = told_in_part(connection, file.wrapper, file.feed, last.id if last else 0, file.id)
        if part is not None and file.resumes is None:
            raise Drifted(f"the extract before, {part.name}, was told in part: resume that one first; or resume this"
                          " file to have told how it differs from the last one that was taken in whole")  # fmt: skip
        if last is None:
            return None
        state = State(self._path(last.id), int(context.get("records", 0)), bool(context.get("sorted")),
                      str(context.get("state", "")))  # fmt: skip
        if not intact(state.path, state.sha256):
            if file.resumes is not None:
                return None
            raise Drifted(f"the state of the extract before, {last.name}, is gone or was changed; resume this file to"
                          " have each of its keys told as created")  # fmt: skip
        if (last.shape, context.get("terms")) != (file.shape, self._terms) and file.resumes is None:
            raise Drifted(f"the layout has changed since the extract before, {last.name}, or the feed is declared"
                          " otherwise; resume this file to have told what differs")  # fmt: skip
        return _Baseline(last.sha256, state)

    def _state(self, file: BatchFile, records: Iterable[Documents]) -> State:
        """The state of this extract. What a killed run left of one is written again."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return write_state(self._path(file.id), records, self._table.ignore)

    def _refuse_suspicious(self, file: BatchFile, baseline: _Baseline | None, state: State) -> None:
        if baseline is None:
            if not state.sorted:
                refuse_twice(state, self._folder / "spill")
            return
        counts = _counted(self._between(baseline, state), baseline.state.keys, state.keys)
        reason = suspicion(Tolerance(self._table.most_deleted, self._table.most_changed), counts)
        if reason and file.resumes is None:
            raise Drifted(f"{reason}. No change was told")

    def forget(self, file: BatchFile) -> None:
        """Remove the states that are needed no longer: all but that of this extract, which was taken in."""
        for path in self._folder.glob("*.state"):
            if path != self._path(file.id):
                path.unlink(missing_ok=True)

    def _path(self, file_id: int) -> Path:
        return self._folder / f"{file_id}.state"


def _counted(found: Iterator[Change], before: int, after: int) -> Counts:
    created = deleted = every = 0
    for change in found:
        every += 1
        created += change.before is None
        deleted += change.after is None
    return Counts(before, after, created, every - created - deleted, deleted)


def _line(change: Change) -> bytes:
    """The event of one change."""
    sides = [(b"before", change.before), (b"after", change.after)]
    told = b"".join([b',"%b":%b' % (name, document) for name, document in sides if document is not None])
    kind = b"created" if change.before is None else b"deleted" if change.after is None else b"updated"
    return b'{"change":"%b"%b}\n' % (kind, told)
