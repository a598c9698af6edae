"""What `check` says of writes that leave as a file: every key that does not fit, its line, the nearest name."""

import shutil
from pathlib import Path

import pytest

from brownfield.runtime.locking import check_folder
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry

ORDERS = Path(__file__).parents[2] / "docs" / "examples" / "wrappers" / "orders"
AROUND = Surroundings(Registry(), (), {"ORDERS_IN": "/tmp/in", "ORDERS_OUT": "/tmp/out"})


def found(folder, old="", new=""):
    """What is found once `new` stands in the place of `old`, but for the lock: where, what and what to do."""
    shutil.copytree(ORDERS, folder / "orders")
    manifest = folder / "orders" / "wrapper.toml"
    text = manifest.read_text("utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), "utf-8")
    return [f"{one.where}:{one.line}: {one.message}; {one.next}" for one in check_folder(folder / "orders", AROUND)
            if "lock" not in one.next]  # fmt: skip


def test_the_example_is_good(tmp_path):
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('feed     = "receipts"', 'feed     = "receipt"',
         "acknowledgement.feed:37: no feed `receipt`; did you mean `receipts`?"),
        ('status   = "status_code"', 'status   = "status"',
         "acknowledgement.status:40: the events of receipts have no field `status`; did you mean `status_code`?"),
        ('message  = "reason"', 'massage  = "reason"',
         "acknowledgement.massage:43: unknown key `massage`; did you mean `message`?"),
        ('rejected = ["10", "20"]', 'rejected = ["00"]', "`00` is accepted and rejected; decide: one"),
        ('record   = "line_no"', 'record   = "order_no"\nargument = "order"',
         "`cancel_order` takes no `order`; did you mean `order_no`?"),
        ('send = "entry"', 'send = "entri"', "schedules.send-orders.send:81: `entri` is no connection"),
        ('send = "entry"', 'send = "entry"\nfeed = "receipts"', "must name one of feed, operation and send"),
        ('call = "cancel"\neffect = "write"', 'call = "cancel"\neffect = "read"', "what leaves as a file is a write"),
        ('match    = "ACK*.DAT"', 'match    = "ACK*.DAT"\nbatch = { most = 5 }',
         "no write through `answers` leaves as a file"),
        ('FILE-SEQ = "sequence", RUN-DATE', 'FILE-SEK = "sequence", RUN-DATE',
         "it has no field FILE-SEK; is file_seq meant?"),
        ('calls.write = ["detail", "cancel"]', 'calls.write = ["detail"]',
         "the far-side call `cancel` is not declared a write"),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path, old, new, said):
    assert said in "\n".join(found(tmp_path, old, new))


def test_without_an_answer_nothing_is_sent(tmp_path):
    """What became of a record would be a guess."""
    text = (ORDERS / "wrapper.toml").read_text("utf-8")
    start = text.index("[connections.entry.acknowledgement]")
    table = text[start : text.index("[operations.place_order]")]
    said = "\n".join(found(tmp_path, table))
    assert "nothing tells what becomes of its records; say acknowledgement = { feed = … }" in said


def test_one_feed_answers_one_connection(tmp_path):
    """Both have a file 1: an answer to the one would settle the other's writes."""
    text = (ORDERS / "wrapper.toml").read_text("utf-8")
    table = text[text.index("[connections.entry]") : text.index("[operations.place_order]")]
    said = "\n".join(found(tmp_path, table, table + table.replace("connections.entry", "connections.entry2")))
    assert "connections.entry2.acknowledgement.feed:" in said
    assert "`receipts` answers `entry` already, whose files have the same numbers; give each connection" in said
    assert "connections.entry.acknowledgement.feed" not in said
