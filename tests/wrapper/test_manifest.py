"""The manifest: facts that an auditor reads, and errors that a person can mend."""

from datetime import timedelta

import pytest

from brownfield.wrapper.duration import duration
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.manifest import locate, read_manifest

GOOD = """\
id    = "stock"
title = "Stock"

[scope]
system_of_record = "stock"
class = "record"
read  = ["get_item"]
owner = "owner@example.com"
page  = "page@example.com"

[connections.wms]
adapter = "canned"
wsdl    = { file = "contract/x.wsdl" }
calls.read = ["GetItem"]
limits = { deadline = "8s" }

[operations.get_item]
via = "wms"
call = "GetItem"
effect = "read"
"""


def manifest(tmp_path, text=GOOD):
    (tmp_path / "wrapper.toml").write_text(text)
    return read_manifest(tmp_path)


def findings(tmp_path, text):
    with pytest.raises(BundleError) as caught:
        manifest(tmp_path, text)
    return caught.value.findings


def test_a_manifest_is_read_with_its_defaults(tmp_path):
    """R5, R11: read-only is the default mode, and the default write scope is none."""
    read = manifest(tmp_path)
    assert read.mode == "read-only"
    assert read.scope.write == ()
    assert read.operations["get_item"].agents is False
    assert read.connections["wms"].limits.deadline == timedelta(seconds=8)


def test_the_adapters_own_keys_are_left_to_the_adapter(tmp_path):
    assert manifest(tmp_path).connections["wms"].settings == {"wsdl": {"file": "contract/x.wsdl"}}


@pytest.mark.parametrize(
    ("wrong", "right", "line"),
    [("agent = true", "agents", 21), ("effects = 'read'", "effect", 21), ("cal = 'GetItem'", "call", 21)],
)
def test_an_unknown_key_is_told_with_its_line_and_the_nearest_right_one(tmp_path, wrong, right, line):
    (found,) = findings(tmp_path, GOOD + wrong + "\n")
    assert found.line == line
    assert f"`{right}`" in found.next
    assert wrong.split()[0] in found.message


def test_every_fault_is_told_at_once(tmp_path):
    text = GOOD.replace('owner = "owner@example.com"\n', "").replace('"read"\n', '"reed"\n') + "agent = true\n"
    assert [f.where.rsplit(".", 1)[-1] for f in findings(tmp_path, text)] == ["owner", "effect", "agent"]


@pytest.mark.parametrize("key", ["owner", "page", "system_of_record", "class"])
def test_a_scope_line_that_is_missing_is_refused(tmp_path, key):
    """R1, R7: the four-line scope document is complete or the bundle does not open."""
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(key))
    (found,) = findings(tmp_path, text)
    assert found.where.endswith(key)
    assert found.line == 4


def test_toml_that_is_not_toml_is_told_with_its_line(tmp_path):
    (found,) = findings(tmp_path, GOOD + "[broken\n")
    assert found.line == 21


def test_a_folder_without_a_manifest_says_what_to_run(tmp_path):
    with pytest.raises(BundleError) as caught:
        read_manifest(tmp_path)
    assert "brownfield new" in caught.value.findings[0].next


@pytest.mark.parametrize(
    ("path", "line"),
    [(("id",), 1), (("scope", "class"), 6), (("connections", "wms", "limits"), 15),
     (("connections", "wms", "calls", "read"), 14), (("operations", "get_item", "nothing"), 17), (("nothing",), None)],
)  # fmt: skip
def test_a_key_is_found_on_its_line(path, line):
    assert locate(GOOD, path) == line


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("8s", 8), ("1h30m", 5400), ("2d", 172800), ("4h", 14400)]
)
def test_durations_read_as_people_write_them(text, seconds):
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "8", "s", "8 s", "-8s", "8x", "1.5h", "٨s"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        duration(text)
