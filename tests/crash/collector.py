"""Collect the nightly feed, or another, in a process of its own that dies at the n-th time it comes to a place.

`collect`, or `collector.py WRAPPERS PLACE N`; PLACE is `inside` a chunk's transaction, `after` one, `before-VERB` or
`after-VERB` of the adapter (claim, arrivals, settle), `told-STEP`: inside the transaction that tells a step (seen,
ready, claimed, staged, collecting, preflighted, committed, settled), `cramped`: with a ledger that cannot grow by more
than N bytes, or `nowhere`.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from brownfield.runtime import committing
from brownfield.runtime.assembly import open_assembly


def dying(function, times, *, after):
    """The function, that dies at the n-th call."""
    left = [times]

    def call(*arguments, **named):
        left[0] -= 1
        if left[0] == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **named)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


def collect(wrappers: Path, place: str, times: int, wrapper: str = "inventory", feed: str = "stock_count") -> None:
    """Collect a feed, and print a line a file."""
    if place == "inside":
        committing.save_checkpoint = dying(committing.save_checkpoint, times, after=True)
    if place == "after":
        committing.Committing._commit = dying(committing.Committing._commit, times, after=True)
    with open_assembly(wrappers, os.environ) as assembly:
        opened, bound = assembly.kernel.feed(wrapper, feed)
        when, _, what = place.partition("-")
        if when in {"before", "after"} and what:
            adapter = opened.feeds["nightly"].adapter
            setattr(adapter, what, dying(getattr(adapter, what), times, after=when == "after"))
        if place == "cramped":
            most = (Path(os.environ["BROWNFIELD_HOME"]) / "ledger.db-wal").stat().st_size + times
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        if when == "told":
            add, journal = assembly.kernel.journal.add, assembly.kernel.journal

            def tell(connection, *entries):
                add(connection, *entries)
                if any(entry.event == f"batch.{what}" for entry in entries):
                    os.kill(os.getpid(), signal.SIGKILL)

            journal.add = tell
        for file in assembly.collecting.run(opened, bound):
            print(file["name"], file["state"], file.get("events", 0), file.get("quarantined", 0), file["note"])


if __name__ == "__main__":
    collect(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
