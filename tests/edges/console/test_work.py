"""Systems, batches and the audit."""

import pytest

from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio


@pytest.fixture
def operator(office):
    return office.browser(office.key("olga", Role.OPERATOR))


async def test_a_system_is_shown_with_its_owner_and_who_is_paged(office, operator):
    """R1, R2, R6, R7: the scope document, on a page."""
    for part in ("Warehouse inventory (WMS 4.2)", "System of record for stock levels", "supply-integration@example.com",
                 "warehouse-oncall@example.com", "Live", "place hold", "write", "stock count"):  # fmt: skip
        assert part in operator.text, part


async def test_an_operator_halts_one_operation_and_lets_it_go_on(office, operator, agent):
    """R102: with a reason, which whoever is stopped is told."""
    operator.submit("/console/halt", scope="operation:inventory.place_hold", reason="recount \u202e")
    assert "Place hold (inventory) by olga@example.com" in operator.text
    assert '"recount \\u202e"' in operator.text
    assert "halted by olga@example.com" in operator.text
    from brownfield.rules.problem import Problem

    with pytest.raises(Problem, match="recount"):
        await office.propose(agent)
    operator.submit("/console/resume")
    assert "Halted" not in operator.text
    assert await office.propose(agent)


async def test_everything_is_halted_with_one_form(office, operator):
    """R102."""
    operator.submit("/console/halt", scope="everything", reason="stop")
    assert office.assembly.kernel
    assert "Everything by olga@example.com" in operator.text


async def test_a_halt_without_a_reason_is_refused_and_who_may_not_has_no_button(office, operator, anna):
    operator.submit("/console/halt", scope="everything", reason=" ")
    assert operator.status == 422
    browser = office.browser(anna)
    browser.get("/console/systems")
    assert not browser.has_form("/console/halt")


async def test_batches_and_the_records_that_could_not_be_read(office, operator):
    """R20: which file, where in it, why, and the bytes themselves."""
    opened, feed = office.assembly.kernel.feed("inventory", "stock_count")
    office.assembly.collecting.run(opened, feed)
    operator.get("/console/batches")
    assert "STK\\u202e20261121.DAT" in operator.text
    assert "archived 2 1 1" in operator.text
    operator.get("/console/batches/1")
    for part in ("Record 2 at byte 20", "units", "the last half byte is no sign", "packed-nibble",
                 "00000014 41 2d 31 30 30 1b 00 ff 3c 73 63 72 69 70 74 3e A-100...<script> ......"):  # fmt: skip
        assert part in operator.text, part
    assert "<script" not in operator.page
    operator.get("/console/batches/7")
    assert operator.status == 404


async def test_a_question_is_answered_and_its_reading_echoed(office, agent, anna):
    """R100: one sentence on top, then the story."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.get("/console/audit")
    browser.submit("/console/audit", question="what did billing-agent do today")
    assert "Reading: " in browser.text
    assert "In that time billing-agent made" in browser.text
    assert "billing-agent asked to place hold" in browser.text
    assert 'value="what did billing-agent do today"' in browser.page
    assert seen.proposal.id not in browser.text


async def test_an_auditor_checks_the_record_and_reads_it_in_words(office, agent):
    """R101: complete and unchanged, from when to when, checked when."""
    await office.propose(agent)
    auditor = office.browser(office.key("hugo", Role.AUDITOR))
    assert "Not checked since this server started." in auditor.text
    assert "No seal is stored outside the ledger yet" in auditor.text
    office.assembly.seal()
    auditor.submit("/console/audit/verify")
    assert "Complete and unchanged from" in auditor.text
    assert "entries in" in auditor.text or "entry in" in auditor.text
    assert "checked less than a minute ago" in auditor.text
    assert "Last seal stored beside the ledger" in auditor.text


async def test_a_changed_record_is_said_to_be_changed(office, agent):
    """R101."""
    from sqlalchemy import text

    await office.propose(agent)
    with office.assembly.kernel.ledger.write() as connection:
        for trigger in connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text("UPDATE bf_entry SET identity='somebody'"))
    auditor = office.browser(office.key("hugo", Role.AUDITOR))
    auditor.submit("/console/audit/verify")
    assert "Not as it was written" in auditor.text
    assert "breaks at number 1" in auditor.text


async def test_only_an_auditor_checks(office, anna):
    browser = office.browser(anna)
    browser.get("/console/audit")
    assert not browser.has_form("/console/audit/verify")
