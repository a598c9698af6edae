"""What a WSDL says, in plain frozen values: no zeep, no lxml, nothing that cannot be written down as JSON.

The reader makes a model; the schema, the encoder and the decoder are three readings of the same model, so they agree.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["element", "attribute", "attributes", "text", "group"]
"""Where a field's value stands in the XML. A `group` is a repeated compositor: an array of objects without a tag;
`attributes` is an attribute wildcard: the attributes that no other field names, as one object."""

Mark = Literal["@type", "@element"]
"""The JSON name that tells which variant of a family a value is."""

ANY_TAG = "*"
"""The tag of a wildcard, and of the items of a SOAP-encoded array: any element matches."""


NIL_MARK = "@nil"
"""The JSON name that tells a nil element which has attributes; one without any is null."""

SWA_REF = "{http://ws-i.org/profiles/basic/1.1/xsd}swaRef"
"""A simple type whose text names an attachment. In the model it is the binary that it names: `base64Binary`."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What a simple type adds to its base, all derivation steps merged.

    Attributes:
        enumeration: The allowed lexical values, in order; empty when any is allowed.
        patterns: One XSD regular expression per step; a value must match all of them.
        limits: `minInclusive`, `maxLength`, `fractionDigits` … and their lexical values.
    """

    enumeration: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A simple type: an XSD built-in and its facets, or a list or a union of simple types.

    Attributes:
        kind: Local name of the XSD built-in, or `list`, `union`, or `anyType` for XML of any shape, or `mixed` for
            the same with text between its elements.
        facets: See `Facets`.
        members: The item type of a list, or the members of a union.
        documentation: The type's own words.
        name: The XSD name of a simple type of the schema in Clark notation, empty for built-in and anonymous ones.
    """

    kind: str
    facets: Facets = field(default_factory=Facets)
    members: tuple["Scalar", ...] = ()
    documentation: str = ""
    name: str = ""

    @property
    def is_node(self) -> bool:
        """Whether the value is XML of any shape, written as a node."""
        return self.kind in ("anyType", "mixed")


ANYTHING = Scalar("anyType")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a record.

    Attributes:
        name: The JSON name.
        tag: The XML name in Clark notation, `*` for any; empty for text and groups.
        type: A simple type, or the key of a record in `Model.records`.
        place: See `Place`.
        least: Fewest occurrences.
        most: Most occurrences, None for unbounded.
        nillable: Whether `xsi:nil` may stand for the value.
        fixed: The only lexical value allowed, or None.
        default: The lexical value that absence stands for, or None.
        documentation: The far side's own words, on one line.
    """

    name: str
    tag: str
    type: Scalar | str
    place: Place = "element"
    least: int = 1
    most: int | None = 1
    nillable: bool = False
    fixed: str | None = None
    default: str | None = None
    documentation: str = ""

    @property
    def repeated(self) -> bool:
        """Whether the JSON value is an array: the element may occur more than once, or it is a wildcard."""
        return self.most is None or self.most > 1 or self.wildcard

    @property
    def wildcard(self) -> bool:
        """Whether any element may stand here, as it is."""
        return self.tag == ANY_TAG and self.type == ANYTHING


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the types that may stand in a place.

    Attributes:
        tag: What tells it in the XML, in Clark notation: the name of the type, or that of the element.
        type: A simple type, or the key of a record.
    """

    tag: str
    type: Scalar | str


