"""Refusals of what is no operation: a halt, a question, a page of events. Each is an entry as a refused call is."""

from collections.abc import Iterator
from contextlib import contextmanager

from brownfield.rules.problem import Problem
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel


@contextmanager
def audited(kernel: Kernel, caller: Caller, asked: str, wrapper: str | None = None) -> Iterator[None]:
    """Have the audit know when the block refuses; blocks until it does.

    Args:
        kernel: What is open.
        caller: Who asked.
        asked: For what: `halt`, or a feed of `wrapper`.
        wrapper: The bundle, where it is one that is there.
    """
    try:
        yield
    except Problem as problem:
        body = {"code": problem.code, "cause": problem.cause}
        entry = kernel.entry("call.denied", body, caller.identity, trace=caller.trace, operation=asked,
                             wrapper=wrapper if wrapper in kernel.wrappers else None)  # fmt: skip
        kernel.journal.post(entry).result()
        raise
