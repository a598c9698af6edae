"""Holidays of countries and markets, from the library `holidays` (MIT, kept by its community)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import Manifest

INSTALL = "pip install '.[calendar]'"


def unknown_calendars(manifest: Manifest) -> Iterator[Finding]:
    """What is wrong with the calendars of a manifest's expectations."""
    for name, feed in manifest.feeds.items():
        try:
            closed_days(feed.expect.calendar if feed.expect else None)
        except BundleError as error:
            for finding in error.findings:
                yield replace(finding, where=f"wrapper.toml: feeds.{name}.expect.calendar")


def closed_days(calendar: str | None) -> Callable[[date], bool]:
    """Whether a day is closed: a holiday, or part of the place's weekend; no day is, without a calendar.

    Args:
        calendar: A country (`FR`), a country's part (`DE-BY`) or a market (`ECB`, `XNYS`), as `holidays` names them.

    Raises:
        BundleError: There is no such calendar, or the library is not installed.
    """
    if calendar is None:
        return lambda _: False
    try:
        import holidays  # noqa: PLC0415  optional
    except ImportError:
        raise BundleError([Finding("calendar", "needs the library `holidays`", INSTALL)]) from None
    code, _, part = calendar.partition("-")
    try:
        if code in holidays.list_supported_financial():
            known = holidays.financial_holidays(code)
        else:
            known = holidays.country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        where = f"there is no calendar `{calendar}`"
        raise BundleError(
            [Finding("calendar", where, "name a country (FR), a part (DE-BY) or a market (ECB)")]
        ) from None
    return lambda day: not known.is_working_day(day)
