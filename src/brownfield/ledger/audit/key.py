"""The key of the audit, and what is derived from it."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The secret that makes links. Whoever has it can forge the audit: it is kept apart from the database.

    Attributes:
        id: Its name, stored in every entry, so that keys can change.
        secret: At least 32 random bytes. Only subkeys of it are used.
    """

    id: str
    secret: bytes = field(repr=False)

    def derived(self, purpose: str) -> bytes:
        """The subkey for one purpose: 32 bytes that tell nothing of those for another."""
        return _derived(self.secret, purpose)


@cache
def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, b"brownfield audit " + purpose.encode(), "sha256")


def subject_token(key: AuditKey, value: object) -> bytes:
    """A keyed commitment to a value: it finds entries about `4471` and does not tell that they are about `4471`.

    A bare hash of an account number is no protection (2.5 ms to undo one, trust.md 2.1). Case and surrounding space do
    not count.
    """
    return token(key.derived("subject"), value)


def token(secret: bytes, value: object) -> bytes:
    """The same with the subkey at hand."""
    return hmac.digest(secret, str(value).casefold().strip().encode(), "sha256")[:_TOKEN_BYTES]


def leaves(values: object) -> Iterator[object]:
    """Every text and number in a document, however deep; truth values and None find nothing worth finding."""
    match values:
        case None | bool() | "":
            return
        case Mapping():
            yield from _each(values.values())
        case list() | tuple() | set() | frozenset():
            yield from _each(values)
        case _:
            yield values


def _each(values: Any) -> Iterator[object]:
    for value in values:
        yield from leaves(value)
