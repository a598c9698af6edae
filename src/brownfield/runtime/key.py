"""Keys of callers and the key of the audit: made here, kept 0600, shown once."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from brownfield.ledger.audit import AuditKey

MARK = "bf"


def _load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        return path.read_bytes()


def audit_key(folder: Path) -> AuditKey:
    """The key that the audit's chain is made with; made on first use. It is never the key of the API keys."""
    secret = _load(folder / "audit.key")
    return AuditKey(id=hashlib.sha256(b"id" + secret).hexdigest()[:12], secret=secret)


class KeyRing:
    """Makes and recognises callers' keys. The ledger keeps only their HMAC, so a stolen ledger opens no door."""

    def __init__(self, folder: Path) -> None:
        self._secret = _load(folder / "caller.key")

    def make(self) -> tuple[str, str, bytes]:
        """A new key: the key itself (shown once), its prefix, its HMAC."""
        prefix = secrets.token_hex(4)
        key = f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"
        return key, prefix, self.mac(key)

    def mac(self, key: str) -> bytes:
        """HMAC-SHA-256 of a key."""
        return hmac.digest(self._secret, key.encode(), "sha256")

    def matches(self, key: str, mac: bytes) -> bool:
        """Whether a key is the one that was stored, in constant time."""
        return hmac.compare_digest(self.mac(key), mac)

    @staticmethod
    def prefix(key: str) -> str | None:
        """The part of a key that finds its row, or None when it is no key of ours."""
        parts = key.split("_", 2)
        return parts[1] if len(parts) == 3 and parts[0] == MARK else None
