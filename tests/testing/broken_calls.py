"""Call adapters with one defect each. Not collected by itself: `test_defect.py` runs it and looks at what failed."""

import contextlib
import copy
import dataclasses
import itertools
import logging
import socket
import time
import traceback
from functools import partial

import noisy
import pytest
from canned_case import call_case
from pydantic import BaseModel

from brownfield.contract import Adapter, Contract, RecordShape, Rejected, Reply, Unavailable, Uncertain
from brownfield.testing import CallAdapterContract
from brownfield.testing.canned import CannedCalls, CannedSystem
from brownfield.testing.canned.system import CONTRACT, CannedSettings

PASSWORD = "s3cr3t-read"


def dial():
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=0.1)


def changed(operation, **parts):
    """The contract, with some parts of one operation as given."""
    shape = CONTRACT.operations[operation].model_copy(update=copy.deepcopy(parts))
    return CONTRACT.model_copy(update={"operations": {**CONTRACT.operations, operation: shape}})


def schema(operation, part, **keys):
    return {part: {**copy.deepcopy(getattr(CONTRACT.operations[operation], part)), **keys}}


class Settings(BaseModel):
    """Takes any key."""

    line: str = "memory"


class DialsOnOpening(CannedCalls):
    def __init__(self, system, opening):
        super().__init__(system, opening)
        dial()


class KeepsTheSecret(CannedCalls):
    def __init__(self, system, opening):
        super().__init__(system, opening)
        with contextlib.suppress(Unavailable):
            opening.secret("password")


class ProbesOnce(CannedCalls):
    probed = False

    def probe(self):
        super().probe()
        if self.probed:
            raise Unavailable("once is enough")
        self.probed = True


class ProbesNothing(CannedCalls):
    def probe(self):
        return None


class ClosesOnce(CannedCalls):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class DescribesOnline(CannedCalls):
    def describe(self):
        dial()
        return super().describe()


class Describes(CannedCalls):
    """Describes what it is told to."""

    contract: Contract

    def describe(self):
        return self.contract


def describes(contract, base=Describes):
    return type("Describes", (base,), {"contract": contract})


class DescribesAnew(CannedCalls):
    counter = itertools.count()

    def describe(self):
        return changed("GetHold", documentation=str(next(self.counter)))


class Replies(Describes):
    """Adds fields to a reply, and describes that it does."""

    added: dict

    def invoke(self, operation, fields):
        reply = super().invoke(operation, fields)
        return Reply({**reply.fields, **self.added}, reply.rows) if operation == "GetStock" else reply


def replies(added, contract=CONTRACT):
    return type("Replies", (Replies,), {"added": added, "contract": contract})


class GivesAList(CannedCalls):
    def invoke(self, operation, fields):
        reply = super().invoke(operation, fields)
        return Reply(reply.fields, list(reply.rows)) if reply.rows else reply


class EatsTheFields(CannedCalls):
    def invoke(self, operation, fields):
        reply = super().invoke(operation, fields)
        fields.clear()
        return reply


class OneThreadOnly(CannedCalls):
    busy = False

    def invoke(self, operation, fields):
        if self.busy:
            raise RuntimeError("not from two threads")
        self.busy = True
        time.sleep(0.02)
        try:
            return super().invoke(operation, fields)
        finally:
            self.busy = False


class Prints(CannedCalls):
    def probe(self):
        print("probing")
        super().probe()


class Fails(CannedCalls):
    """Fails in its own way; `wrong` says how."""

    def wrong(self, operation, fields, failure):
        raise NotImplementedError

    def invoke(self, operation, fields):
        try:
            return super().invoke(operation, fields)
        except (Rejected, Unavailable) as failure:
            return self.wrong(operation, fields, failure)


def fails(wrong):
    return type("Fails", (Fails,), {"wrong": wrong})


def unknown_is_unavailable(self, operation, fields, failure):
    raise Unavailable("try again") if failure.code == "unknown-operation" else failure


def unknown_field_is_dropped(self, operation, fields, failure):
    if "no_such_field" in fields:
        return CannedCalls.invoke(self, operation, {"Sku": fields["Sku"]})
    raise failure


def refusal_without_code(self, operation, fields, failure):
    raise Rejected(failure.message) if failure.code == "CAN-404" else failure


def down_is_uncertain(self, operation, fields, failure):
    raise Uncertain("who knows") if isinstance(failure, Unavailable) and "down" in failure.message else failure


def is_of_wrong_kind(fields, failure):
    return failure.code == "invalid-field" and "no_such_field" not in fields


def own_error(self, operation, fields, failure):
    raise KeyError("oops") if is_of_wrong_kind(fields, failure) else failure


def with_trace(self, operation, fields, failure):
    if is_of_wrong_kind(fields, failure):
        told = "".join(traceback.format_exception(failure))
        raise Rejected("refused", code="x", detail={"trace": told}) from None
    raise failure


def secret_is_rejected(self, operation, fields, failure):
    raise Rejected("no login", code="x") if "secret" in failure.message else failure


class SpoiltByAFailure(CannedCalls):
    spoilt = False

    def invoke(self, operation, fields):
        if self.spoilt:
            raise Unavailable("spoilt")
        try:
            return super().invoke(operation, fields)
        except Rejected:
            self.spoilt = True
            raise


class ShowsTheSecret(CannedCalls):
    def __repr__(self):
        return f"<connection with {PASSWORD}>"


