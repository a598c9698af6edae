"""Real file servers, each over a folder (or a bucket) of its own: OpenSSH, pyftpdlib, moto."""

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path
from typing import Any


@dataclass
class Server:
    """A server that runs.

    Attributes:
        url: Of the drop.
        secrets: By the names that the adapter asks for.
        settings: What else a connection needs.
        put: Writes a file there.
        names: The names that are there, folders with a slash between.
        read: A file's bytes.
        stop: Ends it at once.
    """

    url: str
    secrets: dict[str, str]
    settings: dict[str, Any]
    put: Callable[[str, bytes], None]
    names: Callable[[], list[str]]
    read: Callable[[str], bytes]
    stop: Callable[[], None]


@dataclass
class Folder:
    """A folder that a server serves."""

    root: Path
    late: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, "the server did not come up"
            time.sleep(0.02)
        else:
            return


def make_key(path: Path) -> str:
    """An SSH key pair; the public one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def children(process: int) -> Iterator[int]:
    """The processes that a process started, and theirs: each session of sshd has one."""
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from children(int(child))
        yield int(child)


@contextmanager
def sftp(folder: Path, sshd: str) -> Iterator[Server]:
    """OpenSSH, that lets in one key of ours."""
    drop, port = Folder(folder / "drop"), free_port()
    drop.root.mkdir(parents=True)
    host_key = make_key(folder / "host")
    (folder / "authorized").write_text(make_key(folder / "ours") + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile {folder}/pid\n"
        "Subsystem sftp internal-sftp\n"
    )
    command = [sshd, "-D", "-e", "-f", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:

        def stop() -> None:
            if process.poll() is None:
                for one in [*children(process.pid), process.pid]:
                    with suppress(ProcessLookupError):  # a session may end by itself meanwhile
                        os.kill(one, signal.SIGKILL)

        try:
            wait_for(port)
            yield Server(
                f"sftp://{getuser()}@127.0.0.1:{port}{drop.root}", {"private_key": (folder / "ours").read_text()},
                {"host_key": host_key}, drop.put, drop.names, drop.read, stop,
            )  # fmt: skip
        finally:
            stop()


@contextmanager
def ftp(folder: Path, *, tls: bool) -> Iterator[Server]:
    """pyftpdlib, plain or over TLS with a certificate of its own authority."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
    drop = Folder(folder / "drop")
    drop.root.mkdir(parents=True)
    authorizer = DummyAuthorizer()
    authorizer.add_user("bank", "let-me-in", str(drop.root), perm="elradfmwMT")
    handler = type("Handler", (TLS_FTPHandler if tls else FTPHandler,), {"authorizer": authorizer})
    settings: dict[str, Any] = {}
    if tls:
        certificate, key = make_certificate(folder)
        handler.certfile, handler.keyfile = str(certificate), str(key)
        handler.tls_control_required = handler.tls_data_required = True
        settings["authority"] = certificate
    server = ThreadedFTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.05}, daemon=True)
    thread.start()
    stopped = threading.Event()

    def stop() -> None:
        if not stopped.is_set():
            stopped.set()
            server.ioloop.call_later(0, server.close_all)  # on its own thread: it must not poll what is closed
            thread.join(5)

    try:
        scheme = "ftps" if tls else "ftp"
        yield Server(f"{scheme}://bank@localhost:{server.address[1]}/", {"password": "let-me-in"}, settings, drop.put,
                     drop.names, drop.read, stop)  # fmt: skip
    finally:
        stop()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, its own authority, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "certificate.pem", folder / "key.pem"


@contextmanager
def s3(folder: Path) -> Iterator[Server]:
    """moto, with one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server._port}"
    client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id="us", aws_secret_access_key="secret",
                          region_name="us-east-1")  # fmt: skip
    bucket = f"drop-{server._port}"  # moto keeps one state for all its servers
    client.create_bucket(Bucket=bucket)

    def names() -> list[str]:
        found = client.list_objects_v2(Bucket=bucket, Prefix="in/").get("Contents", [])
        return sorted(one["Key"].removeprefix("in/") for one in found)

    try:
        yield Server(f"s3://{bucket}/in", {"access_key": "us", "secret_key": "secret"}, {"endpoint": endpoint},
                     lambda name, content: client.put_object(Bucket=bucket, Key=f"in/{name}", Body=content) and None,
                     names, lambda name: client.get_object(Bucket=bucket, Key=f"in/{name}")["Body"].read(),
                     server.stop)  # fmt: skip
    finally:
        client.close()
        server.stop()
