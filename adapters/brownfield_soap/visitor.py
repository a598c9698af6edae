"""zeep's reader of XML Schema, taught to keep what zeep drops: facets, documentation, `fixed`, `abstract` and the like.

zeep builds its schema objects through the class that `zeep.xsd.schema.SchemaVisitor` names. While a WSDL is loaded
that name is swapped for `Keeper`. Should a later zeep move it, the WSDL still loads; facets and documentation are lost.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import zeep.xsd.elements
import zeep.xsd.elements.indicators
import zeep.xsd.schema
import zeep.xsd.types
import zeep.xsd.types.unresolved
import zeep.xsd.visitor
from lxml import etree

from brownfield_soap.model import Facets

XSD = "{http://www.w3.org/2001/XMLSchema}"
ATTRIBUTES = frozenset({f"{XSD}attribute", f"{XSD}attributeGroup", f"{XSD}anyAttribute"})
_swap = threading.Lock()

# zeep is half typed, and the half is not right; here it is Any.
zeep_schema: Any = zeep.xsd.schema
zeep_types: Any = zeep.xsd.types
zeep_indicators: Any = zeep.xsd.elements.indicators
RefAttribute: Any = zeep.xsd.elements.RefAttribute
SchemaVisitor: Any = zeep.xsd.visitor.SchemaVisitor
UnresolvedCustomType: Any = zeep.xsd.types.unresolved.UnresolvedCustomType


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of an element, an attribute or a type; found again under its attribute `kept`."""

    documentation: str = ""
    fixed: str | None = None
    facets: Facets | None = None
    abstract: bool = False
    mixed: bool = False
    name: str = ""
    base: str = ""
    substitutes: str = ""
    prohibited: bool = False


NOTHING = Kept()


def kept(thing: Any) -> Kept:
    """What was kept of a zeep object."""
    found = getattr(thing, "kept", NOTHING)
    return found if isinstance(found, Kept) else NOTHING


@contextmanager
def keeping() -> Iterator[None]:
    """Zeep loads with `Keeper` inside this block. One thread at a time: the swap is global to zeep."""
    with _swap:
        original = getattr(zeep_schema, "SchemaVisitor", None)
        if original is None:
            yield
            return
        zeep_schema.SchemaVisitor = Keeper
        try:
            yield
        finally:
            zeep_schema.SchemaVisitor = original


def is_true(node: etree._Element, attribute: str) -> bool:
    """Whether an attribute says yes."""
    return (node.get(attribute) or "").strip() in ("true", "1")


def named(node: etree._Element, attribute: str) -> str:
    """The name that an attribute holds, in Clark notation; empty when it holds none."""
    prefix, _, local = (node.get(attribute) or "").strip().rpartition(":")
    space = node.nsmap.get(prefix or None)
    return f"{{{space}}}{local}" if space and local else local


def documentation(node: etree._Element) -> str:
    """The words of a node's `xs:annotation/xs:documentation`, on one line."""
    found = node.findall(f"{XSD}annotation/{XSD}documentation")
    return " ".join(" ".join("".join(map(str, words.itertext())).split()) for words in found).strip()


def facets_of(restriction: etree._Element) -> Facets:
    """The facets that one `xs:restriction` states."""
    values: dict[str, list[str]] = {}
    for child in restriction:
        if isinstance(child.tag, str) and child.get("value") is not None:
            values.setdefault(etree.QName(child).localname, []).append(str(child.get("value")))
    enumeration = tuple(values.pop("enumeration", ()))
    patterns = values.pop("pattern", [])
    joined = ("|".join(f"(?:{one})" for one in patterns) if len(patterns) > 1 else patterns[0],) if patterns else ()
    return Facets(enumeration, joined, {name: found[-1] for name, found in values.items()})


def stated_facets(restriction: etree._Element) -> Facets:
    """The facets that a restriction of simple content states, those of a type within it included."""
    inner = restriction.find(f"{XSD}simpleType/{XSD}restriction")
    return merged(None if inner is None else facets_of(inner), facets_of(restriction))


def merged(base: Facets | None, step: Facets) -> Facets:
    """A derivation step on top of its base: values narrow, patterns add up."""
    if base is None:
        return step
    return Facets(step.enumeration or base.enumeration, base.patterns + step.patterns, {**base.limits, **step.limits})


class Restricted(UnresolvedCustomType):  # type: ignore[misc]  # the base is Any
    """A restriction that still knows its facets once zeep has resolved it."""

    def __init__(self, plain: Any, own: Kept) -> None:
        super().__init__(plain.qname, plain.base_type, plain.schema)
        self.own = own
        self.resolved: Any = None

    def resolve(self) -> Any:
        """The zeep type, with `kept` filled. A restriction of a list stays a list, which plain zeep gets wrong."""
        if self.resolved is None:
            base = self.base_type.resolve()
            if isinstance(base, zeep_types.ListType):
                self.resolved = zeep_types.ListType(base.item_type)
            else:
                self.resolved = super().resolve()
            self.resolved.kept = replace(self.own, facets=merged(kept(base).facets, self.own.facets or Facets()))
        return self.resolved


