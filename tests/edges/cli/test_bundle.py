"""`new`, `check`, `lock`, `drift`, `look`: from a WSDL never seen to a locked bundle, without a server."""

import io
import json

import pytest
from rich.console import Console

from brownfield.edges.cli.ending import ending
from brownfield.edges.cli.terminal import table
from brownfield.runtime import drafting
from brownfield.runtime.home import Settings, read_settings
from brownfield.runtime.kernel import open_wrapper
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.wrapper.finding import BundleError


def test_from_a_wsdl_to_a_locked_bundle_in_one_command(run, wsdl, place):
    """R15, R5: what was declared is exposed and nothing else; the next commands are told."""
    result = run("new", "wms", "--wsdl", wsdl, "--read", "GetItem,get_stock", "--owner", "o@example.com")
    assert "brownfield keys create my-agent --role agent --person o@example.com --grant wms.get_item" in result.stdout
    assert (place / "wrappers/wms/wrapper.lock").exists()
    assert 'environment = "sandbox"' in (place / "brownfield.toml").read_text()
    assert "good" in run("check").stdout


def test_without_a_declared_read_the_next_step_is_to_decide(run, wsdl):
    result = run("new", "wms", "--wsdl", wsdl)
    assert "effect, calls.read, scope.read" in result.stdout
    assert "brownfield lock wrappers/wms" in result.stdout


def test_a_person_uncomments_locks_and_is_done(run, wsdl, place):
    """What the comments say is what has to be done."""
    run("new", "wms", "--wsdl", wsdl)
    path = place / "wrappers/wms/wrapper.toml"
    text = (
        path.read_text()
        .replace("read  = []", 'read  = ["ping"]', 1)
        .replace("calls.read  = []", 'calls.read = ["Ping"]')
    )
    before, _, after = text.partition("[operations.ping]")
    path.write_text(before + "[operations.ping]" + after.replace("# effect", "effect", 1))
    assert "callers would see something else" in run("check", code=78).stdout
    assert "ping is exposed" in run("lock").stdout
    assert "wrappers/wms: good" in run("check").stdout


def test_where_the_name_does_not_tell_nothing_is_suggested(run, wsdl, place):
    """S9: uncommenting a line must not declare a read that nobody looked at."""
    run("new", "wms", "--wsdl", wsdl)
    text = (place / "wrappers/wms/wrapper.toml").read_text()
    (said,) = [line for line in text.partition("[operations.get_next_pick_ticket]")[2].splitlines()[:6]
               if "effect" in line]  # fmt: skip
    assert said.startswith("# effect = …   # ")
    assert "read or write, decide" in said


def test_nothing_is_overwritten(run, wms, wsdl):
    before = (wms / "wrapper.toml").read_bytes()
    assert "there already" in run("new", "wms", "--wsdl", wsdl, code=65).stderr
    assert (wms / "wrapper.toml").read_bytes() == before


def test_a_dry_run_lists_what_would_be_written(run, wsdl, place):
    result = run("new", "wms", "--wsdl", wsdl, "--dry-run", "--json")
    files = json.loads(result.stdout)["files"]
    assert [name for name in files if not name.startswith("samples/")] == [
        "README.md", "contract/wms.wsdl", "wrapper.toml"]  # fmt: skip
    assert "samples/get_item.json" in files
    assert list(place.iterdir()) == []


def test_a_dry_run_fails_where_the_run_fails(run, wsdl, place, monkeypatch):
    """R15: a bundle that cannot be locked is not said to be one that would be written."""
    whole = drafting.render

    def misspelt(wish, drawing):
        files = whole(wish, drawing)
        return files | {"wrapper.toml": files["wrapper.toml"] + b"[feeds.f]\nvia = 'nowhere'\n"}

    monkeypatch.setattr(drafting, "render", misspelt)
    refused = run("new", "wms", "--wsdl", wsdl, code=78).stderr
    assert run("new", "wms", "--wsdl", wsdl, "--dry-run", code=78).stderr == refused
    assert not list(place.rglob("wrapper.toml"))


