"""Snapshots: full extracts become what was created, updated and deleted between them, once."""

import json
from secrets import token_hex

import pytest
from stage import collect

from brownfield.rules.access import Role
from brownfield.runtime import snapshot
from brownfield.runtime.committing import Committing

FULL = {'key = "sku"\n': 'key = "sku"\n\n[feeds.stock_count.snapshot]\n'}


def name(sku):
    """`A` for short, as the canned drop writes it."""
    return f"{sku[0]}-{sku[1:] or '100'}"


def extract(**stock):
    lines = [f"{name(sku)} {units}" for sku, units in stock.items()]
    return "".join(f"{line}\n" for line in [*lines, f"= {len(stock)}"]).encode()


@pytest.fixture
def full(put_up):
    return put_up({'key = "sku"\n': 'key = "sku"\n\n[feeds.stock_count.snapshot]\nmost_deleted = 100\n'})


def events(stage):
    reader = stage.caller(f"reader-{token_hex(4)}", Role.AUDITOR)
    return stage.assembly.events.page(reader, feed="canned.stock_count")["events"]


def told(stage):
    return [(one["data"]["change"], one["subject"].replace("-100", "").replace("-", "")) for one in events(stage)]


def take(stage, file, **stock):
    stage.drop.put(file, extract(**stock))
    (found,) = collect(stage)[-1:]
    return found


def test_the_first_extract_is_all_created(full):
    take(full, "one.dat", A=1, B=2)
    assert told(full) == [("created", "A"), ("created", "B")]


def test_the_next_extract_gives_the_changes_by_key(full):
    """R20: with what was before and what is after."""
    take(full, "one.dat", A=1, B=2, C=3)
    before = len(events(full))
    take(full, "two.dat", A=1, C=4, D=5)
    changes = [one["data"] for one in events(full)][before:]
    assert changes == [
        {"change": "deleted", "before": {"sku": "B-100", "on_hand": 2}},
        {"change": "updated", "before": {"sku": "C-100", "on_hand": 3}, "after": {"sku": "C-100", "on_hand": 4}},
        {"change": "created", "after": {"sku": "D-100", "on_hand": 5}},
    ]


def test_an_extract_in_another_order_is_the_same(full):
    take(full, "one.dat", A=1, B=2, C=3)
    take(full, "two.dat", C=3, A=9, B=2)
    assert told(full)[3:] == [("updated", "A")]


def test_the_same_extract_again_is_no_change_and_a_state_that_comes_back_is(full):
    take(full, "one.dat", A=1)
    take(full, "two.dat", A=2)
    take(full, "three.dat", A=1)
    take(full, "four.dat", A=1)
    take(full, "five.dat", A=2)
    assert told(full) == [("created", "A"), *[("updated", "A")] * 3]
    assert len({one["id"] for one in events(full)}) == 4


def test_an_extract_that_lacks_too_much_is_held_and_told_when_a_person_resumes_it(put_up):
    stage = put_up(FULL)
    stock = {f"S{number:03}": number for number in range(100)}
    take(stage, "one.dat", **stock)
    few = dict(list(stock.items())[:50])
    held = take(stage, "two.dat", **few)
    assert held["state"] == "held"
    assert held["reason"].startswith("50 of 100 keys are gone, more than the 10 % allowed")
    assert len(told(stage)) == 100
    stage.drop.put("two.dat", extract(**few))  # the canned drop forgets what was set aside
    resumed = stage.assembly.collecting._resume(*_place(stage), _file(stage, held["id"]), None, "asked")
    assert (resumed["state"], resumed.get("reason")) == ("archived", None)
    assert told(stage)[100:] == [("deleted", f"S{number:03}") for number in range(50, 100)]


def test_a_held_extract_is_no_baseline(put_up):
    stage = put_up(FULL)
    stock = {f"S{number:03}": number for number in range(100)}
    take(stage, "one.dat", **stock)
    take(stage, "two.dat", **dict(list(stock.items())[:50]))
    take(stage, "three.dat", **(stock | {"S000": 7}))
    assert told(stage)[100:] == [("updated", "S000")]


@pytest.mark.parametrize("order", [("A", "A"), ("A", "B", "A"), ("B", "A", "A", "C")])
def test_a_key_that_is_there_twice_is_refused(full, order):
    take(full, "one.dat", A=1, B=2)
    full.drop.put("two.dat", b"".join(b"%s 1\n" % name(sku).encode() for sku in order) + b"= %d\n" % len(order))
    refused = collect(full)[0]
    assert (refused["state"], refused["reason"]) == ("refused", "two records have the key 'A-100'")
    assert len(told(full)) == 2


