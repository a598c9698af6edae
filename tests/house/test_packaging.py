"""One distribution: what it registers, and what is in it."""

import subprocess
import sys
import zipfile
from email.parser import Parser

import pytest
from tree import ROOT, modules, project


def adapter_packages():
    return {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}


def packaged(point):
    """The package that an entry point leads into; one package may hold a second adapter beside its own."""
    return point.partition(":")[0].partition(".")[0]


def extra(point):
    return packaged(point).removeprefix("brownfield_")


def test_adapters_is_a_source_root_and_no_package():
    assert not (ROOT / "adapters" / "__init__.py").exists()
    assert not (ROOT / "wrappers" / "__init__.py").exists()


def test_every_adapter_folder_is_an_entry_point():
    """Ours register as a third party's would; none has a private door."""
    points = project()["project"]["entry-points"]["brownfield.adapters"]
    assert {value.partition(":")[2] for value in points.values()} == {"adapter"}
    assert {packaged(value) for value in points.values()} == adapter_packages()
    assert {f"brownfield_{name}:adapter" for name in map(extra, points.values())} <= set(points.values())


def test_every_adapter_folder_is_in_the_wheel():
    packages = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) == {"src/brownfield"} | {f"adapters/{name}" for name in adapter_packages()}


def test_every_adapter_has_an_extra():
    """A missing library fails with `pip install '.[soap]'`, which must then be there."""
    extras = project()["project"]["optional-dependencies"]
    points = project()["project"]["entry-points"]["brownfield.adapters"]
    assert set(extras) > set(map(extra, points.values()))
    assert extras["all"] == [f"brownfield[{','.join(name for name in extras if name != 'all')}]"]


@pytest.mark.parametrize("package", sorted({"src/brownfield", *(f"adapters/{name}" for name in adapter_packages())}))
def test_every_package_is_typed(package):
    assert (ROOT / package / "py.typed").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_the_tree_and_nothing_else(wheel):
    """Built offline: code, `py.typed`, migrations, templates, catalogues."""
    roots = (ROOT / "src", ROOT / "adapters")
    expected = {
        path.relative_to(root).as_posix()
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent != root
    }
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {"brownfield/py.typed", "brownfield/ledger/migration/env.py"} <= held
    assert any(name.startswith("brownfield/ledger/migration/versions/") for name in held)


def test_the_wheel_holds_the_templates_of_the_console(wheel):
    """What jinja2 loads is there when it is installed."""
    used = [module for module in modules("src") if "jinja2" in module.text]
    assert used, "the console is not there yet"
    assert [name for name in wheel.namelist() if name.endswith((".html", ".j2", ".jinja"))]


def test_the_wheel_says_what_it_is(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = Parser().parsestr(wheel.read(name).decode())
    assert (said["Name"], said["License-Expression"]) == ("brownfield", "Apache-2.0")
    assert said["Requires-Python"] == ">=3.11"
    assert "# brownfield" in str(said.get_payload())
    points = wheel.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert "brownfield = brownfield.edges.cli:main" in points
    assert "[pytest11]" in points
