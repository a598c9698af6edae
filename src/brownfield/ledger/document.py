"""Documents as the ledger keeps them: canonical JSON text. None is NULL, never the text `null`."""

from typing import Any

import orjson

from brownfield.contract import canonical


def stored(value: Any) -> str | None:
    """The text of a document.

    Raises:
        TypeError: The value holds something that JSON cannot hold.
    """
    return None if value is None else canonical(value).decode()


def parsed(text: str | None) -> Any:
    """The document of a text."""
    return None if text is None else orjson.loads(text)
