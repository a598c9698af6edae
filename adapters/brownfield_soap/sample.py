"""A model → sample values: the same ones each time, whole enough to learn from, small enough to read.

A sample is what the encoder takes and the schema accepts: every required member, the optional ones of the upper levels
as long as there is room, one branch of each choice, one item of each list. A record that contains itself ends there.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from brownfield.contract import Fields
from brownfield.contract.stub import Sample
from brownfield_soap import scalar
from brownfield_soap.answer import answer, detail
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.encode import Encoder
from brownfield_soap.literal import LONGEST, literal
from brownfield_soap.model import ANY_TAG, Choice, Field, Model, Operation, Part, Record, Scalar

DEPTH = 4
"""Levels down to which optional members are filled in."""
MEMBERS = 150
"""Members after which optional ones are left out."""
DEEPEST = 40
"""Levels of required members at most."""

VALUES: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "float": (1.5, 0.0),
    "double": (1.5, 0.0),
    "date": ("2026-11-17",),
    "time": ("14:05:00", "14:05:00Z"),
    "dateTime": ("2026-11-17T14:05:00", "2026-11-17T14:05:00Z"),
    "duration": ("PT1H",),
    "gYear": ("2026",),
    "gYearMonth": ("2026-11",),
    "gMonth": ("--11",),
    "gMonthDay": ("--11-17",),
    "gDay": ("---17",),
    "base64Binary": ("dGV4dA==",),
    "hexBinary": ("74657874",),
    "anyURI": ("https://example.com/", "text"),
    "language": ("en", "en-GB"),
    "QName": ("xsd:string",),
    "NMTOKENS": (["text"],),
    "IDREFS": (["text"],),
    "ENTITIES": (["text"],),
}
"""What to try first, by built-in."""


class _None(Exception):
    """Nothing finite, or nothing that is known, fits."""


def samples(model: Model) -> Iterator[Sample]:
    """A sample of every operation."""
    made = Samples(model)
    for name, operation in model.operations.items():
        yield Sample(name, made.part(operation.request), made.reply(operation), made.details(operation))


class Samples:
    """Makes samples of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._encoder = Encoder(model)
        self._codec = Codec(model)
        self._room = MEMBERS

    def part(self, part: Part | None) -> dict[str, Any]:
        """The fields of what stands in a Body, a Header or a fault's detail, as the encoder takes them."""
        if part is None:
            return {}
        self._room = MEMBERS
        if isinstance(part.type, Scalar):
            return {"value": value(part.type, part.tag)}
        try:
            return self._whole(part.type, ())
        except _None:
            return {}

    def reply(self, operation: Operation) -> dict[str, Any]:
        """The fields of an answer as a caller gets them: what the decoder reads of what the encoder writes.

        Raises:
            Failure: The sample of a part cannot be written or read.
        """
        if operation.reply is None:
            return {}
        body = etree.Element(f"{{{self._model.envelope}}}Body")
        self._encoder.part(operation.reply, self.part(operation.reply), body)
        root = body if operation.reply.tag == body.tag else body[0]
        return self._codec.answer(answer(self._model, operation.reply), root, operation.name)

    def details(self, operation: Operation) -> dict[str, dict[str, Any]]:
        """The details of the declared faults, by name."""
        return {
            fault.name: _plain(self._model, self.part(fault.part), detail(self._model, fault.part).type)
            for fault in operation.faults
        }

    def _members(self, record: Record, path: tuple[str, ...]) -> dict[str, Any]:
        filling = self._room > 0 and len(path) <= DEPTH
        hard = {field.name for field in record.fields if not _plain_member(field, path)}
        needed, left_out = _chosen(record.choices, hard, filling=filling)
        found = {}
        for field in record.fields:
            wanted = filling and self._room > 0 and field.name not in hard
            if field.name in left_out or not (field.least > 0 or field.name in needed or wanted):
                continue
            self._room -= 1
            try:
                found[field.name] = self._field(field, path)
            except _None:
                if field.least > 0:
                    raise
        return _settled(record.choices, found)

    def _field(self, field: Field, path: tuple[str, ...]) -> Any:
        if field.fixed is not None and isinstance(field.type, Scalar):
            one = _read(field.type, field.fixed)
        elif isinstance(field.type, Scalar):
            one = value(field.type, field.tag)
        elif field.place == "group":
            one = self._whole(field.type, path)
        elif field.type in path and (field.nillable or len(path) >= DEEPEST):
            if not field.nillable:
                raise _None
            one = None
        else:
            one = self._record(field.type, path)
        if field.place == "group" and not one:
            raise _None
        return [one] * max(field.least, 1) if field.repeated else one

    def _record(self, key: str, path: tuple[str, ...]) -> Any:
        members, items = self._whole(key, path), self._model.records[key].items
        return members if items is None else members.get(items.name, [])

    def _variant(self, family: Record, path: tuple[str, ...]) -> dict[str, Any]:
        """The variant that needs no telling, else the first that ends; told all the same, as a decoder tells it."""
        for name in sorted(family.variants, key=lambda name: name != family.unmarked):
            content = family.variants[name].type
            try:
                found = {"value": value(content)} if isinstance(content, Scalar) else self._whole(content, path)
            except _None:
                continue
            return {family.mark: name, **found}
        raise _None

    def _whole(self, key: str, path: tuple[str, ...]) -> dict[str, Any]:
        """The members of a record, or those of a variant of a family."""
        if key in path:
            raise _None
        record = self._model.records[key]
        return self._variant(record, (*path, key)) if record.variants else self._members(record, (*path, key))


def _plain_member(field: Field, path: tuple[str, ...]) -> bool:
    """Whether an optional member may be filled in: no wildcard, and nothing that contains itself."""
    return field.tag != ANY_TAG and field.type not in path


