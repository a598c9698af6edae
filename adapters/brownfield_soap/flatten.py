"""zeep's schema objects → the records and scalars of `model`. The only reader of zeep's types."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from zeep.xsd import elements as zeep_elements
from zeep.xsd import types as zeep_types
from zeep.xsd.elements.builtins import Schema
from zeep.xsd.elements.indicators import OrderIndicator
from zeep.xsd.types.unresolved import UnresolvedCustomType, UnresolvedType

from brownfield_soap.family import ENCODINGS, Families, element_name, short_names, type_name
from brownfield_soap.model import (
    ANY_TAG,
    ANYTHING,
    SWA_REF,
    Branch,
    Choice,
    Facets,
    Field,
    Mark,
    Part,
    Record,
    Scalar,
    Variant,
)
from brownfield_soap.visitor import kept, merged

MOST_FIELDS = 100_000
"""A model with more fields than this is refused: groups that refer to groups can double without end."""


class TooLarge(Exception):
    """The schema unfolds to more fields than a contract can hold."""


class Flattener:
    """Collects the records that the parts of the operations reach, each once, under a stable key.

    A record is read after the one that refers to it, never within: schemas refer to each other to any depth.
    """

    def __init__(self, families: Families | None = None) -> None:
        self.records: dict[str, Record] = {}
        self._families = families or Families()
        self._keys: dict[int, str] = {}
        self._taken: set[str] = set()
        self._alive: list[Any] = []  # an id is only unique while its object lives
        self._waiting: deque[tuple[str, Any]] = deque()
        self._count = 0

    def part(self, element: Any, *, encoded: bool = False) -> Part:
        """A zeep element that stands in a Body, a Header or a detail."""
        tag = element.qname.text
        return self._part(Part(element.name, tag, self._content(element.type, tag), encoded))

    def typed_part(self, name: str, xsd_type: Any, *, encoded: bool) -> Part:
        """A part of a message that names a type and no element: an element without a namespace."""
        return self._part(Part(name, name, self._content(xsd_type, name), encoded))

    def finish(self) -> dict[str, Record]:
        """The records, once all parts are known."""
        for record in list(self.records.values()):
            for variant in record.variants.values():
                if isinstance(variant.type, str):
                    self.records[variant.type] = replace(self.records[variant.type], bare=True)
        return self.records

    def _part(self, part: Part) -> Part:
        """A part, once all that it refers to has been read."""
        while self._waiting:
            key, xsd_type = self._waiting.popleft()
            self.records[key] = self._record(xsd_type, key)
        return part

    def _content(self, xsd_type: Any, hint: str) -> Scalar | str:
        """A type as it is declared: itself, or the family of those that may stand for it."""
        xsd_type = settled(xsd_type)
        derived = self._families.derived(xsd_type) if isinstance(xsd_type, zeep_types.ComplexType) else {}
        if not derived or self._families.mixed(xsd_type):
            return self._exact(xsd_type, hint)
        key = f"{type_name(xsd_type)}|"
        if key not in self.records:
            types = {**({} if kept(xsd_type).abstract else {type_name(xsd_type): xsd_type}), **derived}
            self._take(key, "@type", xsd_type, {name: (one, name) for name, one in types.items()})
        return key

    def _take(self, key: str, mark: Mark, head: Any, types: Mapping[str, tuple[Any, str]]) -> None:
        """Writes down a family: its types, by the names that tell them."""
        names = short_names(list(types))
        own = head.qname.text
        name = str(own).rpartition("}")[2]
        self.records[key] = Record(name, (), mark=mark)  # its types may refer to it
        exact = self._exact if mark == "@type" else self._content
        variants = {names[tag]: Variant(tag, exact(one, hint)) for tag, (one, hint) in types.items()}
        self.records[key] = Record(name, (), mark=mark, variants=variants, unmarked=names.get(own, ""))

    def _exact(self, xsd_type: Any, hint: str) -> Scalar | str:
        """A type as it is, without those derived from it."""
        if isinstance(xsd_type, zeep_types.ComplexType):
            if self._families.mixed(xsd_type):
                return Scalar("mixed", documentation=kept(xsd_type).documentation)
            if type_name(xsd_type).startswith(ENCODINGS) and is_simple_content(xsd_type):
                return self._text(xsd_type)
            return self._key(xsd_type, hint)
        return scalar(xsd_type) if isinstance(xsd_type, zeep_types.AnySimpleType) else ANYTHING

    def _key(self, xsd_type: Any, hint: str) -> str:
        """The key of a record; who asks first makes it wait to be read."""
        if id(xsd_type) not in self._keys:
            key = self._keys[id(xsd_type)] = self._free_key(type_name(xsd_type) or hint)
            self._alive.append(xsd_type)
            self._waiting.append((key, xsd_type))
        return self._keys[id(xsd_type)]

    def _record(self, xsd_type: Any, key: str) -> Record:
        array = xsd_type._array_type
        choices: list[Choice] = []
        found = self._array_items(array, key) if array is not None else self._fields(xsd_type, key, choices)
        fields = tuple(unique(found))
        return Record(
            name=key.rpartition("}")[2].rpartition("/")[2],
            fields=fields,
            choices=tuple(telling(choices, fields)),
            array_type=array_type_name(array),
            documentation=kept(xsd_type).documentation,
            type=type_name(xsd_type),
        )

    def _free_key(self, wanted: str) -> str:
        key, number = wanted, 1
        while key in self._taken:
            number += 1
            key = f"{wanted}~{number}"
        self._taken.add(key)
        return key

    def _array_items(self, array: Any, key: str) -> Iterator[Field]:
        content = self._content(array.array_type, f"{key}/item") if array.array_type is not None else ANYTHING
        yield Field("item", ANY_TAG, content, least=0, most=None, nillable=True)

    def _fields(self, xsd_type: Any, key: str, choices: list[Choice]) -> Iterator[Field]:
        content = xsd_type._element
        if is_simple_content(xsd_type):
            yield Field("value", "", self._text(xsd_type), "text")
        elif content is not None and not isinstance(content, zeep_elements.Element):
            yield from self._members(content, key, choices)
        for attribute in xsd_type._attributes_unwrapped:
            if attribute.qname is not None and not kept(attribute).prohibited:
                yield self._attribute(attribute, key)
        if any(attribute.qname is None for attribute in xsd_type._attributes_unwrapped):
            yield Field("@attributes", ANY_TAG, Scalar("string"), "attributes", least=0)

    def _text(self, xsd_type: Any) -> Scalar:
        """The text of simple content, with the facets of every step of its derivation."""
        text = scalar(xsd_type._element.type)
        facets = text.facets
        for one in reversed(list(self._families.bases(xsd_type))):
            facets = merged(facets, kept(one).facets or Facets())
        return replace(text, facets=facets, name="")

    def _members(self, node: Any, key: str, choices: list[Choice]) -> Iterator[Field]:
        """A compositor's members in document order: repeated compositors become groups, all others are unfolded."""
        if isinstance(node, zeep_elements.Element):
            yield from self._element(node, key)
        elif isinstance(node, Schema):  # `ref="xs:schema"`: the schema that a .NET DataSet brings along
            yield Field("schema", ANY_TAG, ANYTHING, least=0)
        elif isinstance(node, zeep_elements.Any):
            yield Field("any", ANY_TAG, ANYTHING, least=node.min_occurs, most=most(node))
        elif most(node) is None or (most(node) or 0) > 1:
            yield self._group(node, key)
        elif most(node) == 0:
            return
        elif isinstance(node, zeep_elements.Choice) and len(node) > 1:
            yield from self._chosen([[child] for child in node], key, choices, optional=node.min_occurs == 0)
        elif node.min_occurs == 0:
            yield from self._chosen([_children(node)], key, choices, optional=True)
        else:
            for child in _children(node):
                yield from self._members(child, key, choices)

    def _chosen(self, nodes: list[list[Any]], key: str, choices: list[Choice], *, optional: bool) -> Iterator[Field]:
        """The members of a choice, none of which has to be there by itself; what each branch needs is written down."""
        found, branches = [], []
        for branch in nodes:
            inner: list[Choice] = []
            fields = [field for node in branch for field in self._members(node, key, inner)]
            within = frozenset(name for choice in inner for name in choice.names)
            needed = tuple(field.name for field in fields if field.least)
            free = tuple(field.name for field in fields if not field.least and field.name not in within)
            branches.append(Branch(needed, free, tuple(inner)))
            found.append([replace(field, least=0) for field in fields])
        choices.append(Choice(tuple(branches), optional))
        yield from _once(found)

    def _element(self, element: Any, key: str) -> Iterator[Field]:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise TooLarge(f"the schema unfolds to more than {MOST_FIELDS} fields")
        if element.max_occurs == 0:
            return
        words = kept(element)
        yield Field(
            name=element.name,
            tag=element.qname.text,
            type=self._substitutable(element, key),
            least=element.min_occurs,
            most=most(element),
            nillable=bool(element.nillable),
            fixed=words.fixed,
            default=element.default,
            documentation=words.documentation,
        )

    def _substitutable(self, element: Any, key: str) -> Scalar | str:
        """The type of an element, or the family of the elements that may be substituted for it."""
        hint = f"{key}/{element.name}"
        members = self._families.members(element) if element.is_global else {}
        if not members:
            return self._content(element.type, hint)
        family = f"{element_name(element)}|element"
        if family not in self.records:
            elements = {**({} if kept(element).abstract else {element_name(element): element}), **members}
            types = {name: (one.type, name) for name, one in elements.items()}
            self._take(family, "@element", element, types)
        return family

    def _group(self, node: Any, key: str) -> Field:
        inner = node.child if isinstance(node, zeep_elements.Group) else node
        name = self._free_key(f"{key}/group")
        choices: list[Choice] = []
        if isinstance(inner, zeep_elements.Choice):
            found = list(self._chosen([[child] for child in inner], name, choices, optional=False))
        else:
            found = [field for child in _children(inner) for field in self._members(child, name, choices)]
        fields = tuple(unique(found))
        told = tuple(telling(choices, fields))
        if isinstance(inner, zeep_elements.Choice) and not told:  # members had to take other names: each is a branch
            told = (Choice(tuple(Branch((field.name,)) for field in fields)),)
        self.records[name] = Record("group", fields, told, bare=True)
        empty = all(choice.holds(frozenset()) for choice in told) and not any(field.least for field in fields)
        return Field("group", "", name, "group", least=0 if empty else node.min_occurs, most=most(node))

    def _attribute(self, attribute: Any, key: str) -> Field:
        words = kept(attribute)
        content = self._content(attribute.type, f"{key}/{attribute.name}")
        return Field(
            name=attribute.name,
            tag=attribute.qname.text,
            type=content if isinstance(content, Scalar) and content is not ANYTHING else Scalar("anySimpleType"),
            place="attribute",
            least=int(attribute.required),
            fixed=words.fixed,
            default=attribute.default,
            documentation=words.documentation,
        )


