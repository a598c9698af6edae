"""The words that a question to the audit may be asked in, as people type them."""

ROLES = ("agent", "approver", "operator", "auditor")
NOUNS = frozenset(
    {
        "account",
        "batch",
        "customer",
        "feed",
        "file",
        "hold",
        "invoice",
        "item",
        "number",
        "order",
        "product",
        "proposal",
        "record",
        "request",
        "site",
        "sku",
        "supplier",
    }
)
"""Words that may announce a value without digits: `customer Miller`. A value with digits, or quoted, needs none."""

PLAIN = frozenset([
    "a", "about", "after", "all", "an", "and", "any", "anything", "are", "as", "at", "be", "been", "before", "being",
    "between", "both", "by", "came", "can", "carried", "carry", "come", "could", "did", "do", "does", "doing",
    "done", "during", "each", "every", "everything", "for", "from", "get", "give", "had", "happen", "happened",
    "happens", "has", "have", "her", "him", "his", "how", "i", "in", "into", "is", "it", "its", "list", "made",
    "make", "many", "may", "me", "much", "my", "of", "on", "or", "our", "out", "please", "run", "show",
    "since", "so", "system", "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they",
    "thing", "things", "this", "those", "through", "time", "to", "under", "until", "up", "us", "via", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "without",
    "would", "you", "your",
])  # fmt: skip
"""Words that carry no meaning of their own here; any other one that is not understood is named in the echo.

So is `not`, `no` or `didn't`: it turns a question round, and no answer here is turned round.
"""

_FILES = ("batch.", "input.")
_REFUSED = ("call.denied", "write.denied", "write.declined", "write.rejected", "batch.refused")
_QUARANTINE = ("batch.committed", "batch.held", "record.", "quarantine.read")
_UNTIMELY = ("batch.late", "batch.missing", "schedule.missed", "input.overdue")

EVENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "acknowledged": (("input.acknowledged",), "acknowledgements"),
    "acknowledgement": (("input.",), "files and their acknowledgements"),
    "approval": (("write.approved", "write.declined"), "approvals"),
    "approve": (("write.approved",), "approvals"),
    "approved": (("write.approved",), "approvals"),
    "arrival": (("batch.",), "batches"),
    "arrived": (("batch.",), "batches"),
    "batch": (("batch.",), "batches"),
    "batche": (("batch.",), "batches"),
    "blocked": (("input.blocked",), "files that could not leave"),
    "by hand": (("write.done_by_hand",), "writes that were done by hand"),
    "change": (("write.",), "writes"),
    "changed": (("write.done",), "writes that were done"),
    "collected": (("batch.committed",), "files that were taken in"),
    "contradicted": (("input.contradicted",), "answers that contradict"),
    "contradiction": (("input.contradicted",), "answers that contradict"),
    "corrected": (("record.corrected",), "records that were corrected"),
    "correction": (("record.corrected",), "records that were corrected"),
    "decision": (("write.approved", "write.declined"), "decisions"),
    "decline": (("write.declined",), "refusals by people"),
    "declined": (("write.declined",), "refusals by people"),
    "denial": (("call.denied", "write.denied"), "denials by policy"),
    "denied": (("call.denied", "write.denied"), "denials by policy"),
    "drift": (("drift.",), "looks at live systems"),
    "drifted": (("drift.",), "looks at live systems"),
    "empty": (("batch.empty",), "empty files"),
    "event": (("batch.committed", "record.corrected", "events.read"), "events"),
    "expired": (("write.expired",), "expired requests"),
    "export": (("audit.exported",), "exports of the audit"),
    "exported": (("audit.exported",), "exports of the audit"),
    "failed": (("read.failed", "write.failed"), "failures"),
    "failure": (("read.failed", "write.failed"), "failures"),
    "file": (_FILES, "batches"),
    "grant": (("grant.",), "grants"),
    "granted": (("grant.",), "grants"),
    "halt": (("halt.",), "halts"),
    "halted": (("halt.",), "halts"),
    "held": (("batch.held",), "files that were held"),
    "job": (("schedule.",), "schedules"),
    "key": (("key.",), "keys"),
    "late": (_UNTIMELY, "what was late or missed"),
    "lifted": (("halt.lifted",), "halts that were lifted"),
    "looked at": (("inputs.read", "quarantine.read", "proposal.read", "events.read"), "looks"),
    "missed": (_UNTIMELY, "what was late or missed"),
    "missing": (_UNTIMELY, "what was late or missed"),
    "overdue": (_UNTIMELY, "what was late or missed"),
    "paged": (("page.",), "pages"),
    "proposal": (("write.",), "writes"),
    "proposed": (("write.",), "requests to write"),
    "quarantine": (_QUARANTINE, "records in quarantine"),
    "quarantined": (_QUARANTINE, "records in quarantine"),
    "read": (("read.",), "reads"),
    "received": (("batch.committed",), "files that were taken in"),
    "refusal": (_REFUSED, "refusals"),
    "refuse": (_REFUSED, "refusals"),
    "refused": (_REFUSED, "refusals"),
    "rejected": (("write.rejected", "batch.refused"), "refusals by the system, and of files"),
    "rejection": (("write.rejected", "batch.refused"), "refusals by the system, and of files"),
    "replay": (("batch.replayed", "record.replayed"), "replays"),
    "replayed": (("batch.replayed", "record.replayed"), "replays"),
    "resent": (("input.resent",), "files that were sent again"),
    "resumed": (("batch.resumed", "halt.lifted"), "what was resumed"),
    "reversal": (("write.",), "writes"),
    "reversed": (("write.",), "writes"),
    "revoked": (("key.revoked",), "keys that were revoked"),
    "schedule": (("schedule.",), "schedules"),
    "sent": (("write.sent", "input.sent", "input.resent"), "files that left, and the writes in them"),
    "sent again": (("input.resent",), "files that were sent again"),
    "set aside": (("batch.held", "batch.refused"), "files that were set aside"),
    "taken back": (("input.withdrawn", "grant.removed"), "what was taken back"),
    "taken in": (("batch.committed",), "files that were taken in"),
    "unanswered": (("write.unanswered", "input.overdue", "read.failed"), "what was not answered"),
    "undid": (("write.",), "writes"),
    "undo": (("write.",), "writes"),
    "undone": (("write.",), "writes"),
    "unknown": (("write.unknown", "write.unanswered", "input.unknown"), "writes with unknown outcome"),
    "withdrawn": (("input.withdrawn",), "files that were withdrawn"),
    "withdrew": (("input.withdrawn",), "files that were withdrawn"),
    "write": (("write.",), "writes"),
    "write off": (("record.written_off",), "records that were written off"),
    "write-off": (("record.written_off",), "records that were written off"),
    "written": (("write.done",), "writes that were done"),
    "written off": (("record.written_off",), "records that were written off"),
    "wrote": (("write.",), "writes"),
    "wrote off": (("record.written_off",), "records that were written off"),
}
"""Words for events (without a plural s), one or two: what the events begin with, and the word for the echo.

What ends in a dot is a whole kind. Beside a kind a narrower word says which of it: `files held` are those that were.
"""
