"""The XML of a reply → plain JSON values, driven by the model: the interpreter, which can read everything.

`codec` reads the straight cases faster and leaves all others to this.

* Text is kept as the system gave it: decimals and times are strings; see `scalar`.
* nil is None, absent is absent; a repeated element is always a list, empty when there is none. An element with content
  is not nil, whatever it says.
* Elements and attributes that the contract does not know are dropped, and so is what a wildcard has no room for: a
  system may add fields. A known element with a value outside its type is `Drifted`; so is more than one of an element
  that may occur once.
* An element is found by its full name, or by its local name when either side has no namespace: real servers differ.
* Each element is visited once, so the time is linear in the reply.
* `xsi:type` is not followed: a derived type is read as its base, and what it adds is dropped.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap import scalar
from brownfield_soap.answer import Answer
from brownfield_soap.model import ANY_TAG, Field, Model, Record, Scalar

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Decoder:
    """Reads replies of one model. Holds no state between calls but the routes of the records it has met."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._routes: dict[str, _Route] = {}

    def answer(self, answer: Answer, root: etree._Element, path: str) -> dict[str, Any]:
        """The fields of a reply whose Body, or detail, holds `root`. See `answer` for the rule.

        Raises:
            Drifted: Something in the reply is outside the contract; the message says where.
        """
        result: etree._Element | None = root
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
            return node(element) if content.kind == "anyType" else _text(content, element, path)
        record = self.model.records[content]
        value = self._members(content, record, list(element.iterchildren("*")), path)
        self._attributes(record, element, value, path)
        items = record.items
        return value if items is None else value[items.name]

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
        return None if is_nil(element) and not spaces else self._content(field.type, element, path)

    def _attributes(self, record: Record, element: etree._Element, value: dict[str, Any], path: str) -> None:
        for field in record.fields:
            if isinstance(field.type, Scalar) and field.place == "text":
                value[field.name] = _text(field.type, element, f"{path}/{field.name}")
            elif isinstance(field.type, Scalar) and field.place == "attribute":
                text = element.get(field.tag)
                if text is not None:
                    value[field.name] = _read(field.type, text, f"{path}/{field.name}")
                elif field.least:
                    raise Drifted(f"The reply is outside the contract: {path}/{field.name} is missing.")

    def _route(self, key: str, record: Record) -> "_Route":
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = _Route(self.model, record)
        return route


class _Route:
    """Which member of a record a child element belongs to."""

    def __init__(self, model: Model, record: Record) -> None:
        self._record = record
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
        run: list[etree._Element] = []
        open_group: Field | None = None
        for child in children:
            fields = self.fields(str(child.tag))
            if not fields:
                continue
            field = next((one for one in fields if one.repeated or one.name not in taken), fields[-1])
            if field.tag == ANY_TAG and field.name in taken and not field.repeated:
                continue
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

    def occurrences(self, run: list[etree._Element]) -> Iterator[list[etree._Element]]:
        """The run cut into occurrences of the group: a choice at each element, a sequence where it begins again."""
        current: list[etree._Element] = []
        last = -1
        for child in run:
            field = self.fields(str(child.tag))[0]
            place = self._place[field.name]
            again = place < last or (place == last and not field.repeated)
            if current and (again or (self._record.choice and not (place == last and field.repeated))):
                yield current
                current = []
            current.append(child)
            last = place
        if current:
            yield current


def tags(model: Model, field: Field) -> list[str]:
    """The element names that begin or belong to a member."""
    if field.place == "element":
        return [field.tag]
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
    return next((child for child in root.iterchildren("*") if names_match(step.tag, str(child.tag))), None)


def is_nil(element: etree._Element) -> bool:
    """Whether the element says `xsi:nil` and is empty, as a nil one has to be."""
    nil = element.get(NIL)
    return nil is not None and nil.strip() in ("true", "1") and not (len(element) or (element.text or "").strip())


def node(element: etree._Element) -> dict[str, Any]:
    """XML of any shape as JSON."""
    value: dict[str, Any] = {"@name": str(element.tag)}
    if element.attrib:
        value["@attributes"] = {str(name): str(text) for name, text in sorted(element.attrib.items())}
    children = [node(child) for child in element.iterchildren("*")]
    if children:
        value["@children"] = children
    elif element.text:
        value["@text"] = element.text
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
        if len(values) < field.least:
            raise Drifted(f"The reply is outside the contract: {path}/{field.name} is missing.")
        if field.repeated:
            yield field.name, values
        elif len(values) > 1:
            raise Drifted(f"The reply is outside the contract: {path}/{field.name} is there {len(values)} times.")
        elif values:
            yield field.name, values[0]
