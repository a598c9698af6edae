"""What runs while `up` does, and how it ends."""

import asyncio
from threading import Event

from brownfield.ledger.audit import append_seals
from brownfield.runtime import assembly


def test_the_audit_is_sealed_again_and_again_whatever_goes_wrong(stage, monkeypatch):
    """A disk that was full once ends nothing; a stop seals once more."""
    failures, sealed = [OSError(28, "No space left on device")], []
    thrice = Event()

    def append_or_fail(*given):
        if failures:
            raise failures.pop()
        append_seals(*given)
        sealed.append(given)
        if len(sealed) == 3:
            thrice.set()

    monkeypatch.setattr(assembly, "SEAL_EVERY", 0.02)
    monkeypatch.setattr(assembly, "append_seals", append_or_fail)

    async def run():
        async with stage.assembly.running():
            assert await asyncio.to_thread(thrice.wait, 10)

    asyncio.run(run())
    assert len(sealed) >= 4
    assert len(stage.assembly.kernel.home.seals.read_bytes().splitlines()) == len(sealed)
