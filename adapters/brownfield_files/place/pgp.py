"""OpenPGP through GnuPG: decrypting, and holding the signature against the keys that a person named."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brownfield.contract import Rejected, Unavailable

_SAID = "[GNUPG:] "
_PATIENCE = 600.0
_WORSE = {
    "EXPKEYSIG": "the key that signed it has expired",
    "REVKEYSIG": "the key that signed it was revoked",
    "EXPSIG": "its signature has expired",
    "BADSIG": "its signature is wrong: its bytes were changed",
    "ERRSIG": "its signature cannot be checked: the signer's key is not in the keyring",
}


@dataclass(frozen=True, slots=True)
class Pgp:
    """How files are decrypted.

    Attributes:
        keyring: The folder with GnuPG's keys (`GNUPGHOME`), mode 0700.
        signed_by: Fingerprints of primary keys, one of which must have signed; empty: a signature is not asked for, and
            one that is there must hold all the same.
        passphrase: Gives the passphrase of the private key; an empty one for a key without.
    """

    keyring: Path
    signed_by: tuple[str, ...] = ()
    passphrase: Callable[[], str] = str


def decrypted(source: Path, target: Path, pgp: Pgp, most: int) -> None:
    """Decrypt a file into another, at most `most` bytes.

    Raises:
        Rejected: It is not for our key, damaged, too large, or not signed as it must be. Code `pgp`.
        Unavailable: There is no GnuPG here.
    """
    command = ["gpg", "--batch", "--no-tty", "--status-fd", "1", "--pinentry-mode", "loopback", "--passphrase-fd", "0",
               "--no-auto-key-retrieve", "--max-output", str(most), "--output", str(target), "--decrypt", "--",
               str(source)]  # fmt: skip
    surroundings = {"PATH": os.environ.get("PATH", ""), "LANG": "C", "GNUPGHOME": str(pgp.keyring)}
    try:
        ended = subprocess.run(  # noqa: S603  no shell, and every argument is ours
            command,
            input=pgp.passphrase() + "\n",
            env=surroundings,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError as missing:
        raise Unavailable("OpenPGP files need GnuPG: install the package `gnupg`") from missing
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"GnuPG did not end within {_PATIENCE:.0f} s") from late
    said = [line.removeprefix(_SAID).split() for line in ended.stdout.splitlines() if line.startswith(_SAID)]
    _judge(said, pgp, ended.returncode)


def _judge(said: list[list[str]], pgp: Pgp, code: int) -> None:
    words = {line[0]: line[1:] for line in said if line}
    worse = next((reason for word, reason in _WORSE.items() if word in words), None)
    if "DECRYPTION_OKAY" not in words:
        raise Rejected("it cannot be decrypted: it is damaged, or is not for a key that is here", code="pgp")
    if worse:
        raise Rejected(worse, code="pgp")
    if code:
        raise Rejected("it was not decrypted to its end: it is damaged, or larger than allowed", code="pgp")
    # The last word of VALIDSIG is the primary key's fingerprint: a person pins a key, and its subkeys come and go.
    signer = words["VALIDSIG"][-1] if "VALIDSIG" in words else None
    if pgp.signed_by and signer not in {one.replace(" ", "").upper() for one in pgp.signed_by}:
        raise Rejected("it is not signed by a key that `signed_by` names", code="pgp")
