"""What holds for every command: help, `--json`, exit codes, and that nothing ends with a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from brownfield.edges.cli.app import app
from brownfield.edges.cli.ending import EXITS, ending
from brownfield.edges.cli.terminal import safe
from brownfield.rules.problem import KINDS

COMMANDS = {
    "new", "check", "lock", "drift", "look", "stub", "record", "replay", "up", "serve", "work", "mcp", "call",
    "collect", "batches", "events", "proposals", "approve", "decline", "undo", "halt", "resume", "ask", "audit",
    "keys", "status", "send", "inputs",
}  # fmt: skip


def every_command():
    def walk(command, name):
        yield name, command
        for inner in getattr(command, "commands", {}).values():
            yield from walk(inner, f"{name} {inner.name}".strip())

    yield from walk(typer.main.get_command(app), "")


def test_the_commands_that_scripts_rely_on_are_there():
    assert set(typer.main.get_command(app).commands) == COMMANDS


@pytest.mark.parametrize(("name", "command"), list(every_command()), ids=lambda value: value or "-")
def test_every_command_takes_json_and_explains_itself(name, command):
    assert "--json" in {option for param in command.params for option in param.opts}
    assert command.help
    assert all(param.help for param in command.params)


def test_help_documents_every_exit_code(run):
    text = " ".join(run("--help").stdout.split())
    assert all(f"{code} {words.split()[0]}" in text for code, words in EXITS.items())


def test_every_code_that_a_problem_can_give_is_documented():
    assert {kind.exit for kind in KINDS.values()} <= set(EXITS)


def test_version(run):
    assert run("--version").stdout.startswith("brownfield ")
    assert set(json.loads(run("--version", "--json").stdout)) == {"brownfield"}


@pytest.mark.parametrize(
    "line", [["nosuch"], ["status", "--nosuch"], ["call"], ["approve"], ["new", "x"], ["look"], ["--nosuch"]]
)
def test_a_wrong_line_exits_64_and_says_where_help_is(run, line):
    result = run(*line, code=64)
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize("line", [[], ["keys"], ["audit"]])
def test_nothing_to_do_shows_help(run, line):
    assert "Usage:" in run(*line, code=64).stdout


def test_a_wrong_word_names_the_nearest(run):
    assert "Did you mean 'status'" in run("statsu", code=64).stderr


def test_a_wrong_line_is_told_as_json_too(run):
    document = json.loads(run("status", "--nosuch", "--json", code=64).stderr)
    assert document["code"] == "usage"
    assert "--help" in document["next"]


def test_ctrl_c_exits_130_and_says_what_happened(run, monkeypatch):
    """Ctrl-C in the middle: one sentence on what did and what did not happen."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("brownfield.edges.cli.client.Client.post", interrupted)
    monkeypatch.setattr("brownfield.runtime.home.Home.address", lambda self: "http://127.0.0.1:1")
    result = run("halt", code=130)
    assert result.stderr == "Stopped. The halt was sent; `brownfield status` tells whether it holds.\n"
    assert json.loads(run("halt", "--json", code=130).stderr)["code"] == "stopped"


def test_a_defect_is_a_sentence_and_a_file_for_the_report(run, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("the wheel came off")

    monkeypatch.setattr("brownfield.runtime.home.Home.address", broken)
    result = run("status", code=70)
    path = Path(result.stderr.split("Report it with ")[1].strip().removesuffix("."))
    assert "Traceback" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()


def test_a_file_that_cannot_be_written_exits_74(run, place):
    (place / "home").write_text("in the way")
    assert "Not a directory" in run("keys", "list", code=74).stderr


def test_a_ledger_that_is_none_exits_74(run, place):
    (place / "home").mkdir()
    (place / "home" / "ledger.db").write_text("this is no database, and longer than the header that one has" * 20)
    assert "The ledger cannot be written" in run("keys", "list", code=74).stderr


def test_a_ledger_of_a_newer_brownfield_is_left_alone(run, place, monkeypatch):
    run("keys", "list")
    from sqlalchemy import text

    from brownfield.ledger.store import Ledger

    ledger = Ledger(f"sqlite:///{place / 'home' / 'ledger.db'}")
    with ledger.write() as connection:
        connection.execute(text("UPDATE bf_migration SET version_num = '9999_future'"))
    ledger.close()
    assert "does not know" in run("keys", "list", code=74).stderr


def test_what_comes_from_far_away_cannot_move_the_cursor():
    """R60: what a person decides on is what stands there."""
    assert safe("a\x1b[2J\u202eb\nc") == "a\\x1b[2J\\u202eb\nc"


def test_an_error_that_nobody_foresaw_still_ends_in_words():
    assert ending(ValueError("x"), "").code == 70


def test_nothing_colours_a_pipe():
    script = Path(sys.executable).with_name("brownfield")
    result = subprocess.run([script, "status"], capture_output=True, text=True, check=False, timeout=60,
                            env={"PATH": "/usr/bin:/bin", "BROWNFIELD_HOME": "/nonexistent"})  # fmt: skip
    assert result.returncode == 69
    assert "\x1b" not in result.stdout + result.stderr
    assert "brownfield up wrappers/" in result.stderr
