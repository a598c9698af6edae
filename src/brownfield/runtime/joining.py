"""Changes between two states of which one is in no order: a join by DuckDB, which spills to the disk where it must."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brownfield.contract import Rejected, Unavailable
from brownfield.runtime.difference import Change
from brownfield.runtime.state import State, text_of

MEMORY = "256MB"
"""Memory that a join may take."""

AT_ONCE = 10_000
INSTALL = "pip install '.[snapshots]'"

_LINES = "delim = '\t', quote = '', escape = '', header = false"
_READ = f"read_csv({{}}, columns = {{{{'key': 'VARCHAR', 'text': 'VARCHAR'}}}}, auto_detect = false, {_LINES})"
_CHANGES = f"""
    SELECT key, a.text, b.text FROM {_READ.format("$before")} a FULL JOIN {_READ.format("$after")} b USING (key)
    WHERE a.text IS DISTINCT FROM b.text ORDER BY key
"""  # noqa: S608  no input in it
_TWICE = f"SELECT key FROM {_READ.format('$after')} GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 1"  # noqa: S608


def joined(before: State, after: State, spill: Path) -> Iterator[Change]:
    """What differs, in the order of keys.

    Args:
        before: The earlier state; each of its keys is there once.
        after: The later one.
        spill: A folder for what does not fit into memory.

    Raises:
        Rejected: Two records of the later state have the same key, which is known at the end.
        Unavailable: DuckDB is not installed.
    """
    created, deleted, twice, last = 0, 0, False, None
    with _database(spill) as database:
        found = database.execute(_CHANGES, {"before": str(before.path), "after": str(after.path)})
        while rows := found.fetchmany(AT_ONCE):
            for key, old, new in rows:
                created, deleted = created + (old is None), deleted + (new is None)
                twice, last = twice or key == last, key
                yield Change(key.encode(), _bytes(old), _bytes(new))
    # Each later record was joined with one earlier one at most: unless a key is there twice, as many are in both.
    if twice or after.keys - created != before.keys - deleted:
        refuse_twice(after, spill)


def refuse_twice(state: State, spill: Path) -> None:
    """Raise `Rejected` when two records of a state have the same key, `Unavailable` when DuckDB is not installed."""
    with _database(spill) as database:
        twice = database.execute(_TWICE, {"after": str(state.path)}).fetchone()
    if twice:
        raise Rejected(f"two records have the key {text_of(twice[0].encode())!r}", code="duplicate-key")


@contextmanager
def _database(spill: Path) -> Iterator[Any]:
    try:
        import duckdb  # noqa: PLC0415  optional
    except ImportError as missing:
        # Nothing is wrong with the extract: it waits where it is.
        words = f"the extract is not sorted by its key, and to compare it takes DuckDB: {INSTALL}"
        raise Unavailable(words) from missing
    shutil.rmtree(spill, ignore_errors=True)  # a killed run's: a part of an extract
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(spill)}) as database:
        yield database


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
