"""What a WSDL says, in plain frozen values: no zeep, no lxml, nothing that cannot be written down as JSON.

The reader makes a model; the schema, the encoder and the decoder are three readings of the same model, so they agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["element", "attribute", "text", "group"]
"""Where a field's value stands in the XML. A `group` is a repeated compositor: an array of objects without a tag."""

ANY_TAG = "*"
"""The tag of a wildcard, and of the items of a SOAP-encoded array: any element matches."""


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
        kind: Local name of the XSD built-in, or `list`, `union`, or `anyType` for XML of any shape.
        facets: See `Facets`.
        members: The item type of a list, or the members of a union.
        documentation: The type's own words.
    """

    kind: str
    facets: Facets = field(default_factory=Facets)
    members: tuple["Scalar", ...] = ()
    documentation: str = ""


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
        """Whether the JSON value is an array because the element may occur more than once."""
        return self.most is None or self.most > 1


@dataclass(frozen=True, slots=True)
class Record:
    """A complex type, its content model flattened to fields in document order.

    Attributes:
        name: A readable name, used for `$defs`.
        fields: Members in document order; a choice is plain optional members.
        choice: For a group: each occurrence is one of the members, not a run of them.
        choices: The choices among the members: for each, its branches, and for each branch the names of its members.
        array_type: For a SOAP-encoded array, the XSD name of its items, else None.
        documentation: The far side's own words, on one line.
    """

    name: str
    fields: tuple[Field, ...]
    choice: bool = False
    choices: tuple[tuple[tuple[str, ...], ...], ...] = ()
    array_type: str | None = None
    documentation: str = ""

    @property
    def items(self) -> Field | None:
        """The one repeated member of an array wrapper (`ArrayOfX`), or None when this is no array wrapper."""
        only = self.fields[0] if len(self.fields) == 1 else None
        return only if only and only.repeated and only.place == "element" else None


@dataclass(frozen=True, slots=True)
class Part:
    """One element that stands in a Body, a Header or a fault's detail."""

    name: str
    tag: str
    type: Scalar | str


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
        shapes: Fingerprints of records with all that they reach, once they were asked for; see `schema`.
    """

    service: str
    port: str
    address: str
    envelope: str
    operations: Mapping[str, Operation]
    records: Mapping[str, Record]
    notes: tuple[str, ...] = ()
    shapes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
