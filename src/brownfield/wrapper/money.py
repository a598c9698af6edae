"""Money: integer minor units with a currency."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Money(BaseModel):
    """An amount, exact.

    Attributes:
        minor: Minor units of the currency (cents for EUR, whole yen for JPY).
        currency: ISO 4217 code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    minor: int
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