def test_a_wsdl_that_cannot_be_read_says_why_and_leaves_nothing(run, place):
    (place / "broken.wsdl").write_text("<definitions>")
    result = run("new", "wms", "--wsdl", "broken.wsdl", code=65)
    assert "not well-formed" in result.stderr
    assert not (place / "wrappers").exists()


def test_an_address_that_is_down_exits_69(run):
    assert "could not be reached" in run("new", "wms", "--wsdl", "http://127.0.0.1:1/?wsdl", code=69).stderr


def test_a_call_that_is_not_there_names_the_nearest(run, wsdl):
    assert "allowed: GetItem" in run("new", "wms", "--wsdl", wsdl, "--read", "GetItems", code=66).stderr


def test_an_id_that_is_none_is_refused(run, wsdl, place):
    assert "is no id" in run("new", "../up", "--wsdl", wsdl, code=65).stderr
    assert list(place.iterdir()) == []


def test_a_source_is_needed_and_only_one(run, wsdl):
    run("new", "wms", code=64)
    run("new", "wms", "--layout", "x", code=64)
    run("new", "wms", "--file", "x", code=74)
    run("drift", "wms", "--file", "x", code=64)
    run("new", "wms", "--wsdl", wsdl, "--file", "x", "--layout", "y", code=64)


def test_from_a_sample_file_to_a_feed(run, nightly):
    """R20: a copybook and one file are enough to begin with."""
    result = run("new", "stock", "--file", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy",
                 "--read", "stock_detail")  # fmt: skip
    assert "--grant stock.stock_detail" in result.stdout
    assert json.loads(run("check", "--json").stdout)["ok"]


def test_from_a_sample_alone_to_a_feed(run, place, nightly):
    """R15: where a library reads the format; records of fixed width need their layout."""
    (place / "STOCK20261121.csv").write_text("Item No;Price\n0012;1,50\nA;0,25\n", "utf-8")
    result = run("new", "stock", "--file", place / "STOCK20261121.csv")
    assert 'delimiter = ";": guessed from the bytes' in result.stdout
    assert json.loads(run("check", "--json").stdout)["ok"]
    readme = (place / "wrappers" / "stock" / "README.md").read_text()
    assert "--grant stock.stock\n" in readme
    assert "brownfield collect stock.stock --dry-run" in readme
    layout = place / "wrappers" / "stock" / "contract" / "stock.toml"
    assert "1.50" in run("look", place / "STOCK20261121.csv", "--layout", layout).stdout
    assert "--layout" in run("new", "other", "--file", nightly / "STK20261119.DAT", code=65).stderr


def test_an_unknown_key_is_told_with_line_and_nearest(run, wms):
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace('title = "Wms"', 'titel = "Wms"'))
    result = run("check", code=78)
    assert "wrapper.toml: titel (line 4): unknown key `titel`; did you mean `title`?" in result.stdout


def test_findings_are_data_with_json(run, wms):
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace('via = "warehouse"', 'via = "warehose"', 1))
    document = json.loads(run("check", "--json", code=78).stdout)
    finding = document["bundles"][0]["findings"][0]
    assert not document["ok"]
    assert set(finding) == {"level", "where", "line", "message", "next"}
    assert finding["line"]


def test_notes_that_say_the_same_are_told_once(run, wms):
    assert run("check").stdout.count("nobody declared its effect") == 1


def test_a_folder_without_a_bundle_says_how_to_make_one(run, place):
    assert "brownfield new" in run("check", code=78).stderr
    assert "brownfield new" in run("lock", "nowhere", code=78).stderr


def test_lock_tells_every_bundle_that_fails_and_locks_the_others(run, wms, wsdl):
    run("new", "two", "--wsdl", wsdl)
    (wms / "wrapper.toml").write_text("id = \ntitle = 'x'\n")
    result = run("lock", code=78)
    assert "wrappers/two: nothing has changed" in result.stdout
    assert "wrappers/wms/wrapper.toml (line 1)" in result.stderr


