"""Who a connection says it is: Basic, OAuth client credentials, NTLM, and a client certificate under TLS."""

import base64
import contextlib
import datetime
import http.server
import socket
import ssl
import threading
from types import SimpleNamespace
from urllib.parse import parse_qs

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brownfield.contract import Limits, Rejected, Unavailable

from .conftest import SECRETS, envelope

NOTHING = envelope("<c:GetPatientResponse/>")


def header(request, name):
    """The value of a header of a recorded request."""
    for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        key, _, value = line.partition(b": ")
        if key.lower() == name:
            return value.decode()
    return None


def call(opened):
    return opened.invoke("GetPatient", {"Id": 7})


def test_basic_sends_user_and_password(connect, canned):
    canned.says(NOTHING)
    call(connect(login="basic", user="clerk-ü"))
    kind, _, pair = header(canned.requests[0], b"authorization").partition(" ")
    assert (kind, base64.b64decode(pair).decode()) == ("Basic", f"clerk-ü:{SECRETS['password']}")


def test_nobody_is_named_unless_the_settings_say_so(connect, canned):
    canned.says(NOTHING)
    call(connect(user="clerk"))
    assert header(canned.requests[0], b"authorization") is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"login": "basic"}, "`login` but no `user`"),
        ({"login": "ntlm"}, "`login` but no `user`"),
        ({"login": "oauth"}, "needs `token_endpoint` and `client`"),
        ({"login": "oauth", "client": "c", "token_endpoint": "http://login.example/token"}, "must be https"),
    ],
)
def test_a_login_that_is_not_complete_means_that_nothing_was_sent(connect, canned, settings, said):
    with pytest.raises(Unavailable, match=said):
        call(connect(**settings))
    assert [request for request in canned.requests if b"Envelope" in request] == []


