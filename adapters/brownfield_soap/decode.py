"""The XML of a reply → plain JSON values, driven by the model: the interpreter, which can read everything.

`codec` reads the straight cases faster and leaves all others to this.

* Text is kept as the system gave it: decimals and times are strings; see `scalar`.
* nil is None, or with attributes an object that says `@nil`; absent is absent; a repeated element is always a list,
  empty when there is none. What a wildcard takes is a list too, absent when there is nothing. An element with content
  is not nil, whatever it says.
* Elements and attributes that the contract does not know are dropped: a system may add fields. A known element with a
  value outside its type is `Drifted`; so is more than one of an element that may occur once.
* An element is found by its full name, or by its local name when either side has no namespace: real servers differ.
* Each element is visited once, so the time is linear in the reply.
* Where types are derived from the declared one, `xsi:type` tells which one is there, and `@type` says so in the JSON;
  `@element` does the same for substitution groups. A type that may not stand there is `Drifted`. The `xsi:type` of a
  simple value is not looked at: the value is held to the declared type.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap import scalar
from brownfield_soap.answer import Answer
from brownfield_soap.encoded import Habits
from brownfield_soap.model import ANY_TAG, NIL_MARK, Field, Model, Record, Scalar

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
NIL = f"{XSI}nil"
TYPE = f"{XSI}type"
OWN = (XSI, "{http://schemas.xmlsoap.org/soap/encoding/}", "{http://www.w3.org/2003/05/soap-encoding}")
"""Namespaces of attributes that belong to the message and not to the value."""


class Decoder:
    """Reads replies of one model. Holds no state between calls but the routes of the records it has met."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._routes: dict[str, _Route] = {}
        self._names: dict[str, dict[str, str]] = {}

    def answer(self, answer: Answer, root: etree._Element, path: str) -> dict[str, Any]:
        """The fields of a reply whose Body, or detail, holds `root`. See `answer` for the rule.

        Raises:
            Drifted: Something in the reply is outside the contract; the message says where.
        """
        result: etree._Element | None = root
        if answer.encoded:
            self._habits.settle(root)
        if answer.step is not None:
            result, path = member(answer.step, root), f"{path}/{answer.step.name}"
        if answer.form == "nothing":
            return {}
        if result is None or is_nil(result):
            return _empty(answer, path, absent=result is None)
        value = self._content(answer.type, result, path)
        return dict(value) if answer.form == "fields" else {answer.form: value}

    def _content(self, content: Scalar | str, element: etree._Element, path: str) -> Any:
        if isinstance(content, Scalar):
            return node(element, mixed=content.kind == "mixed") if content.is_node else _text(content, element, path)
        record = self.model.records[content]
        if record.variants:
            return self._variant(content, record, element, path)
        hold_to_type(record, element, path)
        value = self._members(content, record, list(element.iterchildren("*")), path)
        for field in record.fields:
            if isinstance(field.type, Scalar) and field.place == "text":
                value[field.name] = _text(field.type, element, f"{path}/{field.name}")
        value |= _attributes(record, element, path)
        for field in record.attributes:
            if field.least and field.name not in value:
                raise Drifted(f"The reply is outside the contract: {path}/{field.name} is missing.")
        items = record.items
        return value if items is None else value.get(items.name, [])

    @cached_property
    def _habits(self) -> Habits:
        return Habits(self.model)

    def _variant(self, key: str, family: Record, element: etree._Element, path: str) -> dict[str, Any]:
        """A value of one of a family's types, and which one it is."""
        names = self._names.get(key)
        if names is None:
            names = self._names[key] = {variant.tag: name for name, variant in family.variants.items()}
        name = _substituted(names, element) if family.mark == "@element" else _derived(names, family, element, path)
        if name is None:
            raise Drifted(f"The reply is outside the contract: {path} is of a type that may not stand there.")
        value = self._content(family.variants[name].type, element, path)
        return {family.mark: name, **(value if isinstance(value, dict) else {"value": value})}

    def _members(self, key: str, record: Record, children: list[etree._Element], path: str) -> dict[str, Any]:
        """The members that are elements or groups, in the record's order."""
        route = self._route(key, record)
        found: dict[str, list[Any]] = {}
        for field, run in route.runs(children):
            values = found.setdefault(field.name, [])
            if field.place == "group":
                values.extend(self._group(str(field.type), run, f"{path}/{field.name}"))
            else:
                values.append(self._value(field, run[0], f"{path}/{field.name}"))
        return dict(_settled(record, found, path))

    def _group(self, key: str, run: list[etree._Element], path: str) -> Iterator[dict[str, Any]]:
        record = self.model.records[key]
        for occurrence in self._route(key, record).occurrences(run):
            yield self._members(key, record, occurrence, path)

    def _value(self, field: Field, element: etree._Element, path: str) -> Any:
        spaces = isinstance(field.type, Scalar) and field.type.kind == "string" and element.text
        nil = is_nil(element) and not spaces and not field.wildcard
        return self._nil(field.type, element, path) if nil else self._content(field.type, element, path)

    def _nil(self, content: Scalar | str, element: etree._Element, path: str) -> dict[str, Any] | None:
        """A nil element: null, or its attributes where it has any that the contract knows."""
        value = dict(_attributes(self.model.records[content], element, path)) if isinstance(content, str) else {}
        return {NIL_MARK: True, **value} if value else None

    def _route(self, key: str, record: Record) -> "_Route":
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = _Route(self.model, record)
        return route


