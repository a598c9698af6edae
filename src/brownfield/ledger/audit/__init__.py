"""The audit: append-only entries, one chain per writer, each link an HMAC over the very bytes stored."""

from brownfield.ledger.audit.chain import Entry, append
from brownfield.ledger.audit.export import export, verify_export
from brownfield.ledger.audit.key import AuditKey, subject_token
from brownfield.ledger.audit.seal import Seal, Seals, append_seals, read_seals, seal
from brownfield.ledger.audit.search import Recorded, count, search
from brownfield.ledger.audit.verification import ChainReport, Verification, verify

__all__ = [
    "AuditKey",
    "ChainReport",
    "Entry",
    "Recorded",
    "Seal",
    "Seals",
    "Verification",
    "append",
    "append_seals",
    "count",
    "export",
    "read_seals",
    "seal",
    "search",
    "subject_token",
    "verify",
    "verify_export",
]
