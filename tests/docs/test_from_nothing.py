"""The lines of `docs/wrapper.md`, from nothing to a call, as they stand there."""

import re

import pytest
import shell
from leaf import blocks, section

from warehouse.process import Warehouse


def script(text, warehouse):
    """The section's lines as one script; only addresses and the port are put in."""
    written = [line.removeprefix("$ ") for block in blocks("console", text) for line in block.text.splitlines()]
    assert written.pop(0) == "pip install '.[soap]'"
    body = ["set -e"]
    for line in written:
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
        code, told = shell.run(tmp_path, script(section("wrapper.md", "From nothing"), warehouse))
        assert code == 0, told
        assert "Pallet jack wheel" in told
        assert re.search(r"As of .*, from Wms\.", told)
        assert {call["operation"] for call in warehouse.calls()} == {"GetItem"}
        assert warehouse.writes() == []