class TokenEndpoint:
    """Says what a test tells it to; remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.script = []
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                endpoint.asked.append((self.headers["Authorization"], parse_qs(body)))
                status, content = endpoint.script[min(len(endpoint.asked), len(endpoint.script)) - 1]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else orjson.dumps(content))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def gives(self, token="t-1", seconds=3600, status=200, **more):
        self.script.append((status, {"access_token": token, "token_type": "Bearer", "expires_in": seconds, **more}))


@pytest.fixture
def endpoint():
    made = TokenEndpoint()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def oauth(connect, endpoint):
    secrets = {"client-secret": "c1i ent:s3cret"}
    return connect(
        login="oauth",
        client="brown field",
        scope="wms.read",
        token_endpoint=endpoint.url,
        secret=secrets.__getitem__,
        limits=Limits(deadline=5.0),
    )


def test_a_token_is_asked_for_once_and_used_until_it_expires(oauth, endpoint, canned):
    canned.says(NOTHING)
    endpoint.gives("t-1")
    for _ in range(3):
        call(oauth)
    assert [header(request, b"authorization") for request in canned.requests] == ["Bearer t-1"] * 3
    ((client, form),) = endpoint.asked
    assert base64.b64decode(client.removeprefix("Basic ")) == b"brown+field:c1i+ent%3As3cret"
    assert form == {"grant_type": ["client_credentials"], "scope": ["wms.read"]}


def test_a_token_that_ends_soon_is_not_used_again(oauth, endpoint, canned):
    canned.says(NOTHING)
    endpoint.gives("t-1", seconds=20)
    endpoint.gives("t-2", seconds="3600")
    for _ in range(3):
        call(oauth)
    assert [header(request, b"authorization") for request in canned.requests] == [
        "Bearer t-1",
        "Bearer t-2",
        "Bearer t-2",
    ]


def test_a_token_that_the_system_does_not_take_is_not_used_again_and_the_call_not_repeated(oauth, endpoint, canned):
    canned.says("", 401)
    canned.says(NOTHING)
    endpoint.gives("t-1")
    endpoint.gives("t-2")
    with pytest.raises(Rejected) as caught:
        call(oauth)
    assert (caught.value.code, len(canned.requests)) == ("http-401", 1)
    call(oauth)
    assert header(canned.requests[1], b"authorization") == "Bearer t-2"


def test_several_threads_ask_for_one_token(oauth, endpoint, canned):
    canned.says(NOTHING)
    endpoint.gives("t-1")
    threads = [threading.Thread(target=call, args=(oauth,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(endpoint.asked), len(canned.requests)) == (1, 4)


@pytest.mark.parametrize(
    ("status", "content", "kind", "said"),
    [
        (401, {"error": "invalid_client"}, Rejected, "invalid_client"),
        (400, {"error": "bad\r\nX: y", "error_description": "c1i ent:s3cret"}, Rejected, "http-400"),
        (403, b"<html/>", Rejected, "http-403"),
        (500, b"oops", Unavailable, "HTTP 500 without a token"),
        (200, b"<html/>", Unavailable, "without a token"),
        (200, {"access_token": "a\r\nX: y", "token_type": "Bearer"}, Unavailable, "without a token"),
        (200, {"access_token": "abc", "token_type": "mac"}, Unavailable, "kind that is not known"),
        (200, {"access_token": "abc", "token_type": "Bearer", "expires_in": []}, Unavailable, "no number"),
        (302, b"", Unavailable, "HTTP 302 without a token"),
        (200, b" " * 100_000, Unavailable, "larger than"),
    ],
)
def test_without_a_token_the_call_is_not_made(oauth, endpoint, canned, status, content, kind, said):
    endpoint.script.append((status, content))
    with pytest.raises((Rejected, Unavailable)) as caught:
        call(oauth)
    assert type(caught.value) is kind
    assert said in f"{caught.value.message} {caught.value.code}"
    assert "s3cret" not in f"{caught.value.message} {caught.value.code} {caught.value.detail}"
    assert canned.requests == []


def test_an_endpoint_that_is_silent_costs_no_more_than_the_deadline(connect, canned):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        opened = connect(
            login="oauth",
            client="c",
            token_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}/",
            secret=lambda _: "x",
            limits=Limits(deadline=0.3),
        )
        with pytest.raises(Unavailable, match="No token could be had"):
            call(opened)
    assert canned.requests == []


class NtlmServer:
    """Asks each connection to prove by NTLM who it is, once; pyspnego's own acceptor is the judge."""

    def __init__(self):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            context = None

            def do_POST(self):
                import spnego

                body = self.rfile.read(int(self.headers["Content-Length"]))
                kind, _, token = (self.headers["Authorization"] or "").partition(" ")
                outer.seen.append((kind, len(body), self.client_address[1]))
                if kind == "NTLM":
                    self.context = self.context or spnego.server(
                        protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
                    )
                    try:
                        challenge = self.context.step(base64.b64decode(token))
                    except spnego.exceptions.SpnegoError:
                        return self.answer(401, b"", "NTLM")
                    if not self.context.complete:
                        return self.answer(401, b"challenge", "NTLM " + base64.b64encode(challenge).decode())
                if self.context is None or not self.context.complete:
                    return self.answer(401, b"who?", "NTLM")
                return self.answer(200, NOTHING.encode())

            def answer(self, status, content, challenge=None):
                self.send_response(status)
                if challenge:
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def domain(tmp_path, monkeypatch):
    """The one user that the acceptor knows."""
    file = tmp_path / "users"
    file.write_text(f"CLINIC:clerk:{SECRETS['password']}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))
    server = NtlmServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_ntlm_proves_once_for_each_socket_and_sends_the_call_once(connect, domain):
    opened = connect(endpoint=domain.url, login="ntlm", user="CLINIC\\clerk")
    for _ in range(3):
        call(opened)
    empty, first, second, third = domain.seen
    assert (empty[:2], first[0]) == (("NTLM", 0), "NTLM")
    assert [one[0] for one in (second, third)] == ["", ""]
    assert first[1] == second[1] == third[1] > 0
    assert len({one[2] for one in domain.seen}) == 1


def test_ntlm_with_a_wrong_password_is_a_no(connect, domain):
    opened = connect(endpoint=domain.url, login="ntlm", user="CLINIC\\clerk", secret=lambda _: "wr0ng")
    with pytest.raises(Rejected) as caught:
        call(opened)
    assert caught.value.code == "http-401"
    assert "wr0ng" not in caught.value.message


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (200, {}, Rejected),
        (401, {"WWW_Authenticate": "Basic realm=x"}, Rejected),
        (401, {"WWW_Authenticate": "NTLM"}, Rejected),
        (401, {"WWW_Authenticate": "NTLM !!"}, Rejected),
        (401, {"WWW_Authenticate": "NTLM ab="}, Unavailable),
        (401, {"WWW_Authenticate": "NTLM aGk="}, Unavailable),
        (401, {"WWW_Authenticate": "NTLM aGk=", "Connection": "close"}, Unavailable),
    ],
)
def test_a_server_that_does_not_do_ntlm_is_not_sent_the_call(connect, canned, status, headers, kind):
    canned.says("page", status, **headers)
    opened = connect(login="ntlm", user="clerk")
    with pytest.raises(kind):
        call(opened)
    assert all(b"Envelope" not in request for request in canned.requests)