def _children(node: Any) -> list[Any]:
    """What stands in a compositor, or in the group that a reference names."""
    if isinstance(node, zeep_elements.Group):
        return [node.child]
    return list(node) if isinstance(node, OrderIndicator) else [node]


def telling(choices: list[Choice], fields: tuple[Field, ...]) -> Iterator[Choice]:
    """The choices that say something, when none of their members had to take another name."""
    names = {field.name for field in fields}
    for choice in choices:
        plain = all(name in names and f"{name}__1" not in names for name in choice.names)
        alone = choice.optional and len(choice.names) == 1
        if plain and choice.names and not alone:
            yield choice


def is_simple_content(xsd_type: Any) -> bool:
    """Whether a complex type holds text, and no elements."""
    content = xsd_type._element
    return isinstance(content, zeep_elements.Element) and isinstance(content.type, zeep_types.AnySimpleType)


def settled(xsd_type: Any) -> Any:
    """The type itself where zeep has left a reference to it."""
    unresolved: tuple[Any, ...] = (UnresolvedType, UnresolvedCustomType)
    return xsd_type.resolve() if isinstance(xsd_type, unresolved) else xsd_type


def most(node: Any) -> int | None:
    """`maxOccurs`, None for unbounded."""
    return None if node.max_occurs == "unbounded" else int(node.max_occurs)


