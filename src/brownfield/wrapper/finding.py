"""What `check` says of a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should mend or know.

    Attributes:
        where: File and key.
        message: What is wrong.
        next: What to do.
        line: Line in the file, from 1, where known.
        level: An `error` keeps the bundle from starting; a `warning` does not; a `note` only tells.
    """

    where: str
    message: str
    next: str = ""
    line: int | None = None
    level: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        place = f"{self.where} (line {self.line})" if self.line else self.where
        return f"{place}: {self.message}" + (f"; {self.next}" if self.next else "")


class BundleError(Exception):
    """A bundle that cannot be used. Carries every finding, not only the first."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)