def _chosen(choices: Iterable[Choice], hard: set[str], *, filling: bool) -> tuple[set[str], set[str]]:
    """What choices need, and what they leave out: of each the first branch is taken, rather one that is not hard.

    Args:
        choices: The choices.
        hard: Members that are better not given.
        filling: Whether what is optional is given.
    """
    needed: set[str] = set()
    left_out: set[str] = set()
    for choice in choices:
        branch = min(choice.branches, key=lambda one: not hard.isdisjoint(one.needed))
        if choice.optional and not (filling and hard.isdisjoint(branch.needed)):
            left_out |= choice.names
            continue
        inner, left = _chosen(branch.choices, hard, filling=filling)
        needed |= inner.union(branch.needed)
        left_out |= left | (choice.names - set(branch.names))
    return needed, left_out


def _settled(choices: Iterable[Choice], found: dict[str, Any]) -> dict[str, Any]:
    """The members without those of choices that could not be made."""
    for choice in choices:
        if not choice.holds(found.keys()):
            if not choice.optional:
                raise _None
            found = {name: one for name, one in found.items() if name not in choice.names}
    return found


def wrapped(model: Model, part: Part | None, fields: Fields) -> dict[str, Any]:
    """An answer's fields → the reply's as the encoder takes them: the rule of `answer`, backwards."""
    result = answer(model, part)
    if result.form == "nothing":
        return {}
    if result.step is None:
        return whole(model, fields, result.type)
    if result.form == "fields":
        return {} if not fields and result.step.least == 0 else {result.step.name: dict(fields) or _absent(result.step)}
    return {result.step.name: fields[result.form]} if result.form in fields else {}


def _absent(step: Field) -> dict[str, Any] | None:
    return None if step.nillable else {}


def _plain(model: Model, fields: Fields, content: Scalar | str) -> dict[str, Any]:
    """The fields of a part that is the result itself: the one member of an array wrapper is `items`."""
    items = None if isinstance(content, Scalar) else model.records[content].items
    return dict(fields) if items is None else {"items": fields.get(items.name, [])}


def whole(model: Model, fields: Fields, content: Scalar | str) -> dict[str, Any]:
    """A part's fields as the decoder gives them → as the encoder takes them: an array wrapper has its member again."""
    items = None if isinstance(content, Scalar) else model.records[content].items
    return dict(fields) if items is None else {items.name: fields.get("items", [])}


def value(kind: Scalar, tag: str = ANY_TAG) -> Any:
    """A value of a simple type, facets included; where none is found, the plainest of the built-in.

    Args:
        kind: The type.
        tag: The element it stands in, for XML of any shape.
    """
    if kind.is_node:
        return {"@name": "{urn:example}text" if tag == ANY_TAG else tag, "@text": "text"}
    first = None
    check = Check(scalar.schema(kind))
    for candidate in _candidates(kind):
        first = candidate if first is None else first
        if check.fault(candidate) is None and _writable(kind, candidate):
            return candidate
    return first


def _candidates(kind: Scalar) -> Iterator[Any]:
    if kind.kind == "list":
        least = _limit(kind, "minLength") or _limit(kind, "length") or 1
        yield [value(kind.members[0])] * int(least)
    elif kind.kind == "union":
        yield from map(value, kind.members)
    yield from (_read(kind, text) for text in kind.facets.enumeration if _readable(kind, text))
    yield from (_read(kind, text) for text in _from_patterns(kind) if _readable(kind, text))
    yield from VALUES.get(kind.kind, ())
    if kind.kind in scalar.INTEGERS or kind.kind == "decimal":
        yield from _numbers(kind)
    elif kind.kind not in VALUES:
        yield _text(kind)


def _from_patterns(kind: Scalar) -> Iterator[str]:
    """Texts for the type's pattern, longer and longer, for there may be a least length too."""
    for pattern in kind.facets.patterns:
        for more in (1, 0, int(_limit(kind, "minLength") or _limit(kind, "length") or 3)):
            made = literal(pattern, min(more, LONGEST))
            if made is not None:
                yield made


def _numbers(kind: Scalar) -> Iterator[Any]:
    low, high = _limit(kind, "minInclusive"), _limit(kind, "maxInclusive")
    above, below = _limit(kind, "minExclusive"), _limit(kind, "maxExclusive")
    step = Decimal(1) if kind.kind in scalar.INTEGERS else Decimal("0.01")
    found = [Decimal(1), Decimal(0), Decimal(-1), low, high, above and above + step, below and below - step]
    for number in found:
        if number is not None and number.is_finite():
            yield int(number) if kind.kind in scalar.INTEGERS else f"{number:f}"


def _text(kind: Scalar) -> str:
    exact = _limit(kind, "length")
    least = int(exact if exact is not None else _limit(kind, "minLength") or 0)
    most = int(exact if exact is not None else _limit(kind, "maxLength") or max(4, least))
    return "text".ljust(min(least, LONGEST), "x")[:most]


def _limit(kind: Scalar, name: str) -> Decimal | None:
    try:
        return Decimal(kind.facets.limits[name])
    except (KeyError, InvalidOperation):
        return None


def _read(kind: Scalar, text: str) -> Any:
    try:
        return scalar.read(Scalar(kind.kind, members=kind.members), text)
    except ValueError:
        raise _None from None


def _readable(kind: Scalar, text: str) -> bool:
    try:
        scalar.read(Scalar(kind.kind, members=kind.members), text)
    except ValueError:
        return False
    return True


def _writable(kind: Scalar, candidate: Any) -> bool:
    try:
        scalar.write(kind, candidate)
    except ValueError:
        return False
    return True
