"""What is taken out of a recorded exchange before it is written down: values that are personal, or secret.

A masked value keeps its form, so that types and most patterns still hold, and the same value has the same mask
wherever it stands, so that an exchange can still be replayed. Which values: those that the manifest calls `personal` or
hides, those under names that sound personal, those that a person names; and every secret.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET = "(secret)"  # noqa: S105  it is what stands in the place of one
SHORTEST = 4
"""Characters of a value that is also looked for elsewhere; shorter ones are found everywhere."""

PERSONAL = frozenset(
    """
    account acct addr address apikey authorization beneficiary birth birthdate birthday card cardnumber cell cellphone
    credential credentials creditor cvc cvv debtor dob email emailaddress familyname fax firstname forename givenname
    holder iban ip lastname licence license login maiden mail mobile nationality nickname nin pan passport password
    passwd payee payer pesel phone phonenumber pin pincode postal postcode postalcode pwd remitter salary secret session
    sessionid sin ssn street surname taxid tel telephone tin token username vat zip zipcode
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
"""Words at the end of a field's name that make its value personal, or secret."""
PEOPLE = frozenset(
    """
    account acct beneficiary card client contact creditor cust customer debtor employee first full given holder insured
    last member mobile national owner patient payee payer person phone policyholder recipient remitter sender social tax
    user
    """.split()  # noqa: SIM905  # as above
)
"""Words before `name`, `id`, `number` or `address` that make it a person's."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def sounds_personal(name: str) -> bool:
    """Whether a field's name says that its value is about a person, or a secret."""
    words = [word.lower() for word in _WORD.findall(name.rstrip("0123456789"))]
    last, before = "".join(words[-1:]), "".join(words[-2:-1])
    return last in PERSONAL or "".join(words[-2:]) in PERSONAL or (
        last in {"name", "id", "address", "number", "no", "nr"} and before in PEOPLE
    )  # fmt: skip


@dataclass(slots=True)
class Masks:
    """The masks of one recording, each value's own, in the order in which they are met.

    Args:
        secrets: Values that must not be written at all.
        wanted: Names of fields that a person wants masked.
        kept: Names that a person wants kept.
    """

    secrets: Collection[str] = ()
    wanted: Collection[str] = ()
    kept: Collection[str] = ()
    _masks: dict[str, str] = field(default_factory=dict)
    _names: dict[str, None] = field(default_factory=dict)
    _fields: set[str] = field(default_factory=set)

    @property
    def masked(self) -> list[str]:
        """The names of the fields whose values were masked, in the order in which they were met."""
        return list(self._names)

    def learn(self, document: Any, personal: Collection[str] = ()) -> None:
        """Look for values to mask: under names that sound personal, and at the paths of `personal`."""
        for path, value in _leaves(document):
            name = next((step for step in reversed(path) if isinstance(step, str)), "")
            plain = ".".join(step for step in path if isinstance(step, str))
            if name not in self.kept and (sounds_personal(name) or name in self.wanted or _within(plain, personal)):
                self.add(plain, value)

    def add(self, name: str, value: Any) -> None:
        """Mask a value wherever it stands from now on."""
        text = _text(value)
        if text:
            self._names.setdefault(name)
            self._fields.add(name.rpartition(".")[2])
            self._masks.setdefault(text, masked(text, len(self._masks)))

    def apply(self, document: Any, name: str = "") -> Any:
        """The document with every value that was learnt masked, and every secret out.

        Args:
            document: Plain JSON.
            name: The field that it stands in.
        """
        if isinstance(document, Mapping):
            return {inner: self.apply(member, inner) for inner, member in document.items()}
        if isinstance(document, list | tuple):
            return [self.apply(member, name) for member in document]
        text = _text(document)
        if text in self._masks and (len(text) >= SHORTEST or name in self._fields):
            return _like(document, self._masks[text])
        if isinstance(document, str):
            return self._within(document)
        return _like(document, masked(text, 0)) if text in self.secrets and text else document

    def _within(self, text: str) -> str:
        """A text without the values in it, longest first, so that none is taken for a part of itself."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, SECRET) if secret else text
        for value in sorted(self._masks, key=len, reverse=True):
            if len(value) >= SHORTEST:
                text = text.replace(value, self._masks[value])
        return text


def masked(text: str, number: int) -> str:
    """A text of the same form that says nothing: `jane@example.com` is `xxxx@xxxxxxx.xxx`; a date stays a date.

    Args:
        text: What is to be masked.
        number: Told in the last letters and digits, so that different values stay different.
    """
    if _DATE.match(text):
        return f"{2000 + number // 28 % 1000}-01-{number % 28 + 1:02d}" + re.sub(r"\d", "0", text[10:])
    made = []
    for character in reversed(text):
        if character.isdigit():
            number, rest = divmod(number, 10)
            made.append(str(rest))
        elif character.isalpha():
            number, rest = divmod(number, 26)
            letter = chr(ord("a") + (23 + rest) % 26)
            made.append(letter.upper() if character.isupper() else letter)
        else:
            made.append(character)
    return "".join(reversed(made))


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _leaves(member, (*path, name))
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            yield from _leaves(member, (*path, number))
    else:
        yield path, value


def _within(path: str, named: Collection[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in named)


def _text(value: Any) -> str:
    """A value as text; empty for what is never masked."""
    return "" if value is None or isinstance(value, bool | Mapping | list) else str(value)


def _like(value: Any, mask: str) -> Any:
    """The mask as the kind of value that it stands for."""
    if isinstance(value, int):
        digits = mask.lstrip("-")
        return int(f"{'-' * (value < 0)}{max(int(digits[:1]), 1)}{digits[1:]}")
    return float(mask) if isinstance(value, float) else mask
