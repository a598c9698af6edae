"""Random replies that a schema allows, with what is known of each value in them: the same seed gives the same reply.

A reply is made of the model, values obey their facets. `Valid.facts` tells of each value, by its place and its words,
what the schema says of it: the rules of `difference.toml` look there.
"""

import random
from collections import defaultdict

import jsonschema_rs
from lxml import etree

from brownfield_soap import sample, scalar
from brownfield_soap.decode import NIL, OWN, TYPE
from brownfield_soap.model import ANY_TAG, Field, Model, Record, Scalar

DEEPEST = 24
ITEM = "item"
"""What the items of SOAP-encoded arrays are called. That name means nothing, and is in no place."""
VALUES = {
    "string": ["x", "a b", "é", "0", "false", ""],
    "boolean": ["true", "false"],
    "decimal": ["0", "1.50", "-3", "0.5", "0012.300", "0.0"],
    "float": ["1.5", "0", "-2", "1e3", "INF"],
    "double": ["1.5", "0", "2E-3", "-INF"],
    "dateTime": ["2026-11-21T10:00:00", "2026-11-21T10:00:00.5Z", "2026-11-21T10:00:00.123456789",
                 "12026-01-01T00:00:00", "2026-11-21T24:00:00"],
    "date": ["2026-11-21", "2026-11-21Z", "12026-01-01"],
    "time": ["10:00:00", "23:59:59.999", "10:00:00+01:00"],
    "duration": ["P1D", "PT1H", "P1Y2M"],
    "base64Binary": ["aGk=", "AAEC"],
    "hexBinary": ["00ff", "0A"],
    "gYear": ["2026"],
    "gYearMonth": ["2026-11"],
    "gMonth": ["--11"],
    "gMonthDay": ["--11-17"],
    "gDay": ["---17"],
    "anyURI": ["urn:x"],
    "QName": ["x"],
    "language": ["en"],
    "NMTOKENS": ["a b"],
    "IDREFS": ["a b"],
    "ENTITIES": ["a"],
}  # fmt: skip
NUMBERS = ["0", "7", "12", "1"]


class TooDeep(Exception):
    """The model has no finite instance on the way that was taken."""


