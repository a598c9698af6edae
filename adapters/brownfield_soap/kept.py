"""A model written down: made once from a WSDL, then read back, an operation or a record only when it is asked for.

A kept model is good for the very documents, settings and code that made it. Whoever keeps it sees to it that it comes
back as it was given: `Opening.derived`.

    one line of JSON: what else was read, what the model says of itself, and how long each part is
    the parts, each as JSON: operations, then records
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from brownfield.contract import Unavailable, fingerprint
from brownfield_soap.model import Model, Operation, Record
from brownfield_soap.settings import SoapSettings

Part = TypeVar("Part", Operation, Record)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model is made from.

    Attributes:
        wsdl: The WSDL.
        folder: Nothing outside it is read.
        service: The service, None for the first with a SOAP port.
        port: The port, None for the first SOAP port.
        repair: Whether what is broken is repaired.
        unrepaired: Names of the repairs that are not made all the same.
        overrides: Documents that are elsewhere than the WSDL says, as pairs.
    """

    wsdl: Path
    folder: Path
    service: str | None
    port: str | None
    repair: bool
    unrepaired: tuple[str, ...] = ()
    overrides: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, settings: SoapSettings, folder: Path) -> "Origin":
        """What the settings of a connection say."""
        folder = folder.resolve()
        overrides = tuple(sorted((name, str((folder / path).resolve())) for name, path in settings.overrides.items()))
        unrepaired = tuple(sorted(settings.unrepaired))
        wsdl = (folder / settings.wsdl).resolve()
        return cls(wsdl, folder, settings.service, settings.port, settings.repair, unrepaired, overrides)

    @property
    def name(self) -> str:
        """The name that its model is kept under: another WSDL, other settings or other code have another."""
        documents = [str(self.wsdl.relative_to(self.folder)), _sha256(self.wsdl)]
        mending = [self.repair, list(self.unrepaired), [[name, Path(path).name] for name, path in self.overrides]]
        return f"model-{fingerprint([*documents, self.service, self.port, mending, _code()])}"


def model(origin: Origin, derived: MutableMapping[str, bytes]) -> Model:
    """The model of one SOAP port, the kept one when it is good, else from the WSDL.

    Raises:
        Rejected: The WSDL cannot be read.
        Unavailable: zeep is needed and not installed.
    """
    try:
        name = origin.name
    except (OSError, ValueError):
        return _read(origin)  # which says what is wrong with the file
    found = read_back(derived.get(name, b""), origin.folder)
    if found is None:
        found = _read(origin)
        derived[name] = written_down(found, origin.folder)
    return found


def written_down(made: Model, folder: Path) -> bytes:
    """A model as it is kept."""
    parts = {kind: {name: orjson.dumps(_plain(part)) for name, part in getattr(made, kind).items()} for kind in _KINDS}
    head = {
        "documents": {str(path.relative_to(folder)): _sha256(path) for path in map(Path, made.documents[1:])},
        "self": {name: getattr(made, name) for name in ("service", "port", "address", "envelope", "notes")},
        "parts": {kind: {name: len(part) for name, part in each.items()} for kind, each in parts.items()},
    }
    line = orjson.dumps(head)
    return b"".join([struct.pack(">I", len(line)), line, *parts["operations"].values(), *parts["records"].values()])


def read_back(content: bytes, folder: Path) -> Model | None:
    """A kept model, its parts not read yet; None when a document is not what it was, or nothing is given."""
    if not content:
        return None
    (length,) = struct.unpack_from(">I", content)
    head, start = orjson.loads(content[4 : 4 + length]), 4 + length
    if any(not _is(folder / path, sha256) for path, sha256 in head["documents"].items()):
        return None
    operations = Shelf(_OPERATION, content, start, head["parts"]["operations"])
    records = Shelf(_RECORD, content, operations.end, head["parts"]["records"])
    return Model(**head["self"] | {"notes": tuple(head["self"]["notes"])}, operations=operations, records=records)


class Shelf(Mapping[str, Part], Generic[Part]):
    """Parts by name, each made from its JSON when it is first asked for.

    Args:
        kind: Makes a part.
        content: The kept model.
        start: Where the first part stands in it.
        lengths: The bytes of each part, in order.

    Attributes:
        end: Where the last part ends.
    """

    def __init__(self, kind: TypeAdapter[Part], content: bytes, start: int, lengths: Mapping[str, int]) -> None:
        self._kind: TypeAdapter[Part] = kind
        self._content = content
        self._made: dict[str, Part] = {}
        self._places: dict[str, tuple[int, int]] = {}
        for name, length in lengths.items():
            self._places[name] = (start, start + length)
            start += length
        self.end = start

    def __getitem__(self, name: str) -> Part:
        found = self._made.get(name)
        if found is None:
            start, end = self._places[name]
            found = self._made[name] = self._kind.validate_json(self._content[start:end])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


_KINDS = ("operations", "records")
_OPERATION, _RECORD = TypeAdapter(Operation), TypeAdapter(Record)


def _plain(value: Any) -> Any:
    """A part as JSON values; what is as it would be anyway is left out."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    told = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _plain(inner) for field, inner in told if inner != _usual(field)}


def _usual(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _read(origin: Origin) -> Model:
    try:
        from brownfield_soap.reader import read  # noqa: PLC0415  # zeep is optional, and slow to import
    except ImportError as error:
        raise Unavailable("Reading a WSDL needs zeep and lxml: pip install '.[soap]'") from error
    from brownfield_soap.doctor import ALL  # noqa: PLC0415  # lxml is optional too

    unrepaired = frozenset(origin.unrepaired) if origin.repair else ALL
    where = (origin.wsdl, origin.folder, origin.service, origin.port)
    return read(*where, unrepaired=unrepaired, overrides=dict(origin.overrides))


@cache
def _code() -> str:
    """All that decides what a model is like: this package, and which zeep it is, for that says so at its top."""
    zeep = find_spec("zeep")
    files = [*sorted(Path(__file__).parent.glob("*.py")), *([Path(zeep.origin)] if zeep and zeep.origin else [])]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path) == sha256
