"""Lines of the pages, run by a shell as somebody would paste them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def run(folder: Path, script: str) -> tuple[int, str]:
    """Its code, and what it said; a server that it left behind, its number in `up.pid`, is ended."""
    (folder / "script.sh").write_text(script)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BROWNFIELD_")}
    environ |= {"PATH": f"{Path(sys.executable).parent}:{environ['PATH']}", "BROWNFIELD_HOME": str(folder / "home")}
    try:
        # Into a file: the server that goes on holds it open, and a pipe would be waited for.
        with (folder / "said").open("w") as said:
            ended = subprocess.run(["bash", "script.sh"], cwd=folder, env=environ, stdout=said, stderr=said,
                                   check=False, timeout=60)  # fmt: skip
    finally:
        if (folder / "up.pid").exists():
            with suppress(ProcessLookupError):  # it ended by itself: what it said tells why
                os.kill(int((folder / "up.pid").read_text()), signal.SIGTERM)
    return ended.returncode, (folder / "said").read_text()