@dataclass(frozen=True, slots=True)
class Choice:
    """Members of which one branch is given: an `xs:choice`. What may be left out as a whole is a choice of one branch.

    Attributes:
        branches: Each in document order.
        optional: Whether none of them may be given.
    """

    branches: tuple["Branch", ...]
    optional: bool = False

    @property
    def names(self) -> frozenset[str]:
        """All of its members."""
        return frozenset(name for branch in self.branches for name in branch.names)

    def holds(self, given: Set[str]) -> bool:
        """Whether the members that are given are those of one branch, and all that it needs."""
        own = self.names & given
        return (not own and self.optional) or any(branch.holds(own) for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Branch:
    """Members that are given together.

    Attributes:
        needed: Those that have to be there.
        free: Those that may.
        choices: The choices among further ones.
    """

    needed: tuple[str, ...]
    free: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.needed, *self.free, *(name for choice in self.choices for name in sorted(choice.names)))

    def holds(self, given: Set[str]) -> bool:
        """Whether all that is given is of this branch, and all that it needs is given."""
        known = set(self.needed) <= given <= set(self.names)
        return known and all(choice.holds(given) for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Record:
    """A complex type, its content model flattened to fields in document order, or a family of types.

    A family has `variants` and no fields. It stands where the schema declares a type that others are derived from
    (`xsi:type` tells which one is there), or an element that others may be substituted for (the element's name tells).

    Attributes:
        name: A readable name, used for `$defs`.
        fields: Members in document order; a choice is plain optional members.
        choices: The choices among the members. A group that is a repeated choice has one, of all its members.
        array_type: For a SOAP-encoded array, the XSD name of its items, else None.
        documentation: The far side's own words, on one line.
        type: The XSD name of a type that has one, in Clark notation.
        bare: Whether its value is an object whatever its members are: it is a group, or stands in a family.
        mark: For a family: the JSON name that tells the variant.
        variants: For a family: its types by the value of `mark`.
        unmarked: For a family: the variant of a value that does not tell; empty when that one is abstract.
    """

    name: str
    fields: tuple[Field, ...]
    choices: tuple[Choice, ...] = ()
    array_type: str | None = None
    documentation: str = ""
    type: str = ""
    bare: bool = False
    mark: Mark = "@type"
    variants: Mapping[str, Variant] = field(default_factory=dict)
    unmarked: str = ""

    @property
    def items(self) -> Field | None:
        """The one repeated member of an array wrapper (`ArrayOfX`), or None when this is no array wrapper."""
        only = self.fields[0] if len(self.fields) == 1 and not self.bare else None
        return only if only and only.most != 1 and only.place == "element" else None

    @property
    def attributes(self) -> tuple[Field, ...]:
        """What of its members stands in attributes, and so beside `xsi:nil` too."""
        return tuple(field for field in self.fields if field.place in ("attribute", "attributes"))

    @property
    def types(self) -> tuple[Scalar | str, ...]:
        """The types of its members, or of its variants."""
        return (*(field.type for field in self.fields), *(one.type for one in self.variants.values()))


@dataclass(frozen=True, slots=True)
class Part:
    """One element that stands in a Body, a Header or a fault's detail.

    Attributes:
        name: Its local name.
        tag: Its name in Clark notation; that of the Body when its members stand there directly.
        type: A simple type, or the key of a record.
        encoded: Whether every element says its type, as SOAP encoding wants (SOAP 1.1, section 5).
    """

    name: str
    tag: str
    type: Scalar | str
    encoded: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A declared fault: its name in the WSDL and the element that its detail holds."""

    name: str
    part: Part
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the chosen port.

    Attributes:
        name: The far side's name.
        action: The SOAPAction, possibly empty.
        rpc: Whether the style is rpc; then the reply's root has no dependable name.
        request: What the Body holds, or None for an empty Body.
        reply: The same of the reply, or None when nothing comes back.
        headers: Declared request headers by element name.
        faults: Declared faults.
        documentation: The far side's own words, on one line.
    """

    name: str
    action: str
    rpc: bool
    request: Part | None
    reply: Part | None
    headers: Mapping[str, Part]
    faults: tuple[Fault, ...]
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """One port of a WSDL.

    Attributes:
        service: The service's name.
        port: The port's name.
        address: The `soap:address` in the WSDL: shown to a person, never called.
        envelope: The namespace of the SOAP envelope, which tells the version.
        operations: By name.
        records: Complex types by key.
        notes: What was repaired to read the WSDL, one sentence each.
        documents: The files that it was read from, as absolute paths.
        shapes: Fingerprints of records with all that they reach, once they were asked for; see `schema`.
    """

    service: str
    port: str
    address: str
    envelope: str
    operations: Mapping[str, Operation]
    records: Mapping[str, Record]
    notes: tuple[str, ...] = ()
    documents: tuple[str, ...] = field(default=(), compare=False, repr=False)
    shapes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
