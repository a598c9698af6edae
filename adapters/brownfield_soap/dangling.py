"""Names in a WSDL that nothing defines: taken for what they must have meant, else for anything, else left out."""

from collections import defaultdict

from brownfield_soap.document import WSDL, XSD, remove
from brownfield_soap.link import Linked
from brownfield_soap.reference import Kind, Pointing, Reference, defined, local, references, space

BUILT_IN = frozenset(
    """
    anyType anySimpleType anyURI base64Binary boolean byte date dateTime decimal double duration ENTITIES ENTITY float
    gDay gMonth gMonthDay gYear gYearMonth hexBinary ID IDREF IDREFS int integer language long Name NCName
    negativeInteger NMTOKEN NMTOKENS nonNegativeInteger nonPositiveInteger normalizedString NOTATION positiveInteger
    QName short string time token unsignedByte unsignedInt unsignedLong unsignedShort
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
ANY_TYPE = f"{{{XSD}}}anyType"
SIMPLE = frozenset({f"{{{XSD}}}attribute", f"{{{XSD}}}list"})
"""Elements whose type has to be a simple one."""


def dangling_names(linked: Linked) -> None:
    """A name that nothing defines is taken for the one it is nearest to, else for anything, else it is left out."""
    known = _Known(linked)
    pointing = Pointing()
    for document in linked.documents:
        for reference in list(references(document)):
            if known.has(reference):
                continue
            meant = known.nearest(reference)
            shown = f"the {reference.kind} {reference.text}"
            if meant is None:
                _leave_out(reference, pointing, shown)
                continue
            if reference.bare is False or meant != f"{{{document.root.get('targetNamespace')}}}{reference.text}":
                document.note(reference.node, f"{shown} is defined nowhere; {meant} was taken")
            pointing.to(reference, meant)
    pointing.finish()


class _Known:
    """Everything that is defined, by kind."""

    def __init__(self, linked: Linked) -> None:
        self._names: dict[Kind, set[str]] = defaultdict(set)
        self._names["type"] = {f"{{{XSD}}}{name}" for name in BUILT_IN}
        for document in linked.documents:
            for kind, name in defined(document):
                self._names[kind].add(name)
        self._by_local: dict[tuple[Kind, str], list[str]] = defaultdict(list)
        for kind, names in self._names.items():
            for name in sorted(names):
                self._by_local[kind, local(name).lower()].append(name)

    def has(self, reference: Reference) -> bool:
        """Whether the reference leads somewhere. The `xs:schema` of a .NET DataSet does: zeep knows it."""
        return reference.name in self._names[reference.kind] or reference.name == f"{{{XSD}}}schema"

    def nearest(self, reference: Reference) -> str | None:
        """The same name in the document's own namespace, or in another case, or in the only other namespace with it.

        Where there is one portType or binding only, that one is meant.
        """
        name = local(reference.name or "") or reference.text.rpartition(":")[2]
        alike = self._by_local[reference.kind, name.lower()]
        own = [one for one in alike if reference.bare and space(one) == reference.document.root.get("targetNamespace")]
        same_space = [one for one in alike if reference.name and space(one) == space(reference.name)]
        same_name = [one for one in alike if local(one) == name]
        only = sorted(self._names[reference.kind]) if reference.kind in ("portType", "binding") else []
        for found in (own, same_space, same_name, only):
            if len(found) == 1:
                return found[0]
        return None


def _leave_out(reference: Reference, pointing: Pointing, shown: str) -> None:
    node, document = reference.node, reference.document
    if reference.kind == "type" and reference.attribute != "memberTypes":
        document.note(node, f"{shown} is defined nowhere; it was taken for anything")
        pointing.to(reference, f"{{{XSD}}}string" if node.tag in SIMPLE else ANY_TYPE)
    elif node.tag == f"{{{XSD}}}element" and reference.attribute == "ref":
        document.note(node, f"{shown} is defined nowhere; it was taken for anything")
        node.tag = f"{{{XSD}}}any"
        for attribute in set(node.attrib) - {"minOccurs", "maxOccurs"}:
            del node.attrib[attribute]
    elif node.tag == f"{{{WSDL}}}part":
        document.note(node, f"{shown} is defined nowhere; the part was taken for anything")
        del node.attrib["element"]
        node.set("type", "xsd:anyType")
        pointing.to(Reference(document, node, "type", "type", "xsd:anyType", None), ANY_TYPE)
    elif reference.kind in ("message", "portType", "binding"):
        target = node if str(node.tag).endswith(("}header", "}fault", "}binding", "}port")) else node.getparent()
        document.note(node, f"{shown} is defined nowhere; what needs it was left out")
        remove(node if target is None else target)
    elif reference.attribute in ("substitutionGroup", "memberTypes"):
        document.note(node, f"{shown} is defined nowhere and was left out")
        del node.attrib[reference.attribute]
    else:
        document.note(node, f"{shown} is defined nowhere and was left out")
        remove(node)