class Valid:
    """Elements for the types of one model."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model = model
        self._random = random.Random(seed)
        self._known: dict[Scalar, list[str]] = {}
        self.facts: dict[tuple[tuple[str, ...], str], set[str]] = defaultdict(set)
        self.of: set[str] = set()  # what is true of the reply as a whole

    def whole(self, tag, content):
        """The element of a message, as it comes over the wire."""
        element = self.element(tag, content)
        for one in element.iter():
            if one.get(TYPE) is not None:
                one.set(TYPE, etree.QName(one.get(TYPE)))
        return etree.fromstring(etree.tostring(element))

    def element(self, tag, content, path=(), facts=frozenset(), depth=0):
        """One element, below `path`."""
        if depth > DEEPEST:
            raise TooDeep
        element = etree.Element(tag)
        here = below(path, tag)
        if isinstance(content, Scalar) and content.is_node:
            self._node(element, here, facts | {content.kind})
        elif isinstance(content, Scalar):
            element.text = self._text(content, here, facts)
        elif self._model.records[content].variants:
            self._derived(element, self._model.records[content], path, facts, depth)
        else:
            self._fill(element, self._model.records[content], here, facts, depth)
        return element

    def _derived(self, element, family, path, facts, depth) -> None:
        """One of the types of a family; the declared one may go without saying."""
        name = self._random.choice(sorted(family.variants))
        variant = family.variants[name]
        if name != family.unmarked or self._random.random() < 0.5:
            element.set(TYPE, variant.tag)
        record = self._model.records[str(variant.type)]
        self._fill(element, record, below(path, element.tag), facts | {"derived"}, depth)

    def _node(self, element, here, facts) -> None:
        """XML of any shape."""
        words = f"w{self._random.randint(0, 99)}"
        self._note(here, words, facts)
        element.text = words

    def _fill(self, element, record: Record, here, facts, depth) -> None:
        needed, left_out = self._taken(record.choices)
        chosen = {name for choice in record.choices for name in choice.names} - left_out
        for field in record.fields:
            if field.name in left_out:
                continue
            told = facts | ({"choice"} if field.name in chosen else set())
            if field.place == "attribute" and field.tag.startswith(OWN):
                continue
            if field.place == "attribute":
                if field.least or self._random.random() < 0.5:
                    self._attribute(element, field, here, told)
                elif field.default is not None or field.fixed is not None:
                    self.of.add("default")
            elif field.place == "attributes":
                if self._random.random() < 0.3:
                    element.set("other", "o1")
                    self._note((*here, "other"), "o1", told | {"anyAttribute"})
            elif field.place == "text":
                element.text = self._text(field.type, here, told)
            elif field.place == "group":
                self._group(element, field, here, told | {"group"}, depth)
            else:
                self._children(element, field, here, told, depth, least=1 if field.name in needed else field.least)

    def _taken(self, choices) -> tuple[set[str], set[str]]:
        """One branch of each choice: what it needs, and the members of the branches that are not taken."""
        needed: set[str] = set()
        left_out: set[str] = set()
        for choice in choices:
            if choice.optional and self._random.random() < 0.3:
                left_out |= choice.names
                continue
            branch = self._random.choice(choice.branches)
            inner, left = self._taken(branch.choices)
            needed |= inner.union(branch.needed)
            left_out |= left | choice.names.difference(branch.names)
        return needed, left_out

    def _group(self, element, field: Field, here, facts, depth) -> None:
        record = self._model.records[str(field.type)]
        self.of.add("group")
        for _ in range(max(self._random.randint(0, 2) if depth < 5 else 0, field.least)):
            self._fill(element, record, here, facts, depth)

    def _children(self, element, field: Field, here, facts, depth, least) -> None:
        most = min(field.most if field.most is not None else 3, 3)
        count = self._random.randint(min(least, most), most) if depth < 4 else least
        for _ in range(max(count, least)):
            if field.wildcard:
                child = self.element("{urn:any}thing", field.type, here, facts | {"any"}, depth + 1)
            else:
                child = self._child(field, here, facts, depth)
            element.append(child)

    def _child(self, field: Field, here, facts, depth):
        family = self._model.records[field.type] if isinstance(field.type, str) else None
        if family is not None and family.mark == "@element":
            name = self._random.choice(sorted(family.variants))
            tag, content = family.variants[name].tag, family.variants[name].type
            return self.element(tag, content, here, facts | {"substitution"}, depth + 1)
        tag = ITEM if field.tag == ANY_TAG else field.tag
        if field.fixed is not None and isinstance(field.type, Scalar) and not field.type.is_node:
            child = etree.Element(tag)
            child.text = field.fixed
            self._note(below(here, tag), field.fixed, facts | {field.type.kind})
            return child
        if field.nillable and self._random.random() < 0.2:
            child = etree.Element(tag)
            child.set(NIL, self._random.choice(["true", "1"]))
            return child
        return self.element(tag, field.type, here, facts, depth + 1)

    def _attribute(self, element, field: Field, here, facts) -> None:
        words = field.fixed if field.fixed is not None else None
        place = (*here, field.tag.rpartition("}")[2])
        if words is None:
            words = self._text(field.type, place, facts | {"attribute"})
        else:
            self._note(place, words, facts | {"attribute"})
        element.set(field.tag, words)

    def _text(self, kind: Scalar, place, facts) -> str:
        words = self._random.choice(self._fitting(kind))
        self._note(place, words, facts | {kind.kind, *(member.kind for member in kind.members)})
        return words

    def _note(self, place, words, facts) -> None:
        for word in words.split():
            self.facts[place, word] |= facts

    def _fitting(self, kind: Scalar) -> list[str]:
        """Texts that a simple type allows; at least one."""
        key = repr(kind)
        if key not in self._known:
            checked = jsonschema_rs.Draft202012Validator(scalar.schema(kind))
            found = [text for text in self._candidates(kind) if fits(kind, text, checked)]
            self._known[key] = found or [scalar.write(kind, sample.value(kind))]
        return self._known[key]

    def _candidates(self, kind: Scalar) -> list[str]:
        if kind.facets.enumeration:
            return list(kind.facets.enumeration)
        if kind.kind == "list":
            members = self._fitting(kind.members[0])
            return ["", members[0], " ".join(members[:2])]
        if kind.kind == "union":
            return [text for member in kind.members for text in self._fitting(member)]
        return VALUES.get(kind.kind, NUMBERS if kind.kind in scalar.INTEGERS else VALUES["string"][:2])


def below(path, tag):
    """The place of an element."""
    name = tag.rpartition("}")[2]
    return path if name == ITEM else (*path, name)


def fits(kind, text, checked) -> bool:
    """Whether a text is a value of a type, its facets held."""
    try:
        return checked.is_valid(scalar.read(kind, text))
    except ValueError:
        return False
