"""What connections ask for beside their settings is told before the start, for every adapter."""

from pathlib import Path

import pytest

from brownfield.runtime.demand import demands
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.wrapper.manifest import Manifest

SCOPE = {"system_of_record": "x", "class": "record", "read": [], "write": [], "owner": "a@example.com",
         "page": "b@example.com"}  # fmt: skip
FILES = {"adapter": "files", "format": "fixed-width", "layout": {"file": "x.cpy"}, "match": "*"}
FAR = FILES | {"staging": "/tmp/here"}
SFTP = FAR | {"location": "sftp://me@host/drop", "host_key": "ssh-ed25519 AAAA"}
REST = {"adapter": "rest", "openapi": {"file": "x.json"}, "endpoint": "https://x.example"}
ASKED = "is asked for and not in secrets.read"


def told(folder: Path, connection: dict[str, object], *secrets: str) -> list[str]:
    """What is said of a connection that declares these secrets."""
    declared = connection | {"secrets": {"read": dict.fromkeys(secrets, "some/secret")}}
    manifest = Manifest.model_validate({"id": "x", "title": "X", "scope": SCOPE, "connections": {"one": declared}})
    found = demands(folder, manifest, Surroundings(Registry(), (), {}))
    return [finding.message for finding in found]


@pytest.mark.parametrize(
    ("connection", "secrets", "said"),
    [
        (SFTP, (), [f"the secret `private_key` or `password` {ASKED}"]),
        (SFTP, ("private_key",), []),
        (SFTP, ("password",), []),
        (SFTP, ("pasword",), [f"the secret `private_key` or `password` {ASKED}",
                              "nothing asks for the secret `pasword`"]),
        (FAR | {"location": "ftp://host/drop"}, (), []),
        (FAR | {"location": "ftps://me@host/drop"}, (), [f"the secret `password` {ASKED}"]),
        (FAR | {"location": "s3://bucket/in"}, ("access_key",), [f"the secret `secret_key` {ASKED}"]),
        (FILES | {"location": "/srv/drop"}, ("password",), ["nothing asks for the secret `password`"]),
        (FILES | {"location": {"env": "NOT_SET"}}, ("password",), []),
        (FILES | {"location": "/srv/drop", "pgp": {}}, (), []),
        (FILES | {"location": "/srv/drop", "pgp": {}}, ("pgp_passphrase",), []),
        (SFTP | {"authority": {"file": "none.pem"}}, ("password",), ["there is no file none.pem"]),
        (REST | {"auth": "bearer"}, (), [f"the secret `token` {ASKED}"]),
        (REST | {"auth": "api-key"}, ("token",), [f"the secret `key` {ASKED}",
                                                  "nothing asks for the secret `token`"]),
        (REST | {"auth": "basic", "user": "me"}, ("password",), []),
        (REST | {"auth": "basic"}, ("password",), [f"the secret `user` {ASKED}"]),
        (REST | {"auth": "basic", "user": {"env": "NOT_SET"}}, ("password",), []),
        (REST | {"certificate": {"file": "none.pem"}}, (), ["there is no file none.pem"]),
        ({"adapter": "jobs", "command": ["true"]}, ("password",), ["nothing asks for the secret `password`"]),
    ],
)  # fmt: skip
def test_what_is_asked_for_and_not_there_is_told(tmp_path, connection, secrets, said):
    """R97: before the first file is read or the first call made; the remedy names the nearest."""
    assert told(tmp_path, connection, *secrets) == said


def test_a_library_or_a_program_that_is_missing_is_told(tmp_path, monkeypatch):
    """R97: with the line that installs it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("brownfield_files.demand.find_spec", lambda name: None)
    assert told(tmp_path, SFTP | {"pgp": {}}, "password") == [
        "sftp needs paramiko",
        "OpenPGP needs GnuPG on this machine",
    ]
