"""Who may come in (R50, R51, R56, R58)."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from brownfield.ledger import halt, identity
from brownfield.ledger.conflict import Taken
from brownfield.rules.access import Role


@pytest.fixture
def connection(ledger):
    with ledger.write() as connection:
        yield connection


@pytest.fixture
def agent(connection, now):
    made = identity.add_identity(
        connection, "billing-agent", Role.AGENT, person="ann@example.com", environment="production", now=now
    )
    identity.add_key(connection, made.id, "bf_1", b"mac", environment="production", now=now)
    return made


def test_an_identity_has_a_person_and_a_random_id(connection, agent):
    assert identity.find_identity(connection, "billing-agent") == agent
    assert identity.identities(connection) == [agent]
    assert len(bytes.fromhex(agent.id)) == 16
    assert identity.find_identity(connection, "nobody") is None


def test_a_name_is_one_identity(connection, agent, now):
    """R50: no shared account."""
    with pytest.raises(Taken):
        identity.add_identity(connection, agent.name, Role.OPERATOR, person="bob", environment="production", now=now)


def test_a_key_is_found_by_its_prefix(connection, agent, now):
    found = identity.find_key(connection, "bf_1")
    assert found == identity.KeyRow(agent, "bf_1", b"mac", "production", now, None, None)
    assert identity.find_key(connection, "bf_2") is None


def test_a_prefix_is_one_key(connection, agent, now):
    """R50: two agents with one key are refused."""
    with pytest.raises(Taken):
        identity.add_key(connection, agent.id, "bf_1", b"other", environment="production", now=now)


def test_a_key_belongs_to_somebody(connection, now):
    with pytest.raises(IntegrityError):
        identity.add_key(connection, "nobody", "bf_9", b"mac", environment="production", now=now)


def test_an_identity_may_hold_two_keys_while_it_rotates(connection, agent, now):
    """R56: rotation without a failed call."""
    later = now + timedelta(days=30)
    identity.add_key(connection, agent.id, "bf_2", b"mac2", environment="production", now=later, expires_at=later)
    assert [row.prefix for row in identity.keys(connection)] == ["bf_1", "bf_2"]
    assert identity.keys(connection)[1].expires_at == later


def test_a_revoked_key_stays_in_the_list_with_its_first_date(connection, agent, now):
    assert identity.revoke_key(connection, "bf_1", now)
    assert not identity.revoke_key(connection, "bf_1", now + timedelta(hours=1))
    assert not identity.revoke_key(connection, "bf_2", now)
    assert identity.find_key(connection, "bf_1").revoked_at == now


def test_grants_are_rows(connection, agent, now):
    """R51: exact least privilege; R52: nothing by default."""
    assert identity.grants(connection, agent.id) == frozenset()
    assert identity.add_grant(connection, agent.id, "inventory", "get_stock", granted_by="olga", now=now)
    assert not identity.add_grant(connection, agent.id, "inventory", "get_stock", granted_by="olga", now=now)
    assert identity.grants(connection, agent.id) == {("inventory", "get_stock")}
    assert identity.remove_grant(connection, agent.id, "inventory", "get_stock")
    assert not identity.remove_grant(connection, agent.id, "inventory", "get_stock")
    assert identity.grants(connection, agent.id) == frozenset()


def test_admission_holds_all_that_the_guard_asks(connection, agent, now):
    """R49: permission first, in one look."""
    identity.add_grant(connection, agent.id, "inventory", "get_stock", granted_by="olga", now=now)
    identity.add_grant(connection, agent.id, "inventory", "get_item", granted_by="olga", now=now)
    halt.set_halt(connection, "everything", "olga", "a drill", now)
    halt.set_halt(connection, "wrapper:inventory", "olga", "stock is wrong", now)
    halt.lift_halt(connection, "everything", "olga", now)
    halt.set_halt(connection, "everything", "marie", "no drill", now)
    admission = identity.admit(connection, "bf_1")
    assert admission.key == identity.find_key(connection, "bf_1")
    assert admission.grants == {("inventory", "get_stock"), ("inventory", "get_item")}
    assert [(h.scope, h.by) for h in admission.halts] == [("wrapper:inventory", "olga"), ("everything", "marie")]


def test_an_identity_without_grants_is_admitted_with_none(connection, agent):
    assert identity.admit(connection, "bf_1").grants == frozenset()
    assert identity.admit(connection, "bf_2") is None


def test_admission_takes_one_statement(connection, agent):
    """It is on every call's path."""
    statements = []
    connection.connection.driver_connection.set_trace_callback(statements.append)
    identity.admit(connection, "bf_1")
    assert len(statements) == 1


def test_a_key_can_be_given_an_end(connection, agent, now):
    """R56: the old key of a rotation stays good until a time."""
    identity.expire_key(connection, "bf_1", now + timedelta(hours=1))
    assert identity.find_key(connection, "bf_1").expires_at == now + timedelta(hours=1)
