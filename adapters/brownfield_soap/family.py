"""Which types may stand for which others, as the schemas state it: derivation (`xsi:type`) and substitution groups."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from zeep.xsd import types as zeep_types

from brownfield_soap.visitor import kept

ENCODINGS = ("{http://schemas.xmlsoap.org/soap/encoding/}", "{http://www.w3.org/2003/05/soap-encoding}")
"""Namespaces whose types stand for habits of the encoding, not for a hierarchy."""


class Families:
    """The complex types and elements of a zeep schema by what they are derived from, or may be substituted for."""

    def __init__(self, schema: Any = None) -> None:
        self._types: dict[str, Any] = {}
        self._derived: dict[str, list[Any]] = defaultdict(list)
        self._members: dict[str, list[Any]] = defaultdict(list)
        for xsd_type in schema.types if schema is not None else ():
            xsd_type = xsd_type.resolve()  # noqa: PLW2901  # zeep lists what it has not resolved yet
            if isinstance(xsd_type, zeep_types.ComplexType) and xsd_type.qname is not None:
                self._types[xsd_type.qname.text] = xsd_type
                self._derived[kept(xsd_type).base].append(xsd_type)
        for element in schema.elements if schema is not None else ():
            self._members[kept(element).substitutes].append(element)

    def derived(self, xsd_type: Any) -> Mapping[str, Any]:
        """The types derived from one, at any remove, by their names: those that an `xsi:type` may name."""
        name = type_name(xsd_type)
        if not name or name not in self._derived or name.startswith(ENCODINGS):
            return {}
        found = {type_name(one): one for one in _below(name, self._derived, type_name)}
        return {name: one for name, one in sorted(found.items()) if not kept(one).abstract}

    def members(self, element: Any) -> Mapping[str, Any]:
        """The elements that may be substituted for one, at any remove, by their names."""
        if element_name(element) not in self._members:
            return {}
        found = {element_name(one): one for one in _below(element_name(element), self._members, element_name)}
        return {name: one for name, one in sorted(found.items()) if not kept(one).abstract}

    def bases(self, xsd_type: Any) -> Iterator[Any]:
        """The type itself and what it is derived from, nearest first."""
        seen: set[str] = set()
        while xsd_type is not None:
            yield xsd_type
            base = kept(xsd_type).base
            xsd_type = None if base in seen else self._types.get(base)
            seen.add(base)

    def mixed(self, xsd_type: Any) -> bool:
        """Whether text may stand between the elements of a type: it or a type that it extends says so."""
        return any(kept(one).mixed for one in self.bases(xsd_type))


def type_name(xsd_type: Any) -> str:
    """The name of a type in Clark notation, empty when it has none."""
    return str(xsd_type.qname.text) if xsd_type.is_global and xsd_type.qname else ""


def element_name(element: Any) -> str:
    """The name of an element in Clark notation."""
    return str(element.qname.text)


def short_names(names: list[str]) -> dict[str, str]:
    """A JSON name for each name: the local one, or the whole where another has the same."""
    local = [name.rpartition("}")[2] for name in names]
    return {name: name if local.count(short) > 1 else short for name, short in zip(names, local, strict=True)}


def _below(root: str, table: Mapping[str, list[Any]], name: Any) -> Iterator[Any]:
    """Everything that the table leads to from a name, each once, without the root."""
    waiting, seen = [root], {root}
    while waiting:
        for one in table.get(waiting.pop(), ()):
            if name(one) not in seen:
                seen.add(name(one))
                waiting.append(name(one))
                yield one