def test_lock_dry_run_changes_nothing(run, wms):
    before = (wms / "wrapper.lock").read_bytes()
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace("\nagents = true", '\nagents = true\ndescription = "X."', 1))
    result = run("lock", "--dry-run")
    assert "is not what callers saw before" in result.stdout
    assert (wms / "wrapper.lock").read_bytes() == before


def test_drift_against_a_live_description(run, wms, wsdl, place):
    """R21: a schema change that nobody announced is found, and exits 76 when it breaks something."""
    assert "No drift." in run("drift", "wrappers/wms", "--wsdl", wsdl).stdout
    changed = place / "changed.wsdl"
    changed.write_text(wsdl.read_text().replace('name="Delta"', 'name="Change"'))
    result = run("drift", "wrappers/wms", "--wsdl", changed, "--json", code=76)
    document = json.loads(result.stdout)
    assert document["breaks"]
    assert any("AdjustStock" in change["words"] for change in document["changes"])


def test_drift_of_many_bundles_needs_a_name(run, wms, wsdl):
    run("new", "two", "--wsdl", wsdl)
    assert "holds 2 bundles" in run("drift", "--wsdl", wsdl, code=64).stderr
    assert "No drift." in run("drift").stdout


def test_look_shows_bytes_and_their_meaning(run, nightly):
    """R20: what is in a file, before anybody trusts it."""
    line = ("look", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy", "--records", 2)
    assert "S9(7) COMP-3" in run(*line).stdout
    fields = json.loads(run(*line, "--json").stdout)["fields"]
    on_hand = next(field for field in fields if field["name"] == "on_hand")
    assert (on_hand["raw"], str(on_hand["value"])) == ("0000127c", "127")
    assert {field["record"] for field in fields} == {0, 1}


@pytest.mark.parametrize(("file", "code"), [("nothere.dat", 74), ("STKEXT.cbl", None)])
def test_look_at_what_cannot_be_read(run, nightly, file, code):
    result = run("look", nightly / file, "--layout", nightly / "stock.cpy", code=code)
    assert result.exit_code in {0, 65, 74}


def test_look_says_when_it_shows_no_more(run, nightly):
    """R97: two thousand fields, and that they are not all that was asked for."""
    line = ("look", nightly / "STK20261119.DAT", "--layout", nightly / "stock.cpy", "--records")
    told = json.loads(run(*line, 500, "--json").stdout)
    assert (len(told["fields"]), told["cut"]) == (2000, True)
    assert "Only the first 2,000 fields are shown" in run(*line, 500).stdout
    assert json.loads(run(*line, 2, "--json").stdout)["cut"] is False


def test_look_with_a_layout_that_is_none(run, nightly, place):
    (place / "bad.cpy").write_text("       01 A.\n          05 B PIC Q.\n")
    assert "bad.cpy" in run("look", nightly / "STK20261119.DAT", "--layout", "bad.cpy", code=65).stderr


def test_the_advice_to_lock_a_wrapper_by_its_id_works(run, wms):
    """What `check` and `up` say is what can be pasted."""
    with (wms / "wrapper.toml").open("a") as file:
        file.write("# a line\n")
    assert "wrappers/wms: would be locked; nothing was written" in run("lock", "wms", "--dry-run").stdout
    assert "wrappers/wms: locked" in run("lock", "wms").stdout
    assert "wrappers/wms: good" in run("check", "wms").stdout


def test_a_secret_that_is_not_here_is_a_note(run, wms, place):
    """With the file and the variable, before the first call fails."""
    said = run("check", "wms").stdout
    assert "note: the secret wms/password is not here" in said
    assert "BROWNFIELD_SECRET_WMS_PASSWORD" in said


@pytest.mark.parametrize(("lines", "said"), [
    ('login = "oauth"\nclient = "me"', "`login = \"oauth\"` needs `token_endpoint`; give `token_endpoint`"),
    ('login = "oauth"\nclient = "me"\ntoken_endpoint = "http://idp.example/token"', "must be https"),
    ('login = "oauth"', "the secret `client-secret` is asked for and not in secrets.read"),
    ('login = "basic"', '`login = "basic"` needs `user`'),
    ('security = "username-token"', '`security = "username-token"` needs `user`'),
    ('security = "saml"', 'say secrets.read.assertion = "…"'),
    ('signing_certificate = { file = "contract/none.pem" }', "there is no file none.pem"),
    ('encrypt_for = { file = "contract/none.pem" }', "there is no file none.pem"),
    ('reply_certificate = { file = "contract/none.pem" }', "there is no file none.pem"),
    ('signing_certificate = { file = "contract/none.pem" }', "the secret `signing-key` is asked for"),
    ("decrypt = true", "the secret `decryption-key` is asked for"),
])  # fmt: skip
def test_a_connection_that_could_not_work_is_told_before_a_call(run, wms, lines, said):
    """R97: each setting is valid, and no call would be."""
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace("secrets.read", f"{lines}\nsecrets.read", 1))
    told = run("check", "wms", code=78).stdout
    assert said in " ".join(told.split())
    assert "wms: good" not in told


