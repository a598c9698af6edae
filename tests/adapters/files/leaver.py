"""A file that leaves, in a process that dies before one of the system calls of staging and releasing it."""

import os
import sys
from pathlib import Path
from typing import Any

from brownfield.contract import Opening
from brownfield.contract.input import InputBatch
from brownfield_files.input.connection import InputFiles
from brownfield_files.input.setting import InputSettings

DEAD = 9


def leave(settings: InputSettings, batch: InputBatch, noted: Path, last: int) -> None:
    """Stage it, touch `noted`, release it; with more than `last` calls it ends with the code `DEAD`."""
    far, folder, steps = (
        InputFiles(Opening("orders", noted.parent, settings, {}.__getitem__)),
        str(settings.location),
        0,
    )
    file = far.render(batch)

    def step(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if event in {"open", "os.rename", "os.remove", "os.open"} and str(arguments[0]).startswith(folder):
            steps += 1
            if steps > last:
                os._exit(DEAD)

    sys.addaudithook(step)
    far.adopt()
    far.stage(file)
    noted.touch()
    far.release(file)
