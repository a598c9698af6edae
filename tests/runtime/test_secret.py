"""Secrets: each side has its own, and the read side cannot have the other's."""

import pytest
from stage import staged

from brownfield.contract import Unavailable
from brownfield.runtime import assembly as assembly_module
from brownfield.runtime.secret import folder_provider, resolver
from brownfield.testing.canned import CannedSystem

pytestmark = pytest.mark.anyio


@pytest.fixture
def vault(tmp_path, monkeypatch):
    """A stage whose far side wants a password; `vault.asked` are the names that were resolved."""
    held = {"canned/read": "read-secret", "canned/write": "write-secret"}
    asked = []

    def provide(name):
        asked.append(name)
        return held[name]

    monkeypatch.setattr(assembly_module, "providers", lambda *_: (provide,))
    with staged(tmp_path, system=CannedSystem(password="read-secret")) as stage:
        stage.asked = asked
        yield stage


async def test_reading_never_asks_for_the_write_secret(vault):
    """R5, R11, R64: nor do proposing, deciding and looking."""
    agent, approver = vault.agent, vault.approver()
    await vault.call(agent, "get_stock", {"Sku": "A-100"})
    proposal = await vault.proposed(agent)
    vault.assembly.proposing.decide(approver, proposal.id, "approved", proposal.hash)
    assert vault.asked
    assert set(vault.asked) == {"canned/read"}


async def test_the_write_side_resolves_the_write_secret(vault, monkeypatch):
    """R64: the one connection that opens with it is the worker's."""
    wanted = []

    def reach(self, operation):
        wanted.append((operation, self._opening.secret("password")))

    monkeypatch.setattr("brownfield.testing.canned.system.CannedCalls._reach", reach)
    id_ = await vault.approved()
    assert "canned/write" not in vault.asked
    await vault.work()
    assert vault.state(id_) == "done"
    assert {secret for operation, secret in wanted if operation == "PlaceHold"} == {"write-secret"}
    assert {secret for operation, secret in wanted if operation != "PlaceHold"} == {"read-secret"}


async def test_a_secret_that_is_not_there_is_our_own_fault_and_names_no_value(stage):
    """R97: the next step is told."""
    stage.system.password = "anything"
    with pytest.raises(Exception, match=r"was not asked: the secret canned/read is not there") as problem:
        await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert (problem.value.code, problem.value.retry, problem.value.kind.exit) == ("unconfigured", False, 78)
    assert "the file canned/read in the folder BROWNFIELD_SECRETS" in problem.value.next
    assert "BROWNFIELD_SECRET_CANNED_READ" in problem.value.next


async def test_a_secret_that_others_may_read_is_not_used(stage):
    """R50, R64."""
    path = stage.folder / "secrets" / "canned" / "read"
    path.parent.mkdir(parents=True)
    path.write_text("anything\n")
    path.chmod(0o644)
    stage.system.password = "anything"
    agent = stage.agent
    with pytest.raises(Exception, match="may be read by others") as problem:
        await stage.call(agent, "get_stock", {"Sku": "A-100"})
    assert "0600" in problem.value.next
    path.chmod(0o600)
    assert (await stage.call(agent, "get_stock", {"Sku": "A-100"})).data["OnHand"] == 140


def test_a_side_has_the_secrets_that_the_manifest_names_for_it():
    """R5, R64: another name is not looked for at all."""
    looked = []
    resolve = resolver({"password": "canned/read"}, (lambda name: looked.append(name) or "value",))
    assert resolve("password") == "value"
    for name in ("canned/write", "canned/read", "user", ""):
        with pytest.raises(Unavailable, match="has no secret"):
            resolve(name)
    assert looked == ["canned/read"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secrets" / "wms").mkdir(parents=True)
    return tmp_path / "secrets"


def kept(path, words):
    path.write_text(f"{words}\n")
    path.chmod(0o600)


def test_a_secret_that_was_changed_counts_from_the_next_call_on(folder):
    """R64: written over, or another file put in its place."""
    provide = folder_provider(folder)
    kept(folder / "wms" / "read", "first")
    assert provide("wms/read") == "first"
    kept(folder / "wms" / "read", "second")
    assert provide("wms/read") == "second"
    kept(folder / "new", "third")
    (folder / "new").replace(folder / "wms" / "read")
    assert provide("wms/read") == "third"


def test_no_name_and_no_link_leads_out_of_the_folder(folder):
    """R64: a link within it is followed, as mounted secrets need."""
    kept(folder.parent / "outside", "theirs")
    kept(folder / "real", "ours")
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "in").symlink_to(folder / "real")
    (folder / "real.d").mkdir()
    provide = folder_provider(folder)
    assert [provide(name) for name in ("out", "../outside", "wms", "real.d", "real/x", "none", "in")] == [
        *[None] * 6, "ours",
    ]  # fmt: skip
