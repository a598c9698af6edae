"""Whatever is raised, as the problem that a caller is told. Nothing of an exception's own words leaves the process."""

import logging
import traceback

from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import Failure
from brownfield.ledger.conflict import Conflict
from brownfield.rules.problem import Problem, from_failure

log = logging.getLogger("brownfield")


def problem_of(error: Exception, *, system: str, trace: str) -> Problem:
    """The problem that an error is to a caller.

    Args:
        error: What was raised.
        system: Who failed, where it is a system's failure.
        trace: Under which a defect is logged.
    """
    match error:
        case Problem():
            if error.code == "internal":
                log.error("a defect, trace %s: %s at %s", trace, error, place(error.__cause__ or error))
            return error
        case Failure():
            return from_failure(error, system=system)
        case Conflict():
            return Problem("conflict", str(error))
        case SQLAlchemyError():
            log.error("the ledger, trace %s: %s", trace, type(error).__name__)
            return Problem("ledger", f"the ledger cannot be read or written: {type(error).__name__}")
    log.error("a defect, trace %s: %s at %s", trace, type(error).__name__, place(error))
    return Problem("internal", f"{type(error).__name__} (logged under {trace})")


def report(doing: str, error: BaseException) -> None:
    """Log what went wrong, and where; never in the error's own words, for they may hold a caller's values."""
    log.error("%s: %s at %s", doing, type(error).__name__, place(error))


def place(error: BaseException) -> str:
    """Where an error was raised. Its message may hold a caller's values, so a log gets the place instead."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-4:]))