# TLS


def certified(folder, name, issuer=None):
    """A certificate and its key in one PEM file, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signing = issuer or (subject, key)
    made = (
        x509.CertificateBuilder(signer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, issuer is None, False, False, False),
            critical=True,
        )
        .sign(signing, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *plain)
    (folder / f"{name}.pem").write_bytes(pem)
    return folder / f"{name}.pem", (subject, key)


@pytest.fixture
def secure(tmp_path):
    """A server that wants a client's certificate of its own authority; `peers` are those it saw."""
    authority, issuer = certified(tmp_path, "authority")
    server, _ = certified(tmp_path, "localhost", issuer)
    client, _ = certified(tmp_path, "clinic-client", issuer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
    context.load_cert_chain(server)
    context.verify_mode = ssl.CERT_REQUIRED

    peers = []
    listener = socket.create_server(("127.0.0.1", 0))
    body = NOTHING.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(peer, server_side=True) as line:
                names = dict(pair[0] for pair in line.getpeercert()["subject"])
                peers.append(names["commonName"])
                while line.recv(65536):
                    line.sendall(head + body)

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    yield SimpleNamespace(
        url=f"https://localhost:{port}/", port=port, peers=peers, folder=tmp_path, authority=authority, client=client
    )
    listener.close()


def test_a_client_certificate_is_shown_and_the_servers_is_checked(connect, secure):
    opened = connect(endpoint=secure.url, authorities=secure.authority, certificate=secure.client)
    for _ in range(2):
        call(opened)
    assert secure.peers == ["clinic-client"]


@pytest.mark.parametrize(
    ("host", "settings"),
    [
        ("localhost", {}),
        ("localhost", {"authorities": "clinic-client.pem"}),
        ("127.0.0.1", {"authorities": "authority.pem"}),
    ],
    ids=["an authority that is not trusted", "another authority", "another name"],
)
def test_a_server_that_is_not_the_one_is_not_sent_the_call(connect, secure, host, settings):
    given = {name: secure.folder / file for name, file in settings.items()}
    opened = connect(endpoint=f"https://{host}:{secure.port}/", certificate=secure.client, **given)
    with pytest.raises(Unavailable, match="TLS: CERTIFICATE_VERIFY_FAILED"):
        call(opened)
    assert secure.peers == []


def test_probing_tells_a_server_that_is_not_the_one(connect, secure):
    connect(endpoint=secure.url, authorities=secure.authority, certificate=secure.client).probe()
    with pytest.raises(Unavailable, match=f"localhost:{secure.port}: TLS: CERTIFICATE_VERIFY_FAILED"):
        connect(endpoint=secure.url, certificate=secure.client).probe()


def test_authorities_that_cannot_be_read_mean_that_nothing_was_sent(connect, secure, tmp_path):
    (tmp_path / "none.pem").write_text("no PEM")
    for file in ("none.pem", "absent.pem"):
        with pytest.raises(Unavailable, match="`authorities` cannot be read"):
            call(connect(endpoint=secure.url, authorities=tmp_path / file))