class Referring:
    """A reference to an attribute, which says itself whether that is required; zeep does not hear it."""

    def __init__(self, plain: Any, node: etree._Element) -> None:
        self._plain = plain
        self._node = node

    def resolve(self) -> Any:
        """The attribute, with what the reference says of it."""
        attribute = self._plain.resolve()
        attribute.required = self._node.get("use") == "required"
        attribute.default = self._node.get("default", attribute.default)
        own = self._plain.kept
        attribute.kept = replace(own, fixed=own.fixed if own.fixed is not None else kept(attribute).fixed)
        return attribute


Result = Any
_extend = zeep_types.ComplexType.extend


def extended(own: Any, base: Any) -> Any:
    """A complex type as the extension of another: the content of that, then its own.

    zeep puts the members of the base into the own content, forgets how often that may occur, and drops a group that is
    the base's content.
    """
    theirs = base._element if isinstance(base, zeep_types.ComplexType) else None
    if not (own._element and isinstance(theirs, zeep_indicators.Indicator)):
        return _extend(own, base)
    content = zeep_indicators.Sequence([theirs.resolve(), own._element.resolve()])
    own._element = zeep_indicators.Sequence([])
    made = _extend(own, base)
    made._element = content
    return made


class Keeper(SchemaVisitor):  # type: ignore[misc]  # the base is Any
    """See the module."""

    def visit_element(self, node: etree._Element, parent: etree._Element) -> Result:
        """An element keeps its words, `fixed`, `nillable="1"`, and in a choice its `minOccurs`."""
        element = super().visit_element(node, parent)
        if parent.tag == f"{XSD}choice":
            element.min_occurs = int(node.get("minOccurs", "1"))
        element.kept = Kept(
            documentation(node),
            node.get("fixed"),
            abstract=is_true(node, "abstract"),
            substitutes=named(node, "substitutionGroup"),
        )
        if node.get("nillable") == "1":
            element.nillable = True
        return element

    def visit_attribute(self, node: etree._Element, parent: etree._Element) -> Result:
        """An attribute keeps its words, `fixed`, and that it may not be there."""
        attribute = super().visit_attribute(node, parent)
        attribute.kept = Kept(documentation(node), node.get("fixed"), prohibited=node.get("use") == "prohibited")
        return Referring(attribute, node) if isinstance(attribute, RefAttribute) else attribute

    def visit_simple_type(self, node: etree._Element, parent: etree._Element) -> Result:
        """A simple type keeps its facets and words."""
        plain = super().visit_simple_type(node, parent)
        restriction = node.find(f"{XSD}restriction")
        is_global = parent.tag == f"{XSD}schema"
        name = f"{{{self.document._target_namespace or ''}}}{node.get('name')}".removeprefix("{}") if is_global else ""
        if restriction is None or not isinstance(plain, UnresolvedCustomType):
            plain.kept = Kept(documentation(node), name=name)
            return plain
        better = Restricted(plain, Kept(documentation(node), facets=facets_of(restriction), name=name))
        if is_global:
            self.register_type(plain.qname, better)
        return better

    def visit_complex_type(self, node: etree._Element, parent: etree._Element) -> Result:
        """A complex type keeps what it says, on its class: zeep makes a new instance when it extends one."""
        complex_type = super().visit_complex_type(node, parent)
        content = next(node.iterchildren(f"{XSD}complexContent", f"{XSD}simpleContent"), None)
        step = None if content is None else next(content.iterchildren(f"{XSD}extension", f"{XSD}restriction"), None)
        type(complex_type).extend = extended
        type(complex_type).kept = Kept(
            documentation(node),
            facets=None if step is None else stated_facets(step),
            abstract=is_true(node, "abstract"),
            mixed=is_true(node, "mixed") or (content is not None and is_true(content, "mixed")),
            base="" if step is None else named(step, "base"),
        )
        return complex_type

    def visit_restriction_simple_content(self, node: etree._Element, parent: etree._Element) -> Result:
        """A restriction of simple content keeps the attributes that it states anew."""
        base, _ = super().visit_restriction_simple_content(node, parent)
        stated = [child for child in node if child.tag in ATTRIBUTES]
        return base, self._process_attributes(node, stated)

    def visit_union(self, node: etree._Element, parent: etree._Element) -> Result:
        """A union has the members that it names and those that stand in it."""
        union = super().visit_union(node, parent)
        if node.get("memberTypes"):
            inner = [self.visit_simple_type(child, node) for child in node.iterchildren(f"{XSD}simpleType")]
            union.item_types = [*union.item_types, *inner]
        return union

    visitors = {  # noqa: RUF012  # zeep's own table, with these laid over it
        **SchemaVisitor.visitors,
        f"{XSD}element": visit_element,
        f"{XSD}attribute": visit_attribute,
        f"{XSD}simpleType": visit_simple_type,
        f"{XSD}complexType": visit_complex_type,
        f"{XSD}union": visit_union,
    }
