"""The events of a ledger as whole rows: id, type, key, data, time. Type, key and time are stored once a chunk."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_WHOLE = """SELECT event.id, head.type, event.data ->> head.key, event.data, head.at FROM bf_event AS event
    JOIN bf_chunk AS head ON head.id = (SELECT max(id) FROM bf_chunk WHERE id <= event.id) ORDER BY event.id"""


def stored(ledger: Path) -> list[tuple[Any, ...]]:
    """All of them, in order."""
    with closing(sqlite3.connect(ledger)) as database:
        rows = database.execute(_WHOLE).fetchall()
    return [(id_, type_, str(key), data, at) for id_, type_, key, data, at in rows]
