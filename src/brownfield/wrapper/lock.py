"""`wrapper.lock`: the four fingerprints, source, shape, text and surface."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brownfield.contract import Contract, JsonSchema, OperationShape, RecordShape, fingerprint
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import MANIFEST

LOCK = "wrapper.lock"
CONTRACT_FOLDER = "contract"
_SCHEMAS_BY_NAME = {"properties", "$defs", "patternProperties", "dependentSchemas"}
_SCHEMA_LISTS = {"anyOf", "oneOf", "allOf", "prefixItems"}
_SCHEMAS = {"items", "additionalProperties", "not", "contains", "if", "then", "else"}
_WORDS = {"title", "description", "examples", "$comment"}


class Pinned(BaseModel):
    """The two fingerprints of one far-side operation or record type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: str
    text: str


class Lock(BaseModel):
    """The whole of `wrapper.lock`.

    Attributes:
        source: sha256 of the manifest, each `.py` but the tests, and each vendored file, by path within the bundle.
        calls: Per connection and far-side operation or record type: shape and text.
        surface: Per exposed operation or feed: the fingerprint of what a caller sees.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    wrapper: str
    source: dict[str, str] = Field(default_factory=dict)
    calls: dict[str, dict[str, Pinned]] = Field(default_factory=dict)
    surface: dict[str, str] = Field(default_factory=dict)


def read_lock(folder: Path) -> Lock | None:
    """The lock of a bundle, or None when there is none yet.

    Raises:
        BundleError: The file is there and cannot be read.
    """
    path = folder / LOCK
    if not path.exists():
        return None
    try:
        return Lock.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BundleError([Finding(LOCK, f"cannot be read: {error}", "run `brownfield lock` again")]) from None


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock in its one form: sorted keys, two spaces, a newline at the end."""
    document = orjson.dumps(lock.model_dump(), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    (folder / LOCK).write_bytes(document + b"\n")


def lock_command(folder: Path) -> str:
    """The command that locks a bundle, as it can be typed here."""
    here = Path.cwd()
    return f"brownfield lock {folder.relative_to(here) if folder.is_relative_to(here) else folder}"


def contract_path(folder: Path, connection: str) -> Path:
    """Where the normalised contract of a connection is kept."""
    return folder / CONTRACT_FOLDER / f"{connection}.contract.json"


def read_contract(folder: Path, connection: str) -> Contract | None:
    """The pinned contract of a connection, or None when it was never described."""
    path = contract_path(folder, connection)
    return Contract.model_validate_json(path.read_bytes()) if path.exists() else None


def write_contract(folder: Path, connection: str, contract: Contract) -> None:
    """Pin a contract, in a form that diffs well."""
    path = contract_path(folder, connection)
    path.parent.mkdir(exist_ok=True)
    told = contract.model_dump(exclude=None if contract.notes else {"notes"})
    document = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    path.write_bytes(document + b"\n")


def sources(folder: Path) -> dict[str, str]:
    """sha256 of every file that decides what the bundle does, by path within it: manifest, code and vendored files."""
    vendored = [
        path
        for path in (folder / CONTRACT_FOLDER).rglob("*")
        if path.is_file() and not path.name.endswith(".contract.json")
    ]
    manifest = [path for path in (folder / MANIFEST,) if path.exists()]
    # A set: code may be vendored too.
    found = sorted({*vendored, *manifest, *(path for path in folder.rglob("*.py") if _runs(path.relative_to(folder)))})
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _runs(path: Path) -> bool:
    return path.parts[0] != "tests" and not any(part.startswith(".") for part in path.parts)


def pinned(contract: Contract) -> dict[str, Pinned]:
    """Shape and text of everything a contract offers."""
    parts: Mapping[str, OperationShape | RecordShape] = {**contract.operations, **contract.records}
    return {name: Pinned(shape=shape_of(part), text=text_of(part)) for name, part in parts.items()}


def shape_of(part: OperationShape | RecordShape) -> str:
    """Fingerprint of schemas and faults, without any words."""
    if isinstance(part, RecordShape):
        return fingerprint(wordless(part.fields))
    faults = {fault.name: wordless(fault.detail) for fault in part.faults}
    return fingerprint([wordless(part.input), wordless(part.output), faults, part.rows])


def text_of(part: OperationShape | RecordShape) -> str:
    """Fingerprint of the documentation, that of every field included."""
    return fingerprint(part.model_dump(mode="json"))


def surface_of(name: str, effect: str, description: str, schemas: Mapping[str, JsonSchema]) -> str:
    """Fingerprint of what a caller sees of an operation or feed."""
    return fingerprint({"name": name, "effect": effect, "description": description, "schemas": dict(schemas)})


def wordless(schema: Any) -> Any:
    """A schema without titles, descriptions and examples; a property that is *named* so stays."""
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _WORDS:
            continue
        if keyword in _SCHEMAS_BY_NAME:
            kept[keyword] = {name: wordless(inner) for name, inner in value.items()}
        elif keyword in _SCHEMA_LISTS:
            kept[keyword] = [wordless(inner) for inner in value]
        else:
            kept[keyword] = wordless(value) if keyword in _SCHEMAS else value
    return kept