class _Route:
    """Which member of a record a child element belongs to."""

    def __init__(self, model: Model, record: Record) -> None:
        self._branches = _branches(record)
        self._by_tag: dict[str, list[Field]] = {}
        self._by_local: dict[str, list[tuple[str, Field]]] = {}
        self._place = {field.name: index for index, field in enumerate(record.fields)}
        for field in record.fields:
            for tag in tags(model, field):
                self._by_tag.setdefault(tag, []).append(field)
                self._by_local.setdefault(tag.rpartition("}")[2], []).append((tag, field))

    def fields(self, tag: str) -> list[Field]:
        """The members that an element of this name may be; more than one when a sequence repeats a name."""
        exact = self._by_tag.get(tag)
        if exact is not None:
            return exact
        local = self._by_local.get(tag.rpartition("}")[2], [])
        return [field for known, field in local if names_match(known, tag)] or self._by_tag.get(ANY_TAG, [])

    def runs(self, children: list[etree._Element]) -> Iterator[tuple[Field, list[etree._Element]]]:
        """Each child with its member; children of a group come as one run."""
        taken: set[str] = set()
        last = 0
        run: list[etree._Element] = []
        open_group: Field | None = None
        for child in children:
            fields = self.fields(str(child.tag))
            if not fields:
                continue
            field = fields[0] if len(fields) == 1 else self._next(fields, taken, last)
            last = self._place[field.name]
            taken.add(field.name)
            if open_group is not None and field is not open_group:
                yield open_group, run
                open_group, run = None, []
            if field.place == "group":
                open_group = field
                run.append(child)
            else:
                yield field, [child]
        if open_group is not None:
            yield open_group, run

    def _next(self, fields: list[Field], taken: set[str], last: int) -> Field:
        """Which of several members an element is: one that has room, rather after the last one than before it."""
        free = [one for one in fields if one.repeated or one.name not in taken] or fields[-1:]
        return next((one for one in free if self._place[one.name] >= last), free[0])

    def occurrences(self, run: list[etree._Element]) -> Iterator[list[etree._Element]]:
        """The run cut into occurrences of the group: where it begins again, and where another branch of it begins."""
        current: list[etree._Element] = []
        last = -1
        open_branches = self._branches
        for child in run:
            field = self.fields(str(child.tag))[0]
            place = self._place[field.name]
            again = place < last or (place == last and not field.repeated)
            staying = [branch for branch in open_branches if field.name in branch]
            if current and (again or (open_branches and not staying)):
                yield current
                current, staying = [], [branch for branch in self._branches if field.name in branch]
            current.append(child)
            last, open_branches = place, staying
        if current:
            yield current


def _branches(record: Record) -> list[set[str]]:
    """The branches of a group that is a repeated choice: of one with all of its members."""
    whole = next((one for one in record.choices if len(one.names) == len(record.fields)), None)
    return [] if whole is None else [set(branch.names) for branch in whole.branches]


def tags(model: Model, field: Field) -> list[str]:
    """The element names that begin or belong to a member."""
    if field.place == "element":
        family = model.records[field.type] if isinstance(field.type, str) else None
        return (
            [field.tag] if family is None or family.mark == "@type" else [one.tag for one in family.variants.values()]
        )
    if field.place == "group":
        return [tag for inner in model.records[str(field.type)].fields for tag in tags(model, inner)]
    return []


def names_match(known: str, found: str) -> bool:
    """Whether two names in Clark notation are the same, a missing namespace on either side forgiven."""
    if known == found:
        return True
    known_space, _, known_name = known.rpartition("}")
    found_space, _, found_name = found.rpartition("}")
    return known_name == found_name and not (known_space and found_space)


def member(step: Field, root: etree._Element) -> etree._Element | None:
    """The child that a reply's result stands in, None when it is absent."""
    found = [child for child in root.iterchildren("*") if names_match(step.tag, str(child.tag))]
    if len(found) > 1:
        raise Drifted(f"The reply is outside the contract: {step.name} is there {len(found)} times.")
    return found[0] if found else None


def is_nil(element: etree._Element) -> bool:
    """Whether the element says `xsi:nil` and is empty, as a nil one has to be."""
    nil = element.get(NIL)
    return nil is not None and nil.strip() in ("true", "1") and not (len(element) or (element.text or "").strip())


