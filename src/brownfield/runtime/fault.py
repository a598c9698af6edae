"""The refusals that no contract declares, as a command without a server reads them."""

from sqlalchemy.exc import SQLAlchemyError

from brownfield.ledger.audit.strange import StrangeFault, strange_faults
from brownfield.ledger.store import Ledger
from brownfield.rules.problem import Problem
from brownfield.runtime.home import Home


def recorded_faults(home: Home, wrapper: str) -> list[StrangeFault]:
    """The undeclared refusals of a wrapper; none where nothing ran yet.

    Raises:
        Problem: `ledger`: it cannot be read.
    """
    if not (home.folder / "ledger.db").exists():
        return []
    ledger = Ledger(home.ledger_url)
    try:
        with ledger.read() as connection:
            return strange_faults(connection, wrapper)
    except SQLAlchemyError as error:
        raise Problem("ledger", f"the recorded faults cannot be read: {type(error).__name__}") from None
    finally:
        ledger.close()
