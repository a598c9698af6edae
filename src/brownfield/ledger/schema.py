"""The tables of the ledger. Every time is an integer of UTC microseconds; every document is canonical JSON text.

The prefix keeps our tables apart from those of an engine that may share the file one day.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Row, Table, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
AnyRow = Row[*tuple[Any, ...]]
Id = BigInteger().with_variant(Integer(), "sqlite")

identity = Table(
    "bf_identity",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

key = Table(
    "bf_key",
    metadata,
    Column("prefix", Text, primary_key=True),  # shown in lists; finds the row
    Column("identity", Text, ForeignKey("bf_identity.id"), nullable=False, index=True),
    Column("mac", LargeBinary, nullable=False),  # HMAC-SHA-256 of the whole key: the key itself is not kept
    Column("environment", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

grant = Table(
    "bf_grant",
    metadata,
    Column("identity", Text, ForeignKey("bf_identity.id"), primary_key=True),
    Column("wrapper", Text, primary_key=True),
    Column("operation", Text, primary_key=True),  # an operation or a feed; * for an operator only
    Column("granted_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

halt = Table(
    "bf_halt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("scope", Text, nullable=False),  # everything | identity:NAME | wrapper:ID | operation:ID.NAME
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("resumed_by", Text),
    Column("resumed_at", BigInteger),
    Index(
        "ix_bf_halt_active",
        "scope",
        unique=True,
        sqlite_where=text("resumed_at IS NULL"),
        postgresql_where=text("resumed_at IS NULL"),
    ),
)

chain = Table(
    "bf_chain",
    metadata,
    Column("id", Text, primary_key=True),  # one per writer
    Column("key_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

entry = Table(
    "bf_entry",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("chain", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),  # gapless within the chain, from 1
    Column("at", BigInteger, nullable=False, index=True),
    Column("event", Text, nullable=False),  # the closed vocabulary of rules.sentence
    Column("identity", Text),
    Column("wrapper", Text),
    Column("operation", Text),
    Column("proposal", Text),
    Column("body", LargeBinary, nullable=False),  # the exact bytes that the mac covers
    Column("mac", LargeBinary, nullable=False),
    Index("uq_bf_entry_chain_seq", "chain", "seq", unique=True),
    Index("ix_bf_entry_identity_at", "identity", "at"),
    Index(  # each index is a page more to write for every call, and few entries are of a proposal
        "ix_bf_entry_proposal",
        "proposal",
        sqlite_where=text("proposal IS NOT NULL"),
        postgresql_where=text("proposal IS NOT NULL"),
    ),
)

subject = Table(
    "bf_subject",
    metadata,
    Column("token", LargeBinary, primary_key=True),  # keyed commitment of one argument's value: finds, does not tell
    Column("entry", Id, primary_key=True),
    sqlite_with_rowid=False,
)

proposal = Table(
    "bf_proposal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("wrapper", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("key", Text),  # NULL once the key is free again
    Column("surface", Text, nullable=False),  # of the operation when it was proposed
    Column("before", Text),  # state read when it was proposed, shown to the approver
    Column("before_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),  # of all that an approval binds
    Column("impact", Text),  # {"minor": int, "currency": str}, NULL = unknown
    Column("tier", Text, nullable=False),
    Column("needed", Integer, nullable=False),  # approvals by different people
    Column("origin", Text, nullable=False),  # agent | person | schedule
    Column("proposer", Text, nullable=False),  # identity name
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("undo_of", Text, ForeignKey("bf_proposal.id")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("holder", Text),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_until", BigInteger),
    Column("not_before", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("result", Text),
    Column("reading", Text),  # what the read-back said
    Column("outcome", Text),  # one sentence on how it ended
    Column("reference", Text),  # of a write done by hand
    Column("settled_at", BigInteger),
    Index("uq_bf_proposal_key", "environment", "wrapper", "operation", "key", unique=True),
    Index("ix_bf_proposal_state", "state", "created_at"),
)

approval = Table(
    "bf_approval",
    metadata,
    Column("proposal", Text, ForeignKey("bf_proposal.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("decision", Text, nullable=False),  # approved | declined
    Column("hash", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

_NUMBERED = text("step != 'withdrawn'")

input = Table(  # noqa: A001  the word of the house
    "bf_input",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("wrapper", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # without a gap in its connection
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),  # as it left, or will
    Column("sha256", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("step", Text, nullable=False),  # see rules.input.Step
    Column("reason", Text, nullable=False, server_default=text("''")),  # what keeps it from leaving
    Column("resent", Integer, nullable=False, server_default="0"),
    Column("prepared_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("due_at", BigInteger),  # by when every record of it is to be acknowledged
    Index(
        "uq_bf_input_sequence",
        "environment",
        "wrapper",
        "connection",
        "sequence",
        unique=True,
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    ),
)

input_record = Table(
    "bf_input_record",
    metadata,
    Column("input", Id, ForeignKey("bf_input.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1
    Column("proposal", Text, ForeignKey("bf_proposal.id"), nullable=False, index=True),
    Column("contradiction", Text, nullable=False, server_default=text("''")),  # the last answer that says otherwise
    Column("contradicted_at", BigInteger),
)

acknowledged = Table(
    "bf_acknowledged",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("wrapper", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),  # of the events: those up to it were looked at
)

file = Table(
    "bf_file",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("wrapper", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("shape", Text, nullable=False),  # of the layout
    Column("replay", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),  # collecting | committed | archived | held | refused
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("records", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("quarantined", BigInteger, nullable=False, server_default="0"),
    Column("seen_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("number", BigInteger),  # that stands in the name, where the feed has a sequence
    Column("preflighted_at", BigInteger),  # framing and totals of the whole file were found right
    Column("resumes", Id),  # the file of the same content that was held, and whose rest this is
    Column("baseline", Text),  # sha256 of the extract before, empty for the first; NULL where the feed is no snapshot
    Index("uq_bf_file_identity", "wrapper", "feed", "sha256", "shape", "replay", unique=True),
    Index("ix_bf_file_state", "state"),
    Index("ix_bf_file_name", "wrapper", "feed", "name"),
    sqlite_autoincrement=True,  # a number is never given twice: events are found by it
)

_LYING = text("step IN ('seen', 'ready')")

arrival = Table(
    "bf_arrival",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment", Text, nullable=False),
    Column("wrapper", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("step", Text, nullable=False),  # see rules.arrival.Step
    Column("stamp", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified", BigInteger),
    Column("polls", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger),
    Column("waits_for", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # empty until it is staged
    Column("kind", Text, nullable=False),  # new | duplicate | correction | late | replay; empty until it is identified
    Column("file", Id, ForeignKey("bf_file.id", name="fk_bf_arrival_file")),
    Column("step_at", BigInteger, nullable=False),
    Index(
        "uq_bf_arrival_lying",
        "environment",
        "wrapper",
        "feed",
        "name",
        unique=True,
        sqlite_where=_LYING,
        postgresql_where=_LYING,
    ),
    Index("ix_bf_arrival_step", "environment", "wrapper", "feed", "step"),
)

checkpoint = Table(
    "bf_checkpoint",
    metadata,
    Column("file", Id, ForeignKey("bf_file.id"), primary_key=True),
    Column("record", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("totals", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

event = Table(
    "bf_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # file << 32 | record
    Column("type", Text, nullable=False),  # empty: type, key and at are what the chunk without data says that it is in
    Column("key", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

layout = Table(
    "bf_layout",
    metadata,
    Column("id", Text, primary_key=True),  # sha256 of the body
    Column("adapter", Text, nullable=False),
    Column("body", Text, nullable=False),
)

chunk = Table(
    "bf_chunk",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # of its first event: file << 32 | record
    Column("last", BigInteger, nullable=False, index=True),  # of its last
    Column("count", Integer, nullable=False),  # of its events; 0 where each has a row of its own
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),  # the field that is the events' key
    Column("kind", Text, nullable=False),  # of the records; empty where the data are the events' own
    Column("layout", Text, ForeignKey("bf_layout.id")),  # what renders the records
    Column("numbers", LargeBinary),  # of the records, where they do not follow each other
    Column("data", LargeBinary, nullable=False),  # zstd: JSON lines, or records
    Column("at", BigInteger, nullable=False),
)

OPEN = text("state = 'open'")
"""Said by index and query in the same words: SQLite knows a partial index by them."""

quarantine = Table(
    "bf_quarantine",
    metadata,
    Column("file", Id, ForeignKey("bf_file.id"), primary_key=True),
    Column("record", BigInteger, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("length", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),  # open | corrected | written-off
    Column("decided_by", Text),  # identity name
    Column("decided_at", BigInteger),
    Column("note", Text, nullable=False, server_default=text("''")),
    Index("ix_bf_quarantine_open", "file", sqlite_where=OPEN, postgresql_where=OPEN),
)

lapse = Table(
    "bf_lapse",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("wrapper", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # YYYY-MM-DD in the feed's zone; empty for `begun`
    Column("kind", Text, primary_key=True),  # begun | late | missing | empty | size_anomaly
    Column("file", Id, primary_key=True, autoincrement=False),  # 0 where there is none
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

notice = Table(
    "bf_notice",
    metadata,
    Column("entry", Id, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),  # begun | waiting | sent | given-up
    Column("attempts", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

firing = Table(
    "bf_firing",
    metadata,
    Column("schedule", Text, primary_key=True),  # wrapper.name
    Column("due_at", BigInteger, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fired_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ended_at", BigInteger),
)

ledger = Table(
    "bf_ledger",
    metadata,
    Column("name", Text, primary_key=True),  # one row, made by the migration, once
)

lease = Table(
    "bf_lease",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