def type_name(element: etree._Element, path: str) -> str | None:
    """The name that `xsi:type` gives, in Clark notation; None when it is not there.

    Raises:
        Drifted: Its prefix is declared nowhere.
    """
    text = (element.get(TYPE) or "").strip()
    prefix, colon, local = text.rpartition(":")
    if text.startswith("{") or not text:
        return text or None
    space = element.nsmap.get(prefix or None)
    if colon and space is None:
        raise Drifted(f"The reply is outside the contract: {path} has an xsi:type with a prefix declared nowhere.")
    return f"{{{space}}}{local}" if space else local


def hold_to_type(record: Record, element: etree._Element, path: str) -> None:
    """Raises `Drifted` when the `xsi:type` of an element is not the one type that may stand there."""
    named = type_name(element, path)
    if named is not None and record.array_type is None and named != record.type:
        raise Drifted(f"The reply is outside the contract: {path} is of a type that may not stand there.")


def known_attributes(record: Record) -> frozenset[str]:
    """The attributes that have a field of their own."""
    return frozenset(field.tag for field in record.fields if field.place == "attribute")


def other_attributes(known: frozenset[str], element: etree._Element) -> dict[str, str]:
    """The attributes that have no field, by name."""
    found = {str(name): str(text) for name, text in element.attrib.items() if name not in known}
    return {name: text for name, text in found.items() if not name.startswith(OWN)}


def _attributes(record: Record, element: etree._Element, path: str) -> Iterator[tuple[str, Any]]:
    """The values of a record that stand in attributes, as far as they are there."""
    for field in record.attributes:
        text = element.get(field.tag)
        if field.place == "attributes":
            others = other_attributes(known_attributes(record), element)
            if others:
                yield field.name, others
        elif isinstance(field.type, Scalar) and text is not None:
            yield field.name, _read(field.type, text, f"{path}/{field.name}")


def _substituted(names: dict[str, str], element: etree._Element) -> str | None:
    """Which element of a substitution group an element is."""
    tag = str(element.tag)
    return names.get(tag) or next((name for known, name in names.items() if names_match(known, tag)), None)


def _derived(names: dict[str, str], family: Record, element: etree._Element, path: str) -> str | None:
    """Which type of a family an element is of: the one it names, else the declared one, unless that is abstract."""
    named = type_name(element, path)
    return (family.unmarked or None) if named is None else names.get(named)


def node(element: etree._Element, *, mixed: bool = False) -> dict[str, Any]:
    """XML of any shape as JSON; the XML itself as well where text stands between elements, or might (`mixed`).

    An `xsi:type` is given in Clark notation: its prefix means nothing elsewhere.
    """
    value: dict[str, Any] = {"@name": str(element.tag)}
    if element.attrib:
        value["@attributes"] = {str(name): str(text) for name, text in sorted(element.attrib.items())}
        if TYPE in element.attrib:
            value["@attributes"][TYPE] = type_name(element, str(element.tag))
    children = list(element.iterchildren("*"))
    if children:
        value["@children"] = [node(child) for child in children]
    if element.text and (not children or element.text.strip()):
        value["@text"] = element.text
    if mixed or any((child.tail or "").strip() for child in children):
        value["@xml"] = etree.tostring(element, encoding="unicode", with_tail=False)
    return value


def _empty(answer: Answer, path: str, *, absent: bool) -> dict[str, Any]:
    if answer.step is None or (absent and answer.step.least) or not (absent or answer.step.nillable):
        raise Drifted(f"The reply is outside the contract: {path} is {'missing' if absent else 'nil'}.")
    if answer.form == "items":
        return {"items": []}
    return {"value": None} if answer.form == "value" and not absent else {}


def _text(kind: Scalar, element: etree._Element, path: str) -> Any:
    if next(element.iterchildren("*"), None) is not None:
        raise Drifted(f"The reply is outside the contract: {path} holds elements where the contract has a value.")
    return _read(kind, element.text or "", path)


def _read(kind: Scalar, text: str, path: str) -> Any:
    try:
        return scalar.read(kind, text)
    except ValueError as error:
        raise Drifted(f"The reply is outside the contract: {path} {error}.") from None


def _settled(record: Record, found: dict[str, list[Any]], path: str) -> Iterator[tuple[str, Any]]:
    """Lists where the contract says so, else the one value; counts are held to the contract."""
    for field in record.fields:
        if field.place not in ("element", "group"):
            continue
        values = found.get(field.name, [])
        if field.wildcard and not values:
            continue
        if len(values) < field.least:
            raise Drifted(f"The reply is outside the contract: {path}/{field.name} is missing.")
        if field.repeated:
            yield field.name, values
        elif len(values) > 1:
            raise Drifted(f"The reply is outside the contract: {path}/{field.name} is there {len(values)} times.")
        elif values:
            yield field.name, values[0]