def _once(branches: list[list[Field]]) -> Iterator[Field]:
    """The members of a choice: an element that stands in several branches is one member."""
    seen: dict[str, list[Field]] = defaultdict(list)
    for branch in branches:
        new = [field for field in branch if field not in seen[field.name]]
        yield from new
        for field in new:
            seen[field.name].append(field)


def unique(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields with JSON names made unique."""
    taken: set[str] = set()
    times: Counter[str] = Counter()
    for field in fields:
        name = field.name
        if name in taken and field.place == "attribute":
            name = f"attr__{field.name}"
        while name in taken:
            times[field.name] += 1
            name = f"{field.name}__{times[field.name]}"
        taken.add(name)
        yield field if name == field.name else replace(field, name=name)


def scalar(xsd_type: Any) -> Scalar:
    """A zeep simple type with the facets that were kept of it."""
    words = kept(xsd_type)
    facets = words.facets or Facets()
    if isinstance(xsd_type, zeep_types.ListType):
        return Scalar("list", facets, (member(xsd_type.item_type),), words.documentation, words.name)
    if isinstance(xsd_type, zeep_types.UnionType):
        members = tuple(member(one) for one in xsd_type.item_types)
        return Scalar("union", facets, members, words.documentation, words.name)
    if words.name == SWA_REF:
        return Scalar("base64Binary", documentation=words.documentation, name=SWA_REF)
    return Scalar(type(xsd_type)._default_qname.localname, facets, (), words.documentation, words.name)


def member(xsd_type: Any) -> Scalar:
    """The item of a list or one of a union; anything that is not a simple type is read as text."""
    xsd_type = settled(xsd_type)
    return scalar(xsd_type) if isinstance(xsd_type, zeep_types.AnySimpleType) else Scalar("string")


def array_type_name(array: Any) -> str | None:
    """The XSD name of a SOAP-encoded array's items, for its `arrayType` attribute."""
    if array is None:
        return None
    name = getattr(array.array_type, "qname", None)
    return name.text if name is not None else "{http://www.w3.org/2001/XMLSchema}anyType"
