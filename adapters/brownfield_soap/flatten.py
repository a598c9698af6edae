"""zeep's schema objects → the records and scalars of `model`. The only reader of zeep's types."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zeep.xsd import elements as zeep_elements
from zeep.xsd import types as zeep_types
from zeep.xsd.elements.builtins import Schema
from zeep.xsd.elements.indicators import OrderIndicator
from zeep.xsd.types.unresolved import UnresolvedCustomType, UnresolvedType

from brownfield_soap.model import ANY_TAG, ANYTHING, Facets, Field, Part, Record, Scalar
from brownfield_soap.visitor import kept

MOST_FIELDS = 200_000
"""A model with more fields than this is refused: groups that refer to groups can double without end."""


class TooLarge(Exception):
    """The schema unfolds to more fields than a contract can hold."""


class Flattener:
    """Collects the records that the parts of the operations reach, each once, under a stable key."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self._keys: dict[int, str] = {}
        self._taken: set[str] = set()
        self._alive: list[Any] = []  # an id is only unique while its object lives
        self._count = 0

    def part(self, element: Any) -> Part:
        """A zeep element that stands in a Body, a Header or a detail."""
        tag = element.qname.text
        return Part(element.name, tag, self._content(element.type, tag))

    def _content(self, xsd_type: Any, hint: str) -> Scalar | str:
        xsd_type = settled(xsd_type)
        if isinstance(xsd_type, zeep_types.ComplexType):
            return self._record(xsd_type, hint)
        if isinstance(xsd_type, zeep_types.AnySimpleType):
            return scalar(xsd_type)
        return ANYTHING

    def _record(self, xsd_type: Any, hint: str) -> str:
        known = self._keys.get(id(xsd_type))
        if known is not None:
            return known
        key = self._free_key(xsd_type.qname.text if xsd_type.is_global and xsd_type.qname else hint)
        self._keys[id(xsd_type)] = key
        self._alive.append(xsd_type)
        array = xsd_type._array_type
        choices: Choices = []
        found = self._array_items(array, key) if array is not None else self._fields(xsd_type, key, choices)
        fields = tuple(unique(found))
        self.records[key] = Record(
            name=key.rpartition("}")[2].rpartition("/")[2],
            fields=fields,
            choices=tuple(telling(choices, fields)),
            array_type=array_type_name(array),
            documentation=kept(xsd_type).documentation,
        )
        return key

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

    def _fields(self, xsd_type: Any, key: str, choices: "Choices") -> Iterator[Field]:
        content = xsd_type._element
        if isinstance(content, zeep_elements.Element):
            if isinstance(content.type, zeep_types.AnySimpleType):
                yield Field("value", "", scalar(content.type), "text")
        elif content is not None:
            yield from self._members(content, key, choices, optional=False)
        for attribute in xsd_type._attributes_unwrapped:
            if attribute.qname is not None:
                yield self._attribute(attribute, key)

    def _members(self, node: Any, key: str, choices: "Choices", *, optional: bool) -> Iterator[Field]:
        """A compositor's members in document order: repeated compositors become groups, all others are unfolded."""
        if isinstance(node, zeep_elements.Element):
            yield from self._element(node, key, optional=optional)
        elif isinstance(node, Schema):  # `ref="xs:schema"`: the schema that a .NET DataSet brings along
            yield Field("schema", ANY_TAG, ANYTHING, least=0)
        elif isinstance(node, zeep_elements.Any):
            yield Field("any", ANY_TAG, ANYTHING, least=0, most=most(node))
        elif most(node) is None or (most(node) or 0) > 1:
            yield self._group(node, key)
        else:
            children = [node.child] if isinstance(node, zeep_elements.Group) else node
            chosen = isinstance(node, zeep_elements.Choice)
            optional = optional or chosen or node.min_occurs == 0
            branches = [list(self._members(child, key, choices, optional=optional)) for child in children]
            if chosen:
                choices.append(tuple(tuple(field.name for field in branch) for branch in branches))
            for branch in branches:
                yield from branch

    def _element(self, element: Any, key: str, *, optional: bool) -> Iterator[Field]:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise TooLarge(f"the schema unfolds to more than {MOST_FIELDS} fields")
        if element.max_occurs == 0:
            return
        words = kept(element)
        yield Field(
            name=element.name,
            tag=element.qname.text,
            type=self._content(element.type, f"{key}/{element.name}"),
            least=0 if optional else element.min_occurs,
            most=most(element),
            nillable=bool(element.nillable),
            fixed=words.fixed,
            default=element.default,
            documentation=words.documentation,
        )

    def _group(self, node: Any, key: str) -> Field:
        inner = node.child if isinstance(node, zeep_elements.Group) else node
        name = self._free_key(f"{key}/group")
        branches = list(inner) if isinstance(inner, OrderIndicator) else [inner]
        choice = isinstance(inner, zeep_elements.Choice)
        fields = [field for branch in branches for field in self._members(branch, name, [], optional=choice)]
        self.records[name] = Record("group", tuple(unique(fields)), choice=choice)
        return Field("group", "", name, "group", least=0, most=most(node))

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


Choices = list[tuple[tuple[str, ...], ...]]
"""For each choice its branches, for each branch the names of its members."""


def telling(choices: Choices, fields: tuple[Field, ...]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """The choices with two branches at least, when none of their members had to take another name."""
    names = [field.name for field in fields]
    for choice in choices:
        branches = tuple(branch for branch in choice if branch)
        plain = all(name in names and f"{name}__1" not in names for branch in branches for name in branch)
        if len(branches) > 1 and plain:
            yield branches


def settled(xsd_type: Any) -> Any:
    """The type itself where zeep has left a reference to it."""
    unresolved: tuple[Any, ...] = (UnresolvedType, UnresolvedCustomType)
    return xsd_type.resolve() if isinstance(xsd_type, unresolved) else xsd_type


def most(node: Any) -> int | None:
    """`maxOccurs`, None for unbounded."""
    return None if node.max_occurs == "unbounded" else int(node.max_occurs)


def unique(fields: Any) -> Iterator[Field]:
    """The fields with JSON names made unique; the same optional element in two branches of a choice is one field."""
    seen: dict[str, Field] = {}
    for field in fields:
        first = seen.get(field.name)
        if first and (first.tag, first.type, first.least, first.most) == (field.tag, field.type, 0, field.most):
            continue
        name = f"attr__{field.name}" if first and field.place == "attribute" else field.name
        number = 0
        while name in seen:
            number += 1
            name = f"{field.name}__{number}"
        seen[name] = field if name == field.name else replace(field, name=name)
        yield seen[name]


def scalar(xsd_type: Any) -> Scalar:
    """A zeep simple type with the facets that were kept of it."""
    words = kept(xsd_type)
    facets = words.facets or Facets()
    if isinstance(xsd_type, zeep_types.ListType):
        return Scalar("list", facets, (member(xsd_type.item_type),), words.documentation)
    if isinstance(xsd_type, zeep_types.UnionType):
        return Scalar("union", facets, tuple(member(one) for one in xsd_type.item_types), words.documentation)
    return Scalar(type(xsd_type)._default_qname.localname, facets, (), words.documentation)


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