def test_an_extract_with_a_record_that_cannot_be_read_is_held(full):
    take(full, "one.dat", A=1, B=2)
    full.drop.put("two.dat", b"A-100 1\nB-100 ??\n= 2\n")
    assert collect(full)[0]["state"] == "held"
    assert len(told(full)) == 2


def test_ignored_fields_are_neither_compared_nor_told(put_up):
    stage = put_up({'key = "sku"\n': 'key = "sku"\n\n[feeds.stock_count.snapshot]\nignore = ["on_hand"]\n'})
    take(stage, "one.dat", A=1)
    take(stage, "two.dat", A=2)
    assert [one["data"] for one in events(stage)] == [{"change": "created", "after": {"sku": "A-100"}}]


def test_a_baseline_that_somebody_changed_is_not_believed(full):
    take(full, "one.dat", A=1)
    (state,) = (full.folder / "home" / "snapshots" / "canned.stock_count").glob("*.state")
    state.write_bytes(state.read_bytes().replace(b"1", b"7"))
    held = take(full, "two.dat", A=2)
    assert held["state"] == "held"
    assert "is gone or was changed" in held["reason"]


def test_what_a_stop_left_is_told_afterwards_and_nothing_twice(full, monkeypatch):
    """R77: stopped after every piece of two changes."""
    monkeypatch.setattr(snapshot, "AT_ONCE", 2)
    stock = {f"S00{number}": number for number in range(7)}
    stopping, commit, seen = full.assembly.collecting.stopping, Committing._commit, []

    def commit_and_stop(self, *given):
        stopping.set()
        return commit(self, *given)

    monkeypatch.setattr(Committing, "_commit", commit_and_stop)
    full.drop.put("one.dat", extract(**stock))
    for _ in range(4):
        stopping.clear()
        collect(full)
        seen.append(len(told(full)))
    assert seen == [2, 4, 6, 7]
    stopping.clear()
    collect(full)
    assert told(full) == [("created", sku) for sku in stock]


def test_every_event_meets_the_schema_that_consumers_were_given(full):
    import jsonschema_rs

    take(full, "one.dat", A=1, B=2)
    take(full, "two.dat", B=3)
    schema = full.assembly.kernel.wrappers["canned"].bundle.feeds["stock_count"].data
    validator = jsonschema_rs.Draft202012Validator(dict(schema))
    for event in events(full):
        validator.validate(event["data"])
    assert json.dumps(schema)


def _place(stage):
    return stage.assembly.kernel.feed("canned", "stock_count")


def _file(stage, number):
    from brownfield.ledger.batch import get_file

    with stage.assembly.kernel.ledger.read() as connection:
        return get_file(connection, number)


def told_in_part(stage, monkeypatch, file, **stock):
    """Let the disk run full after the first change of an extract was told."""
    monkeypatch.setattr(snapshot, "AT_ONCE", 1)
    between = snapshot.Snapshot._between
    counted = []

    def full(self, baseline, state):
        for number, change in enumerate(between(self, baseline, state)):
            if len(counted) == 1 and number == 1:
                raise OSError(28, "No space left on device")
            yield change
        counted.append(None)  # the guard counts them first

    monkeypatch.setattr(snapshot.Snapshot, "_between", full)
    held = take(stage, file, **stock)
    monkeypatch.setattr(snapshot.Snapshot, "_between", between)
    return held


def resume(stage, file, **stock):
    held = next(one for one in stage.assembly.collecting.batches(stage.caller(token_hex(4), Role.AUDITOR))
                if one["name"] == file and one["state"] == "held")  # fmt: skip
    stage.drop.put(file, extract(**stock))  # the canned drop forgets what was set aside
    return stage.assembly.collecting._resume(*_place(stage), _file(stage, held["id"]), None, "asked")


def followed(stage):
    """What a consumer has who followed every change."""
    has = {}
    for one in events(stage):
        has.pop(one["subject"], None)
        if "after" in one["data"]:
            has[one["subject"]] = one["data"]["after"]["on_hand"]
    return {sku.replace("-100", ""): units for sku, units in has.items()}


