"""Dates that a layout declares: how the digits are written, and what they become, `2026-11-21`.

A format is of `YYYY`, `YY`, `C` (0 for 19xx, 1 for 20xx, as AS/400 writes centuries), `MM` or `MON` (`JAN`), `DD`, and
`DDD` for the day of the year. What stands where there is no date (`000000`, blanks) is declared and becomes null. A
year of two digits belongs to the century that its pivot says: below it 20xx, from it on 19xx.
"""

import datetime
import re
from dataclasses import dataclass

_PART = re.compile("YYYY|YY|C|MM|MON|DDD|DD")
_WIDTH = {"YYYY": 4, "YY": 2, "C": 1, "MM": 2, "MON": 3, "DD": 2, "DDD": 3}
_WHOLE = ({"YYYY"}, {"YY"}, {"C", "YY"})
_DAYS = ({"MM", "DD"}, {"MON", "DD"}, {"DDD"})
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class NoDate(ValueError):
    """Digits that are no day of the calendar, or a day that the format cannot write."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a date is written.

    Attributes:
        text: `CYYDDD`.
        pivot: Of a year of two digits without a century.
        none: What stands where there is no date, the form in which it is written first; blanks are an empty text.
    """

    text: str
    pivot: int = 50
    none: tuple[str, ...] = ()

    @property
    def digits(self) -> int:
        """How many digits it has."""
        return len(self.text)

    def read(self, digits: str) -> str | None:
        """The date of these digits, None where they say that there is none.

        Raises:
            NoDate: There is no such day.
        """
        if digits.rstrip() in self.none:
            return None
        if len(digits) != self.digits or not digits.isascii():
            raise NoDate(f"{digits!r} are not {self.digits} digits ({self.text})")
        found, at = dict[str, int](), 0
        for part in _PART.findall(self.text):
            found[part] = self._number(part, digits[at : at + _WIDTH[part]], digits)
            at += _WIDTH[part]
        year = self._year(found)
        try:
            day = datetime.date(year, found.get("MM", found.get("MON", 1)), found.get("DD", 1))
            day += datetime.timedelta(found.get("DDD", 1) - 1)
        except (ValueError, OverflowError):
            raise NoDate(f"{digits} is no day ({self.text})") from None
        if day.year != year:
            raise NoDate(f"{digits}: {year} has no such day ({self.text})")
        return day.isoformat()

    def _number(self, part: str, digits: str, whole: str) -> int:
        if part == "MON" and digits in _MONTHS:
            return _MONTHS.index(digits) + 1
        if part == "MON" or not digits.isdecimal():
            raise NoDate(f"{whole!r} are not {self.digits} digits ({self.text})")
        return int(digits)

    def write(self, text: str | None) -> str:
        """The digits of a date, or of none.

        Raises:
            NoDate: It is no date, or one that would be read as another.
        """
        if text is None:
            if not self.none:
                raise NoDate("no date, where one must stand")
            return self.none[0]
        if not _ISO.fullmatch(text):
            raise NoDate(f"{text!r} is no date such as 2026-11-21")
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            raise NoDate(f"{text} is no day") from None
        values = {"YYYY": day.year, "YY": day.year % 100, "C": (day.year - 1900) // 100, "MM": day.month,
                  "MON": _MONTHS[day.month - 1], "DD": day.day, "DDD": day.timetuple().tm_yday}  # fmt: skip
        digits = "".join(f"{values[part]:0>{_WIDTH[part]}}" for part in _PART.findall(self.text))
        if len(digits) != self.digits or "-" in digits or self.read(digits) != text:
            raise NoDate(f"{text} cannot be written as {self.text}")
        return digits

    def _year(self, found: dict[str, int]) -> int:
        if "YYYY" in found:
            return found["YYYY"]
        if "C" in found:
            return 1900 + 100 * found["C"] + found["YY"]
        return found["YY"] + (2000 if found["YY"] < self.pivot else 1900)


def date_format(text: str, pivot: int, none: tuple[str, ...] = ()) -> DateFormat:
    """The format that is written so.

    Raises:
        ValueError: It does not tell a day, or has other letters.
    """
    parts = _PART.findall(text)
    known = any({*whole, *days} == set(parts) for whole in _WHOLE for days in _DAYS)
    if "".join(parts) != text or len(set(parts)) != len(parts) or not known:
        raise ValueError(f"{text!r} is no date: YYYY, YY or CYY with MM or MON and DD, or with DDD")
    return DateFormat(text, pivot, none)