class LogsTheSecret(CannedCalls):
    def invoke(self, operation, fields):
        logging.getLogger("canned").debug("password %s", PASSWORD)
        return super().invoke(operation, fields)


class TellsTheSecretBehind(CannedCalls):
    def invoke(self, operation, fields):
        try:
            return super().invoke(operation, fields)
        except Rejected as failure:
            raise failure from ValueError(f"user:{PASSWORD}@host")


class AnswersLate(CannedCalls):
    def invoke(self, operation, fields):
        if operation == "GetHold":
            time.sleep(0.6)
            return Reply({})
        return super().invoke(operation, fields)


BAD = {"type": "objekt"}
DEFECTS = {
    "declares_the_unknown": ("test_the_descriptor_declares_what_is_known", {"capabilities": {"fautls"}}),
    "has_another_kind": (
        {"test_the_descriptor_declares_what_is_known", "test_describe_gives_what_the_kind_has"}, {"kind": "feed"}),
    "takes_any_setting": ("test_unknown_settings_are_refused", {"settings": Settings}),
    "prints_when_imported": ("test_importing_does_nothing", {"settings": noisy.NoisySettings}),
    "dials_on_opening": ("test_opening_reaches_nothing", DialsOnOpening),
    "keeps_the_secret": ("test_no_secret_is_asked_for_before_a_call", KeepsTheSecret),
    "probes_once": ("test_probe_returns_when_the_system_is_there", ProbesOnce),
    "probes_nothing": ("test_probe_says_unavailable_when_it_is_not", ProbesNothing),
    "closes_once": ("test_closing_twice_is_no_error", ClosesOnce),
    "describes_online": ("test_describe_is_offline", DescribesOnline),
    "describes_anew": ("test_describe_is_deterministic", DescribesAnew),
    "describes_records": ("test_describe_gives_what_the_kind_has", describes(
        CONTRACT.model_copy(update={"records": {"detail": RecordShape(fields={"type": "object"})}}))),
    "has_a_bad_schema": ("test_schemas_are_json_schema_2020_12", describes(
        changed("GetHold", faults=(CONTRACT.operations["GetHold"].faults[0].model_copy(update={"detail": BAD}),)))),
    "answers_an_array": ("test_schemas_describe_objects", describes(
        changed("ReleaseHold", output={"type": "array"}))),
    "takes_any_field": ("test_inputs_are_closed", describes(
        changed("ReleaseHold", **schema("ReleaseHold", "input", additionalProperties=True)))),
    "has_another_contract": ("test_the_samples_are_in_the_contract", describes(
        changed("GetStock", **schema("GetStock", "input", properties={"Sku": {"pattern": "^X"}})))),
    "adds_a_field": ("test_a_reply_is_what_describe_says", replies({"More": 1})),
    "replies_a_tuple": ("test_a_reply_is_plain_json", replies(
        {"More": (1,)}, changed("GetStock", **schema("GetStock", "output", additionalProperties=True)))),
    "replies_a_float": ("test_decimals_are_no_floats", replies(
        {"Price": 49.9}, changed("GetStock", output={"type": "object", "additionalProperties": True}))),
    "gives_a_list": ("test_a_long_list_is_streamed", GivesAList),
    "eats_the_fields": ("test_the_given_fields_stay_as_they_are", EatsTheFields),
    "one_thread_only": ("test_two_threads_at_once", OneThreadOnly),
    "prints": ("test_nothing_is_printed", Prints),
    "unknown_is_unavailable": ("test_an_unknown_operation_is_rejected", fails(unknown_is_unavailable)),
    "unknown_field_is_dropped": ("test_an_unknown_field_is_rejected", fails(unknown_field_is_dropped)),
    "refusal_without_code": ("test_a_refusal_has_a_code_and_words", fails(refusal_without_code)),
    "spoilt_by_a_failure": ("test_a_connection_outlives_a_failure", SpoiltByAFailure),
    "down_is_uncertain": ("test_nobody_there_is_unavailable", fails(down_is_uncertain)),
    "own_error": ("test_failures_are_the_four", fails(own_error)),
    "with_trace": ("test_a_failure_has_words_and_no_stack_trace", fails(with_trace)),
    "shows_the_secret": ("test_no_secret_is_told", ShowsTheSecret),
    "logs_the_secret": ("test_no_secret_is_told", LogsTheSecret),
    "tells_the_secret_behind": ("test_no_secret_is_told", TellsTheSecretBehind),
    "secret_is_rejected": ("test_a_missing_secret_is_unavailable", fails(secret_is_rejected)),
    "answers_late": ("test_the_deadline_is_kept", AnswersLate),
}  # fmt: skip
"""By a name: the test that it fails, and the adapter's class or what differs in its descriptor."""


def broken(test, defect):
    """The canned case, with the defect, and without what takes long and is not asked."""
    system = CannedSystem(password=PASSWORD, delays={"GetHold": 30.0})
    given, opens = (defect, CannedCalls) if isinstance(defect, dict) else ({}, defect)
    capable = {"faults", "rows"} | ({"deadline"} if "deadline" in test else set())
    adapter = Adapter("canned", "call", CannedSettings, partial(opens, system), frozenset(capable))
    return call_case(dataclasses.replace(adapter, **given), system)


def suite(name, test, defect):
    @pytest.fixture
    def connection(self):
        return broken(test, defect)

    return type(f"Test_{name}", (CallAdapterContract,), {"connection": connection, "__module__": __name__})


globals().update({f"Test_{name}": suite(name, *defect) for name, defect in DEFECTS.items()})
