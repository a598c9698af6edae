r"""The plainest text that matches an XSD pattern: `[A-Z]{2}\d{3,}` gives `AA000`.

XSD patterns (XML Schema part 2, appendix F) have neither anchors nor look-around: alternatives, classes, groups and
repetitions are all there is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 1000
"""Characters of a text at most: the far side's pattern says how long, and must not choose what that costs."""

_REPEAT = re.compile(r"([*+?]|\{(\d+)(,)?(\d*)\})")
_PROPERTY = re.compile(r"\{(\w+)\}")
_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "i": "a", "c": "a", "I": "0", "C": " "}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_CATEGORIES = {"L": "a", "Lu": "A", "Ll": "a", "N": "0", "Nd": "0", "P": "-", "Z": " ", "Zs": " ", "S": "+"}
_USUAL = ("a", "0", "A", "-", " ", "!")


def literal(pattern: str, more: int = 0) -> str | None:
    """A text that the pattern is meant to match; None where it is not understood.

    Args:
        pattern: In XSD syntax.
        more: How often a repetition without an end is repeated at least.
    """
    reading = _Reading(pattern, more)
    try:
        made = reading.choice()
    except (IndexError, ValueError, StopIteration):
        return None
    return made if reading.at == len(pattern) else None


@dataclass(slots=True)
class _Reading:
    """A pattern, and how far it has been read."""

    text: str
    more: int
    at: int = 0

    def choice(self) -> str:
        """Alternatives up to the end or a closing bracket; the first is taken."""
        branches = ["".join(self._pieces())]
        while self.at < len(self.text) and self.text[self.at] == "|":
            self.at += 1
            branches.append("".join(self._pieces()))
        return branches[0]

    def _pieces(self) -> Iterator[str]:
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            piece = self._atom()
            found = _REPEAT.match(self.text, self.at)
            if found:
                self.at = found.end()
            times = self._times(found)
            if times * len(piece) > LONGEST:
                raise ValueError("too long")
            yield piece * times

    def _times(self, found: re.Match[str] | None) -> int:
        """The fewest repetitions, or `more` where the pattern lets there be that many."""
        if found is None:
            return 1
        sign, exact, comma, most = found.groups()
        least = int(exact) if exact else int(sign == "+")
        unbounded = sign in "*+" or (comma and not most)
        top = max(self.more, least) if unbounded else int(most) if most else least if exact else 1
        return max(least, min(self.more, top))

    def _atom(self) -> str:
        character = self._next()
        if character == "[":
            return self._set()
        if character == "(":
            made = self.choice()
            if self._next() != ")":
                raise ValueError("a group without an end")
            return made
        return self._escape() if character == "\\" else "a" if character == "." else character

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _escape(self) -> str:
        character = self._next()
        if character in "pP":
            found = _PROPERTY.match(self.text, self.at)
            if found is None:
                raise ValueError("a category without a name")
            self.at = found.end()
            return _CATEGORIES.get(found[1], "a") if character == "p" else "a"
        return _CLASSES.get(character) or _ESCAPES.get(character, character)

    def _set(self) -> str:
        """The first member of a class; for one that excludes, the first usual character outside it."""
        excluding = self.text[self.at] == "^"
        self.at += excluding
        members = list(self._members())
        if not excluding:
            return members[0][0]
        return next(one for one in _USUAL if not any(low <= one <= high for low, high in members))

    def _members(self) -> Iterator[tuple[str, str]]:
        """The ranges of a class up to its end; what is subtracted from it is passed over."""
        while (character := self._next()) != "]":
            if character == "[":
                list(self._members())
                continue
            low = self._escape() if character == "\\" else character
            if self.text[self.at] == "-" and self.text[self.at + 1] not in "[]":
                self.at += 1
                high = self._next()
                yield low, self._escape() if high == "\\" else high
            elif not (character == "-" and self.text[self.at] == "["):
                yield low, low
