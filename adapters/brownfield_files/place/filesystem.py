"""Where files lie, by the scheme of the location: one row of a table for each, over fsspec.

Nothing is trusted on first sight: an SSH server must have the key that the manifest pins, an FTPS server a certificate
that is valid for its name. Connections are opened when they are needed, by whoever holds the feed's turn.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from brownfield.contract import Unavailable


@dataclass(frozen=True, slots=True)
class Place:
    """A location that is not a folder of this machine, and what is needed to get there.

    Attributes:
        url: `sftp://user@host:22/drop`, `ftp://`, `ftps://`, `s3://bucket/prefix`, or `file:///mnt/drop`.
        secret: Resolves `password`, `private_key`, `access_key`, `secret_key`.
        host_key: The SSH server's key, as `ssh-keyscan` prints it: `ssh-ed25519 AAAA…`.
        authority: The certificate authority of an FTPS or S3 server, PEM; None for the system's.
        endpoint: Of an S3-compatible store that is not Amazon's.
        timeout: Seconds that the far side may be silent.
    """

    url: str
    secret: Callable[[str], str]
    host_key: str | None = None
    authority: Path | None = None
    endpoint: str | None = None
    timeout: float = 30.0

    @property
    def scheme(self) -> str:
        """The scheme of the location: `sftp`, `ftp`."""
        return urlsplit(self.url).scheme

    @property
    def path(self) -> str:
        """The folder there, without a slash at the end; with the bucket in front on S3."""
        parts = urlsplit(self.url)
        before = parts.netloc if self.scheme == "s3" else ""
        return before + unquote(parts.path).rstrip("/")

    @property
    def shown(self) -> str:
        """The location without its user."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _sftp(place: Place) -> Any:
    import paramiko  # noqa: PLC0415  of the extra `remote`
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415

    class Pinned(SFTPFileSystem):  # type: ignore[misc]
        """Knows one server by its key, and no other."""

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            port = self.ssh_kwargs["port"]
            known = self.host if port == 22 else f"[{self.host}]:{port}"
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{known} {place.host_key}")
            self.client.get_host_keys().add(known, entry.key.get_name(), entry.key)
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
            self.ftp.get_channel().settimeout(place.timeout)

    parts = urlsplit(place.url)
    asked = {"port": parts.port or 22, "username": unquote(parts.username or ""), "timeout": place.timeout,
             "look_for_keys": False, "allow_agent": False, "skip_instance_cache": True}  # fmt: skip
    return Pinned(parts.hostname or "", **asked, **_credential(place, paramiko))


def _credential(place: Place, paramiko: Any) -> dict[str, Any]:
    """The private key where there is one, else the password."""
    try:
        text = place.secret("private_key")
    except (Unavailable, KeyError):
        return {"password": place.secret("password")}
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return {"pkey": kind.from_private_key(StringIO(text))}
        except (paramiko.SSHException, ValueError):
            continue
    raise Unavailable("the secret `private_key` is no private key that can be read (OpenSSH or PEM, no passphrase)")


def _ftp(place: Place) -> Any:
    from ftplib import FTP_TLS  # noqa: PLC0415

    from fsspec.implementations.ftp import FTPFileSystem  # noqa: PLC0415  of the extra `remote`

    class Verified(FTPFileSystem):  # type: ignore[misc]
        """Over TLS where the scheme says so, and then only to a server whose certificate holds."""

        def _connect(self) -> None:
            if not self.tls:
                super()._connect()
                return
            context = ssl.create_default_context(cafile=str(place.authority) if place.authority else None)
            self.ftp = FTP_TLS(timeout=self.timeout, encoding=self.encoding, context=context)  # noqa: S321
            self.ftp.connect(self.host, self.port)
            self.ftp.login(*self.cred)

    parts = urlsplit(place.url)
    user = unquote(parts.username or "")
    return Verified(parts.hostname or "", port=parts.port or 21, username=user,
                    password=place.secret("password") if user else "", timeout=place.timeout,
                    tls=place.scheme == "ftps", use_listings_cache=False, skip_instance_cache=True)  # fmt: skip


def _s3(place: Place) -> Any:
    from s3fs import S3FileSystem  # noqa: PLC0415  of the extra `s3`

    more: dict[str, Any] = {"endpoint_url": place.endpoint} if place.endpoint else {}
    if place.authority:
        more["verify"] = str(place.authority)
    config = {"connect_timeout": place.timeout, "read_timeout": place.timeout, "retries": {"max_attempts": 1}}
    return S3FileSystem(key=place.secret("access_key"), secret=place.secret("secret_key"), client_kwargs=more,
                        config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)  # fmt: skip


def _file(_place: Place) -> Any:
    from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415  of the extra `remote`

    return LocalFileSystem(skip_instance_cache=True)


SCHEMES: Mapping[str, Callable[[Place], Any]] = {"sftp": _sftp, "ftp": _ftp, "ftps": _ftp, "s3": _s3, "file": _file}
"""How each scheme is opened."""


def open_filesystem(place: Place) -> Any:
    """The file system of a place, connected.

    Raises:
        Unavailable: A library is missing.
        Exception: Whatever the library says when it does not get there.
    """
    try:
        return SCHEMES[place.scheme](place)
    except ImportError as missing:
        extra = "s3" if place.scheme == "s3" else "remote"
        raise Unavailable(f"{place.scheme} needs a library: pip install '.[{extra}]'") from missing
