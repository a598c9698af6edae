"""The `jobs` connection: one operation, `run`, that starts the declared command once and waits for its end."""

import os
import shutil
from pathlib import Path
from typing import Any

from brownfield.contract import Contract, Fields, Opening, OperationShape, Rejected, Reply, Unavailable, Uncertain
from brownfield_jobs.argument import arguments, declared
from brownfield_jobs.process import Finished, TimedOut, run
from brownfield_jobs.setting import JobsSettings

_DETAIL_CHARACTERS = 2000
_WORDS = "Start the declared command once and wait for its end."
"""Not the command itself: where it lies differs from machine to machine, and a contract does not."""
_OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "exit": {"type": "integer"},
        "seconds": {"type": "number", "minimum": 0},
        "stdout": {"type": "string"},
        "stderr": {"type": "string"},
        "truncated": {"type": "boolean", "description": "The middle of an output was left out."},
    },
    "required": ["exit", "seconds", "stdout", "stderr", "truncated"],
    "additionalProperties": False,
}


class JobsCall:
    """A call adapter over one batch command."""

    def __init__(self, opening: Opening[JobsSettings]) -> None:
        self._settings = opening.settings
        self._folder = opening.settings.folder or opening.folder
        self._deadline = opening.limits.deadline

    def probe(self) -> None:
        """Return when the command is there and may be started. Starts nothing.

        Raises:
            Unavailable: It is missing or not executable, or its folder is missing.
        """
        self._program()

    def describe(self) -> Contract:
        """The one operation, `run`."""
        parameters = self._settings.parameters
        fields = {
            "type": "object",
            "properties": {name: parameter.schema_of() for name, parameter in parameters.items()},
            "required": list(parameters),
            "additionalProperties": False,
        }
        return Contract(operations={"run": OperationShape(input=fields, output=_OUTPUT, documentation=_WORDS)})

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Start the command once and wait for its end, at most for the connection's deadline.

        Raises:
            Rejected: The fields are not allowed (nothing started), or the exit code says no; its code is the exit code.
            Unavailable: The command could not be started, or its exit code is declared to mean that nothing happened.
            Uncertain: It did not end in time and was ended, or a signal ended it: what it did by then is not known.
        """
        if operation != "run":
            raise Rejected(f"{operation!r} is not an operation: a job has `run` only", code="operation")
        command = arguments(self._settings, fields)
        program = self._program()
        try:
            finished = run(
                [program, *command[1:]],
                folder=self._folder,
                environment=_environment(self._settings),
                deadline=self._deadline,
                grace=self._settings.grace,
                output_limit=self._settings.output_limit,
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be started: {error.strerror}") from error
        except TimedOut as error:
            reason = f"{command[0]} did not end within {self._deadline:g} seconds and was ended"
            raise Uncertain(reason, code="deadline", detail=_detail(error.finished)) from None
        return self._answer(finished)

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _program(self) -> str:
        """The program's absolute path; one that is named with a folder is looked for from the working directory."""
        name = declared(self._settings)[0]
        if not self._folder.is_dir():
            raise Unavailable(f"the folder {self._folder} is not there")
        named = str(self._folder / name) if Path(name).name != name else name
        found = shutil.which(named, path=_environment(self._settings)["PATH"])
        if found is None:
            raise Unavailable(f"the command {name} is not there, or may not be started")
        return found

    def _answer(self, finished: Finished) -> Reply:
        program = declared(self._settings)[0]
        if finished.exit < 0:
            raise Uncertain(f"{program} was ended by signal {-finished.exit}", code="signal", detail=_detail(finished))
        default = "rejected" if finished.exit else "done"
        meaning = self._settings.exits.get(str(finished.exit), default)
        if meaning == "done":
            return Reply({name: getattr(finished, name) for name in _OUTPUT["required"]})
        failure = Rejected if meaning == "rejected" else Unavailable
        raise failure(f"{program} ended with code {finished.exit}", code=str(finished.exit), detail=_detail(finished))


def _environment(settings: JobsSettings) -> dict[str, str]:
    """What the command sees: PATH and LANG, and what is declared. Nothing else of ours."""
    own = {"PATH": os.environ.get("PATH", os.defpath), "LANG": os.environ.get("LANG", "C.UTF-8")}
    return own | settings.environment


def _detail(finished: Finished) -> dict[str, Any]:
    return {
        "exit": finished.exit,
        "seconds": finished.seconds,
        "stderr": finished.stderr[-_DETAIL_CHARACTERS:],
        "stdout": finished.stdout[-_DETAIL_CHARACTERS:],
    }
