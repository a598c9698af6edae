"""A bundle against its vendored files, its lock and the live system, without a server and without any variable."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from brownfield.contract import Adapter, Contract, Opening, OperationShape, Unavailable
from brownfield.runtime.locking import check_folder, lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.lock import read_lock

MANIFEST = """
id = "desk"
title = "Desk"

[scope]
system_of_record = "papers"
class = "record"
read = ["get_it"]
owner = "o@example.com"
page = "p@example.com"

[connections.far]
adapter = "paper"
sheet = { file = "contract/sheet.json" }
address = { env = "DESK_URL" }
calls.read = ["GetIt"]

[operations.get_it]
via = "far"
call = "GetIt"
effect = "read"
"""


class PaperSettings(BaseModel):
    model_config = {"extra": "forbid"}
    sheet: Path
    address: str | None = None


class Paper:
    """A far side that is one JSON file: its contract."""

    def __init__(self, opening: Opening[PaperSettings]) -> None:
        self.sheet = opening.settings.sheet

    def describe(self) -> Contract:
        return Contract.model_validate_json(self.sheet.read_bytes())

    def close(self) -> None:
        pass


def draft(sources):
    if sources["wsdl"].startswith("http"):
        raise Unavailable("nobody is there")
    contract = Contract.model_validate_json(Path(sources["wsdl"]).read_bytes())
    return type("Drawn", (), {"contract": contract})()


class Shelf(Registry):
    """A registry with one adapter more."""

    def get(self, name):
        paper = Adapter("paper", "call", PaperSettings, Paper, draft={"wsdl": draft})
        return paper if name == "paper" else super().get(name)


def sheet(*calls: str, required: tuple[str, ...] = (), words: str = "Gives it.") -> str:
    fields = {"type": "object", "properties": {n: {"type": "string"} for n in required}, "required": list(required)}
    shape = OperationShape(input=fields, output={"type": "object"}, documentation=words)
    return Contract(operations=dict.fromkeys(calls or ("GetIt",), shape)).model_dump_json()


@pytest.fixture
def around() -> Surroundings:
    return Surroundings(Shelf(), (), {})


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "desk"
    (made / "contract").mkdir(parents=True)
    (made / "wrapper.toml").write_text(MANIFEST)
    (made / "contract" / "sheet.json").write_text(sheet())
    return made


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "wrapper.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "error"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_first_lock_pins_everything_and_says_so(folder, around):
    """R35: contract, source and surface are pinned."""
    assert lock_bundle(folder, around) == [
        "far: pinned, 1 call", "contract/sheet.json is new", "wrapper.toml is new", "get_it is exposed"]  # fmt: skip
    lock = read_lock(folder)
    assert lock is not None
    assert list(lock.surface) == ["get_it"]
    assert check_folder(folder, around)[0].level == "note"


def test_locking_again_changes_nothing(folder, around):
    lock_bundle(folder, around)
    before = contents(folder)
    assert lock_bundle(folder, around) == []
    assert contents(folder) == before


def test_a_dry_run_tells_and_writes_nothing(folder, around):
    before = contents(folder)
    assert lock_bundle(folder, around, dry_run=True)
    assert contents(folder) == before


def test_a_bundle_that_cannot_be_locked_is_left_as_it_was(folder, around):
    """A changed contract beside an old lock would stop calls of a system that is well."""
    lock_bundle(folder, around)
    (folder / "contract" / "sheet.json").write_text(sheet("FetchIt"))
    before = contents(folder)
    with pytest.raises(BundleError, match="GetIt"):
        lock_bundle(folder, around)
    assert contents(folder) == before


def test_a_lock_that_cannot_be_read_is_made_anew(folder, around):
    lock_bundle(folder, around)
    (folder / "wrapper.lock").write_text("<<<<<<< ours")
    (folder / "contract" / "far.contract.json").write_text(">>>>>>> theirs")
    assert {finding.where for finding in errors(check_folder(folder, around))} >= {"contract/far.contract.json"}
    lock_bundle(folder, around)
    assert errors(check_folder(folder, around)) == []


def test_a_change_is_told_in_words(folder, around):
    """R21, R35: what the lock will change is reviewed before it is committed."""
    lock_bundle(folder, around)
    (folder / "contract" / "sheet.json").write_text(sheet(required=("Site",)))
    assert lock_bundle(folder, around) == [
        "far: GetIt now requires the new field Site",
        "contract/sheet.json has changed",
        "get_it is not what callers saw before",
    ]


def test_dotted_files_of_the_contract_are_sources_too(folder, around):
    (folder / "contract" / ".hidden").write_text("x")
    lock_bundle(folder, around)
    assert errors(check_folder(folder, around)) == []


def test_check_works_while_no_variable_is_set(folder, around):
    """A reviewer's machine knows no address and no secret."""
    lock_bundle(folder, around)
    findings = check_folder(folder, around)
    assert errors(findings) == []
    assert any("DESK_URL" in finding.message for finding in findings)


def test_an_unknown_key_is_told_with_its_line_and_the_nearest(folder, around):
    edit(folder, "effect =", "efect =")
    [finding] = check_folder(folder, around)
    assert (finding.line, finding.next) == (21, "did you mean `effect`?")


def test_an_adapters_own_unknown_key_too(folder, around):
    edit(folder, "address =", "adress =")
    finding = errors(check_folder(folder, around))[0]
    assert (finding.line, finding.next) == (15, "did you mean `address`?")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('adapter = "paper"', 'adapter = "papr"', "no adapter"),
        ("calls.read", 'timezone = "Mars/Olympus"\ncalls.read', "no zone"),
        ("contract/sheet.json", "contract/none.json", "No such file"),
        ("contract/sheet.json", "../sheet.json", "outside the bundle"),
        ('read = ["get_it"]', "read = []", "does not name"),
        ('calls.read = ["GetIt"]', "", "not declared a read"),
    ],
)
def test_what_is_wrong_is_found_in_one_go(folder, around, old, new, word):
    lock_bundle(folder, around)
    edit(folder, old, new)
    findings = errors(check_folder(folder, around))
    assert any(word in finding.message for finding in findings), findings
    assert all(finding.next for finding in findings)


def test_a_cron_is_checked(folder, around):
    """R17: a schedule that can never run is found before the night."""
    lock_bundle(folder, around)
    text = '\n[schedules.nightly]\noperation = "get_it"\ncron = "0 3 31 2 *"\ntimezone = "Europe/Paris"\n'
    (folder / "wrapper.toml").write_text(MANIFEST + text)
    [finding] = [one for one in errors(check_folder(folder, around)) if "differs from the locked" not in one.message]
    assert "never runs" in finding.message
    assert finding.line == 25


def test_a_pin_that_is_not_what_the_vendored_files_say_is_found(folder, around):
    """R35: somebody changed the WSDL, or the pin, and did not lock."""
    lock_bundle(folder, around)
    (folder / "contract" / "sheet.json").write_text(sheet(words="Gives it, perhaps."))
    wheres = [finding.where for finding in errors(check_folder(folder, around))]
    assert wheres == ["contract/far.contract.json", "contract/sheet.json"]
