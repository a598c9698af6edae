"""OpenPGP through a real GnuPG: for our key, signed by whom we named, whole."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brownfield.contract import Checkpoint, Opening, Rejected
from brownfield_files import adapter
from brownfield_files.setting import FilesSettings

if TYPE_CHECKING:
    from conftest import Bench

BANK, US, STRANGER, EXPIRED = "bank@example.com", "us@example.com", "stranger@example.com", "old@example.com"
PASSPHRASE = "correct horse"
THEN = ("--faked-system-time", "20240101T000000")


@dataclass
class Keys:
    """A keyring with the keys of everybody, and one with what we have: our private key, the others' public ones."""

    everybody: Path
    ours: Path

    def gpg(self, *words: str, home: Path | None = None, given: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--no-tty", "--yes", "--pinentry-mode", "loopback", "--trust-model", "always",
                   "--passphrase", PASSPHRASE, *words]  # fmt: skip
        surroundings = {**os.environ, "GNUPGHOME": str(home or self.everybody)}
        ended = subprocess.run(command, input=given, capture_output=True, env=surroundings, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    def fingerprint(self, name: str) -> str:
        lines = self.gpg("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr"))

    def sealed(self, content: bytes, recipient: str = US, signer: str | None = BANK, *more: str) -> bytes:
        signing = ["--sign", "--local-user", signer] if signer else []
        return self.gpg("--encrypt", "--recipient", recipient, *signing, *more, given=content)


@pytest.fixture(scope="module")
def keys(require: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    require("gpg", shutil.which("gpg"), "no GnuPG (Debian: gnupg)")
    short = tmp_path_factory.mktemp("k")  # the agent's socket needs a short path
    made = Keys(short / "a", short / "b")
    for folder in (made.everybody, made.ours):
        folder.mkdir(mode=0o700)
        (folder / "gpg-agent.conf").write_text("s2k-count 65536\n")  # else it measures for seconds how many it can
    for name, life in {BANK: "never", US: "never", STRANGER: "never", EXPIRED: "1y"}.items():
        made.gpg(*THEN, "--quick-generate-key", name, "future-default", "default", life)
    made.gpg("--import", home=made.ours, given=made.gpg("--export-secret-keys", US))
    for name in (BANK, STRANGER, EXPIRED):
        made.gpg("--import", home=made.ours, given=made.gpg("--export", name))
    yield made
    for folder in (made.everybody, made.ours):
        subprocess.run(["gpgconf", "--homedir", str(folder), "--kill", "gpg-agent"], check=False)


def collected(bench: "Bench", keys: Keys, content: bytes, name: str = "STK1.DAT.gpg", **pgp: Any) -> tuple[str, int]:
    """The arrival's name and how many records it gave."""
    bench.write(content, name)
    table = {"keyring": keys.ours, "signed_by": [keys.fingerprint(BANK)], **pgp}
    settings = FilesSettings(**bench.settings | {"match": "STK*", "pgp": table})
    feed: Any = adapter.open(Opening("nightly", bench.folder, settings, {"pgp_passphrase": PASSPHRASE}.__getitem__))
    (arrival,) = bench.claimed(feed)
    return arrival.name, list(feed.collect(arrival, Checkpoint()))[-1].checkpoint.record


def plain(bench: "Bench") -> bytes:
    return b"".join(bench.file(bench.details(3)))


def test_what_is_for_us_and_signed_by_the_bank_is_taken(bench: "Bench", keys: Keys) -> None:
    """R20: the passphrase is a secret of the connection."""
    assert collected(bench, keys, keys.sealed(plain(bench))) == ("STK1.DAT.gpg/STK1.DAT", 5)


def test_armoured_and_packed_within(bench: "Bench", keys: Keys) -> None:
    """R20: `.gz` inside `.asc`."""
    import gzip

    content = keys.sealed(gzip.compress(plain(bench)), US, BANK, "--armor")
    assert collected(bench, keys, content, "STK1.DAT.gz.asc") == ("STK1.DAT.gz.asc/STK1.DAT", 5)


def test_a_signature_is_asked_for_only_where_somebody_said_so(bench: "Bench", keys: Keys) -> None:
    """R34."""
    assert collected(bench, keys, keys.sealed(plain(bench), US, None), signed_by=[])[1] == 5


@pytest.mark.parametrize(
    ("seal", "says"),
    [
        (lambda keys, content: keys.sealed(content, STRANGER), "not for a key that is here"),
        (lambda keys, content: keys.sealed(content, US, None), "not signed by a key"),
        (lambda keys, content: keys.sealed(content, US, STRANGER), "not signed by a key"),
        (lambda keys, content: keys.sealed(content)[:-40], "damaged|cannot be decrypted"),
        (lambda keys, content: keys.sealed(content)[:300] + b"x" + keys.sealed(content)[301:], "damaged|decrypted"),
        (lambda keys, content: content, "cannot be decrypted"),
        (lambda keys, content: keys.gpg("--sign", "--local-user", BANK, given=content), "cannot be decrypted"),
        (lambda keys, content: keys.sealed(content, US, EXPIRED, *THEN), "expired"),
        (lambda keys, content: keys.sealed(bytes(65 * 1024 * 1024)), "larger than allowed|damaged"),
    ],
    ids=["for another", "unsigned", "signed by another", "cut", "changed", "not sealed", "signed only", "expired key",
         "a bomb"],
)  # fmt: skip
def test_what_is_not_as_it_must_be_is_refused(bench: "Bench", keys: Keys, seal: Any, says: str) -> None:
    """R20, R33: §7's wrong key, bad signature, expired; nothing of it is delivered."""
    with pytest.raises(Rejected, match=says) as refusal:
        collected(bench, keys, seal(keys, plain(bench)))
    assert refusal.value.code == "pgp"
    staging = bench.drop / "staging"
    assert [path for path in staging.rglob("*") if path.is_file()] == []
