"""Where a brownfield keeps its things, and the facts in `brownfield.toml`."""

import fcntl
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from brownfield.rules.problem import Problem
from brownfield.rules.tier import Policy
from brownfield.wrapper.duration import Duration
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import locate, nearest

SETTINGS = "brownfield.toml"
_ENVIRONMENT = 'environment = "sandbox"'


class Settings(BaseModel):
    """`brownfield.toml`, beside the wrappers or in the current folder.

    Attributes:
        environment: No default: every key, proposal and entry carries it.
        timezone: Zone in which questions are asked and answered.
        host: Address to listen on.
        port: Port to listen on.
        page: The command that tells a person at any hour, with its arguments; it gets the facts as JSON on its standard
            input. Without one nobody is called.
        policy: When a write needs whom; see `rules.tier`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    timezone: str = "UTC"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 7311
    allowed_hosts: tuple[str, ...] = ()
    poll: Duration = Field(default="5s", validate_default=True)
    page: tuple[str, ...] = ()
    policy: Policy = Policy()

    @property
    def sandbox(self) -> bool:
        """Whether writes may be live without a promotion."""
        return self.environment == "sandbox"


def read_settings(folder: Path) -> Settings:
    """The settings in `folder`.

    Raises:
        BundleError: There is no such file, or it is not valid.
    """
    path, text = folder / SETTINGS, ""
    try:
        text = path.read_text("utf-8")
        return Settings.model_validate(tomllib.loads(text))
    except FileNotFoundError:
        raise BundleError([Finding(str(path), "is not there", f"write one with the line {_ENVIRONMENT}")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError([Finding(str(path), f"cannot be read: {error}", "make it readable, in UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise BundleError([Finding(SETTINGS, str(error), "mend the TOML")]) from None
    except ValidationError as error:
        raise BundleError([_fault(tuple(map(str, fault["loc"])), fault["type"], fault["msg"], text)
                           for fault in error.errors()]) from None  # fmt: skip


def _fault(path: tuple[str, ...], kind: str, message: str, text: str) -> Finding:
    """What is wrong with one key, with its line, and what to do about just that."""
    where, line = f"{SETTINGS}: {'.'.join(path)}", locate(text, path)
    if kind == "extra_forbidden":
        known = sorted(Policy.model_fields if path[0] == "policy" else Settings.model_fields)
        near = nearest(path[-1], known)
        return Finding(where, "there is no such key",
                       f"did you mean {near}?" if near else f"the keys are {', '.join(known)}", line)  # fmt: skip
    if kind == "missing":
        return Finding(where, "is missing", f"add the line {_ENVIRONMENT}" if path == ("environment",) else "add it")
    return Finding(where, message, "correct the value", line)


@dataclass(frozen=True, slots=True)
class Home:
    """`BROWNFIELD_HOME`: the ledger, its lock file, the server's address and the keys."""

    folder: Path

    @classmethod
    def find(cls, environ: Mapping[str, str]) -> "Home":
        """The home that the environment names, by default `./.brownfield`."""
        return cls(Path(environ.get("BROWNFIELD_HOME", ".brownfield")).absolute())

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.folder / "keys"

    @property
    def ledger_url(self) -> str:
        """The embedded ledger."""
        return f"sqlite:///{self.folder / 'ledger.db'}"

    @property
    def seals(self) -> Path:
        """Where the audit's seals are written, outside the database."""
        return self.folder / "seals.jsonl"

    def prepare(self) -> None:
        """Make the folders, for the owner alone."""
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)

    def hold(self) -> IO[bytes]:
        """Take the lock file; the kernel frees it when the process ends, even by kill -9.

        Raises:
            Problem: `taken` when another process holds it.
        """
        self.prepare()
        handle = (self.folder / "lock").open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise Problem("taken", f"another brownfield holds the ledger in {self.folder}",
                          next="Stop it, or give this one another BROWNFIELD_HOME.") from None  # fmt: skip
        return handle

    def announce(self, address: str) -> None:
        """Write the address and pid of the server, so that other commands find it."""
        document = orjson.dumps({"address": address, "pid": os.getpid()})
        (self.folder / "server.json").write_bytes(document)

    def address(self) -> str | None:
        """The address of the running server, or None."""
        try:
            document: dict[str, Any] = orjson.loads((self.folder / "server.json").read_bytes())
            os.kill(int(document["pid"]), 0)
            return str(document["address"])
        except (OSError, ValueError, KeyError):
            return None

    def leave(self) -> None:
        """Take the address away again."""
        (self.folder / "server.json").unlink(missing_ok=True)