def test_an_extract_that_was_told_in_part_is_ended_before_the_next_is_told(full, monkeypatch):
    """R20: else what was told of it would never be taken back, and the rest be left out of another difference."""
    take(full, "one.dat", A=1, B=2, C=3)
    assert told_in_part(full, monkeypatch, "two.dat", B=2, C=3, D=4, E=5)["state"] == "held"
    assert followed(full) == {"B": 2, "C": 3}
    held = take(full, "three.dat", B=2, C=4)
    assert held["state"] == "held"
    assert "two.dat, was told in part" in held["reason"]
    assert resume(full, "two.dat", B=2, C=3, D=4, E=5)["state"] == "archived"
    assert followed(full) == {"B": 2, "C": 3, "D": 4, "E": 5}
    assert resume(full, "three.dat", B=2, C=4)["state"] == "archived"
    assert followed(full) == {"B": 2, "C": 4}
    assert len({one["id"] for one in events(full)}) == len(events(full))


def test_a_resumed_extract_begins_anew_where_its_baseline_is_gone(full, monkeypatch):
    """R20: as many changes as were told of it are then no changes of the same difference."""
    take(full, "one.dat", A=1, B=2)
    told_in_part(full, monkeypatch, "two.dat", B=3, C=4)
    for state in (full.folder / "home" / "snapshots" / "canned.stock_count").glob("*.state"):
        state.unlink()
    assert resume(full, "two.dat", B=3, C=4)["state"] == "archived"
    assert followed(full) == {"B": 3, "C": 4}


def test_states_that_are_needed_no_longer_are_removed(full):
    """R20: each is a whole extract, with all that is personal in it."""
    for number in range(1, 5):
        take(full, f"{number}.dat", A=number, B=2)
    folder = full.folder / "home" / "snapshots" / "canned.stock_count"
    assert len(list(folder.glob("*.state"))) == 1
    take(full, "five.dat", A=9, B=2)
    assert followed(full) == {"A": 9, "B": 2}


def test_a_feed_that_is_declared_otherwise_is_not_compared_with_what_was_before(put_up):
    """R20: with another `ignore` every record would be told as updated."""
    stage = put_up({'key = "sku"\n': 'key = "sku"\n\n[feeds.stock_count.snapshot]\n'})
    take(stage, "one.dat", A=1, B=2)
    table = stage.assembly.kernel.wrappers["canned"].bundle.feeds["stock_count"].table
    object.__setattr__(table.snapshot, "ignore", ("on_hand",))
    held = take(stage, "two.dat", A=1, B=3)
    assert held["state"] == "held"
    assert "declared otherwise" in held["reason"]


def test_a_key_that_begins_with_a_byte_order_mark_is_the_key_that_it_is(tmp_path):
    from brownfield.contract import Documents
    from brownfield.runtime.joining import joined
    from brownfield.runtime.state import text_of, write_state

    told = [Documents(range(2), ["\ufeffB", "A"], [b'{"n":%d}\n' % number] * 2) for number in (1, 2)]
    states = [write_state(tmp_path / f"{number}.state", [one], ()) for number, one in enumerate(told)]
    assert [text_of(change.key) for change in joined(*states, tmp_path / "spill")] == ["A", "\ufeffB"]


def test_what_a_killed_join_spilled_is_removed(full):
    """R77: it is a part of an extract, with all that is personal in it."""
    take(full, "one.dat", A=1, B=2)
    left = full.folder / "home" / "snapshots" / "canned.stock_count" / "spill" / "duckdb_temp_storage-0.tmp"
    left.parent.mkdir()
    left.touch()
    take(full, "two.dat", B=2, A=3)
    assert not left.exists()


def test_an_empty_extract_deletes_nothing_before_a_person_says_so(put_up):
    """R20, §7: a job that wrote header and trailer alone, or found no table, is no mass delete."""
    stage = put_up(FULL)
    take(stage, "one.dat", A=1, B=2)
    held = take(stage, "two.dat")
    assert held["state"] == "held"
    assert held["reason"].startswith("the extract has no key, the one before it had 2")
    assert told(stage) == [("created", "A"), ("created", "B")]


def test_a_day_that_was_skipped_is_in_the_changes_of_the_next(full):
    """R20, §7: an extract that never came is no gap: the next is held against the last that did."""
    for file, stock in (("mon.dat", {"A": 1, "B": 1}), ("wed.dat", {"A": 3, "C": 1})):
        take(full, file, **stock)
    assert told(full)[2:] == [("updated", "A"), ("deleted", "B"), ("created", "C")]
    assert followed(full) == {"A": 3, "C": 1}


def test_a_corrected_extract_of_the_same_day_is_compared_with_the_first(full):
    """R20, §7: the job ran again under the same name; what the first run said too much of is taken back."""
    take(full, "one.dat", A=1, B=2)
    take(full, "one.dat", A=1, C=3)
    assert told(full)[2:] == [("deleted", "B"), ("created", "C")]
    assert followed(full) == {"A": 1, "C": 3}
