"""The settings of a `files` connection, as they stand in `wrapper.toml`."""

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, Field, model_validator

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.codepage import GRAPHIC
from brownfield_files.layout.copybook import read_copybook
from brownfield_files.layout.declaration import RecordDeclaration, TotalDeclaration
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Layout, LayoutError, every_field
from brownfield_files.layout.toml_layout import read_toml_layout
from brownfield_files.place.filesystem import SCHEMES
from brownfield_files.record.descriptor import IBM, Descriptor
from brownfield_files.record.frame import Cut, Framing


def _known_encoding(name: str) -> str:
    encoding(name)
    return name


def _inside(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("a pattern within the location: no leading / and no ..")
    return pattern


def _marks(template: str) -> str:
    fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
    if fields not in (["name"], ["stem"]) or "/" in template or template in {"{name}", "{stem}"}:
        raise ValueError("a file name with {name} or {stem} once in it, such as {name}.done")
    return template


Location: TypeAlias = Annotated[AnyUrl | Path | None, Field(union_mode="left_to_right")]
Marker: TypeAlias = Annotated[str, AfterValidator(_marks)]
"""The name of the file that says that another is complete: `{name}.done`."""

FormatName: TypeAlias = Literal[
    "fixed-width", "delimited", "excel", "xml", "json-lines", "x12", "edifact", "hl7", "mt940", "camt", "bai2"
]
_WITHOUT_LAYOUT: frozenset[FormatName] = frozenset(["x12", "edifact", "hl7", "mt940", "camt", "bai2"])
COPYBOOKS = frozenset([".cpy", ".cbl", ".cob"])
"""How the names of copybooks end."""
_OF_FIXED_WIDTH = frozenset(
    [
        "encoding",
        "framing",
        "rdw",
        "bdw",
        "spanned",
        "record_length",
        "byte_order",
        "floating",
        "slide",
        "records",
        "totals",
    ]
)


def check_url(location: AnyUrl, schemes: Collection[str], host_key: str | None) -> None:
    """Refuse the URL of a place that cannot be reached so, or not safely."""
    if location.scheme not in schemes:
        raise ValueError(f"`location`: {location.scheme} is none of {', '.join(schemes)}")
    if location.scheme == "sftp" and not host_key:
        raise ValueError("`host_key` is needed: the server's key, as `ssh-keyscan HOST` prints it")
    if location.password:
        raise ValueError("`location`: a password is a secret, and stands in no manifest")


class PgpTable(BaseModel):
    """How OpenPGP files are decrypted; the private key's passphrase is the secret called `pgp_passphrase`.

    Attributes:
        keyring: GnuPG's folder with the keys, mode 0700; None when its environment variable is not set.
        signed_by: Fingerprints of keys, one of which must have signed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keyring: Path | None = None
    signed_by: tuple[str, ...] = ()


class FilesSettings(BaseModel):
    """What a person says of a place where batch files arrive.

    Attributes:
        format: How records are written, see `catalog`.
        layout: A copybook (`.cpy`, `.cbl`, `.cob`) or a layout in TOML, pinned in the bundle; None where a format needs
            none.
        location: The folder that the files arrive in, or a URL: see `filesystem`; None when its environment variable is
            not set.
        staging: The folder of this machine that copies are kept in; needed for a URL.
        claim: `rename`: claimed files are moved into `inflight`. `lease`, for a URL: nothing is changed there.
        host_key: An SFTP server's key, as `ssh-keyscan` prints it without the name.
        authority: The certificate authority of an FTPS or S3 server, PEM.
        endpoint: Of an S3-compatible store.
        match: Which files, as a glob within the location (`STK*.DAT`).
        encoding: A single-byte code page by Python's name, or one of EBCDIC that `codepage` finds (`cp1047`, `cp939`).
        framing: `fixed`, `line`, `variable` (RECFM=V), `blocked` (VB), `prefixed` or `prefixed-1014`, see `Cut`; unless
            told, `fixed` for EBCDIC and for layouts with packed or binary fields, else `line`.
        rdw: How the descriptor before a record is written (`{ order = "little", includes = false }`).
        bdw: How that before a block is.
        spanned: Whether a record may be written in segments (VS, VBS).
        record_length: Bytes of a record, where the file's records are longer than the copybook.
        byte_order: Of COMP-5 and IEEE fields; needs to be told when there is one and the file is not EBCDIC.
        floating: What COMP-1 and COMP-2 are; `ibm` for EBCDIC, needs to be told elsewhere.
        slide: Whether what follows an OCCURS DEPENDING ON moves up, as it does on a mainframe.
        marker: The name of the file that says that another is complete (`{name}.done`); never delivered itself.
        members: Files that one archive (zip, tar) may hold.
        ratio: Bytes that may come out of a packed file for one byte in, looked at beyond 10 MiB.
        pgp: How files that end in `.gpg`, `.pgp` or `.asc` are decrypted.
        chunk: Records per transaction; fewer where they take more than 4 MiB.
        records: The copybook's record types, see `declaration`.
        totals: The control totals, see `declaration`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: FormatName
    layout: Path | None = None
    location: Location = None
    staging: Path | None = None
    claim: Literal["rename", "lease"] = "rename"
    host_key: str | None = None
    authority: Path | None = None
    endpoint: str | None = None
    match: Annotated[str, AfterValidator(_inside)]
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "ascii"
    framing: Framing | None = None
    rdw: Descriptor = IBM
    bdw: Descriptor = IBM
    spanned: bool = False
    record_length: int | None = Field(default=None, ge=1, le=1 << 20)
    byte_order: Literal["big", "little"] | None = None
    floating: Literal["ibm", "ieee"] | None = None
    slide: bool = True
    marker: Marker | None = None
    members: int = Field(default=1000, ge=1, le=100_000)
    ratio: int = Field(default=200, ge=1)
    pgp: PgpTable | None = None
    chunk: int = Field(default=10_000, ge=1, le=100_000)
    records: dict[str, RecordDeclaration] = Field(default_factory=dict)
    totals: tuple[TotalDeclaration, ...] = ()

    @property
    def layout_file(self) -> Path:
        """The layout of a format that needs one."""
        if self.layout is None:
            raise LayoutError(self.format, 0, "`layout` is needed: the file that says what its records hold")
        return self.layout

    @model_validator(mode="after")
    def _suits(self) -> Self:
        if self.layout is None and self.format not in _WITHOUT_LAYOUT:
            raise ValueError("`layout` is needed: the file that says what the records hold")
        foreign = sorted(self.model_fields_set & _OF_FIXED_WIDTH) if self.format != "fixed-width" else []
        if foreign:
            raise ValueError(
                f"`{foreign[0]}` is of fixed-width files; what there is to say of {self.format} stands in the layout"
            )
        return self

    @model_validator(mode="after")
    def _reaches(self) -> Self:
        if not isinstance(self.location, AnyUrl):
            if self.claim == "lease":
                raise ValueError('`claim = "lease"` needs a URL: `location = "file:///mnt/drop"`')
            return self
        check_url(self.location, SCHEMES, self.host_key)
        if self.staging is None:
            raise ValueError("`staging` is needed: the folder of this machine that copies are kept in")
        return self


class Format:
    """Everything needed to read a file's bytes: the layout, the encoding and the framing, checked against each other.

    Raises:
        LayoutError: The layout cannot be read, or does not go with the other settings.
    """

    def __init__(self, settings: FilesSettings) -> None:
        self.layout: Layout = _layout(settings)
        self.encoding: Encoding = _encoding(settings, self.layout)
        self.cut = Cut(
            _framing(settings, self.layout),
            self.layout.length,
            self.encoding.name,
            self.encoding.ebcdic,
            settings.rdw,
            settings.bdw,
            settings.spanned,
        )


def _encoding(settings: FilesSettings, layout: Layout) -> Encoding:
    """The encoding, with what the layout's machine-dependent fields need told."""
    fields = [field for record in layout.records for field in every_field(record.parts)]
    known = encoding(settings.encoding, settings.byte_order or "big", settings.floating or "ibm")
    graphic = next((field.name for field in fields if field.codec == GRAPHIC), "")
    if graphic and not known.mixed:
        reason = f"{graphic} holds double-byte characters: set `encoding` to an EBCDIC page that has them, as cp939 has"
        raise LayoutError(settings.layout_file.name, 0, reason)
    file, floats = settings.layout_file.name, any(field.kind == "float" for field in fields)
    if floats and not (known.ebcdic or settings.floating):
        raise LayoutError(file, 0, "it has floating point fields: set `floating` to `ibm` or `ieee`")
    native = any(field.native for field in fields) or (floats and known.floating == "ieee")
    if native and not (known.ebcdic or settings.byte_order):
        raise LayoutError(file, 0, "it has fields (COMP-5, IEEE) in the machine's byte order: set `byte_order`")
    return known


def _framing(settings: FilesSettings, layout: Layout) -> Framing:
    fields = [field for record in layout.records for field in every_field(record.parts)]
    binary = any(field.kind in {"packed", "binary", "float"} or field.codec for field in fields)
    ebcdic = encoding(settings.encoding).ebcdic
    framing = settings.framing or ("fixed" if ebcdic or binary else "line")
    if framing == "line" and binary:
        reason = "it has packed or binary fields, in which a line end may be data: not line framing"
        raise LayoutError(settings.layout_file.name, 0, reason)
    return framing


def _layout(settings: FilesSettings) -> Layout:
    path = settings.layout_file
    if path.suffix.lower() in COPYBOOKS:
        book = read_copybook(path)
        return assemble(book, settings.records, settings.totals, settings.record_length, slide=settings.slide)
    if path.suffix.lower() != ".toml":
        raise LayoutError(path.name, 0, "a layout is a copybook (.cpy, .cbl, .cob) or a .toml file")
    if settings.records or settings.totals or settings.record_length:
        raise LayoutError(path.name, 0, "`records`, `totals` and `record_length` stand in the TOML layout itself")
    return read_toml_layout(path)