def test_a_misspelt_secret_is_told_with_the_name_that_is_asked_for(run, wms):
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace(", password = ", ", pasword = ").replace("  password = ", "  pasword = "))
    told = " ".join(run("check", "wms", code=78).stdout.split())
    assert "is `pasword` meant? rename it to `password`" in told
    assert "nothing asks for the secret `pasword`; did you mean `password`?" in told


def test_a_connection_that_could_not_work_does_not_start(wms):
    path = wms / "wrapper.toml"
    path.write_text(path.read_text().replace("secrets.read", "decrypt = true\nsecrets.read", 1))
    with pytest.raises(BundleError, match="the secret `decryption-key` is asked for"):
        open_wrapper(wms, Settings(environment="sandbox"), Surroundings(Registry(), (), {"WAREHOUSE_URL": "http://x/"}))


def test_a_variable_that_is_unset_is_no_setting_that_is_absent(run, wms):
    """`check` needs no variable."""
    path = wms / "wrapper.toml"
    lines = 'login = "oauth"\nclient = { env = "NONE" }\ntoken_endpoint = { env = "NONE" }'
    path.write_text(path.read_text().replace("secrets.read", f"{lines}\nsecrets.read", 1))
    assert "needs `" not in run("check", "wms", code=78).stdout


@pytest.mark.parametrize(("text", "said"), [
    ('environment = "sandbox"\nprt = 1\n', "brownfield.toml: prt (line 2): there is no such key; did you mean port?"),
    ("port = 1\n", 'environment: is missing; add the line environment = "sandbox"'),
    ('environment = "sandbox"\nport = 99999\n', "correct the value"),
    ('environment = "sandbox"\n[policy]\nauto_blow = 1\n', "did you mean auto_below?"),
])  # fmt: skip
def test_a_wrong_setting_is_told_with_what_to_do(tmp_path, text, said):
    """The remedy fits the error."""
    (tmp_path / "brownfield.toml").write_text(text)
    with pytest.raises(BundleError) as error:
        read_settings(tmp_path)
    assert said in str(error.value)


def test_new_counts_the_files_that_are_there(run, wsdl, place):
    """The lock and the pinned contract are files too."""
    said = run("new", "wms", "--wsdl", wsdl).stdout
    assert f"{sum(path.is_file() for path in (place / 'wrappers/wms').rglob('*'))} files, locked." in said


def test_a_file_that_cannot_be_used_comes_with_a_next_step():
    """Exit 74."""
    assert ending(PermissionError(13, "Permission denied", "x"), "").lines[-1].startswith("Next: ")


def test_a_table_cuts_nothing_on_a_narrow_terminal():
    """A long value is folded."""
    console = Console(width=20, record=True, file=io.StringIO())
    console.print(table(("field", "value"), [("a", "x" * 60)]))
    assert console.export_text().count("x") == 60
