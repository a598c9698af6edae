"""Counting what the ledger holds."""

from sqlalchemy import Connection, func, select

from brownfield.ledger import schema
from brownfield.ledger.chunk import RECORD_BITS


def file_counts(connection: Connection, file_id: int) -> tuple[int, int]:
    """How many events and how many quarantined records a file has so far, a killed run's included."""
    low, high = file_id << RECORD_BITS, (file_id + 1) << RECORD_BITS
    rows = select(func.count()).where(schema.event.c.id >= low, schema.event.c.id < high)
    chunks = select(func.sum(schema.chunk.c.count)).where(schema.chunk.c.id >= low, schema.chunk.c.id < high)
    quarantined = select(func.count()).where(schema.quarantine.c.file == file_id)
    events = (connection.scalar(rows) or 0) + (connection.scalar(chunks) or 0)
    return events, connection.scalar(quarantined) or 0


def proposal_counts(connection: Connection) -> dict[str, int]:
    """How many proposals there are in each state."""
    states = schema.proposal.c.state
    rows = connection.execute(select(states, func.count()).group_by(states))
    return {str(row[0]): int(row[1]) for row in rows}
