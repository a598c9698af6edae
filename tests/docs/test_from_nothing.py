"""The lines of `docs/wrapper.md`, from nothing to a call, as they stand there."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from leaf import blocks, section

from warehouse.process import Warehouse

WAIT = 'for i in $(seq 200); do [ -e "$BROWNFIELD_HOME/server.json" ] && break; sleep 0.1; done'
"""In place of the page's `sleep 5`, without which the call comes too early: wait until it listens, and no longer."""


def script(text, warehouse):
    """The section's lines as one script; only addresses, the port and the wait are put in."""
    written = [line.removeprefix("$ ") for block in blocks("console", text) for line in block.text.splitlines()]
    assert written.pop(0) == "pip install '.[soap]'"
    body = ["set -e"]
    for line in written:
        if line == "sleep 5":
            body.append(WAIT)
            continue
        here = line.replace("http://wms.example.com/service?wsdl", f"'{warehouse.wsdl}'")
        body.append(here.replace("http://wms.example.com/", warehouse.url))
        if line.startswith("brownfield new"):
            body.append("echo 'port = 0' >> brownfield.toml")
        if line.endswith(" &"):
            body.append("echo $! > up.pid")
    return "\n".join([*body, ""])


@pytest.mark.slow
def test_from_nothing_to_a_call(tmp_path):
    """R15: the lines that a stranger pastes work, on a WSDL never seen."""
    with Warehouse() as warehouse:
        text = section("wrapper.md", "From nothing")
        (tmp_path / "script.sh").write_text(script(text, warehouse))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("BROWNFIELD_")}
        environ |= {
            "PATH": f"{Path(sys.executable).parent}:{environ['PATH']}",
            "BROWNFIELD_HOME": str(tmp_path / "home"),
        }
        try:
            # Into a file: the server that goes on holds it open, and a pipe would be waited for.
            with (tmp_path / "said").open("w") as said:
                run = subprocess.run(["bash", "script.sh"], cwd=tmp_path, env=environ, stdout=said, stderr=said,
                                     check=False, timeout=60)  # fmt: skip
        finally:
            if (tmp_path / "up.pid").exists():
                with suppress(ProcessLookupError):  # it ended by itself: what it said tells why
                    os.kill(int((tmp_path / "up.pid").read_text()), signal.SIGTERM)
        told = (tmp_path / "said").read_text()
        assert run.returncode == 0, told
        assert "Pallet jack wheel" in told
        assert re.search(r"As of .*, from Wms\.", told)
        assert {call["operation"] for call in warehouse.calls()} == {"GetItem"}
        assert warehouse.writes() == []
