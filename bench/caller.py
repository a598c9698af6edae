"""A client in a process of its own: `python bench/caller.py`, told what to do by JSON lines on stdin.

The first line says whom to call; every other line is one measurement. Two kinds:

* `raw`: one prepared HTTP request over a keep-alive socket, the answer read whole and parsed as JSON. It is the
  cheapest client there can be, so that what is measured is the server.
* `zeep`: `zeep.Client` as its documentation shows it, on a `requests.Session`, which keeps its connection.
"""

import json
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self


class Raw:
    """One request, sent over and over."""

    def __init__(self, address: str, path: str, headers: dict[str, str], body: Any) -> None:
        host, port = address.removeprefix("http://").rstrip("/").split(":")
        content = json.dumps(body).encode()
        sent = {"Host": f"{host}:{port}", "Content-Type": "application/json", "Content-Length": len(content), **headers}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        self._request = "\r\n".join(lines).encode() + b"\r\n\r\n" + content
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(self) -> Any:
        self._socket.sendall(self._request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        parts, left = [body], length - len(body)
        while left > 0:
            parts.append(self._more())
            left -= len(parts[-1])
        answer = json.loads(b"".join(parts))
        if status != 200 or answer.get("result", {}).get("isError"):
            raise RuntimeError(f"{status}: {answer}")
        return answer

    def _more(self) -> bytes:
        received = self._socket.recv(1 << 18)
        if not received:
            raise ConnectionError("the server hung up")
        return received


class Zeep:
    """The same far-side call without brownfield."""

    def __init__(self, wsdl: str, address: str, call: str, fields: dict[str, Any], login: dict[str, str]) -> None:
        import requests  # noqa: PLC0415  the raw client needs neither
        import zeep  # noqa: PLC0415

        client = zeep.Client(wsdl, transport=zeep.Transport(session=requests.Session()))
        (binding,) = client.wsdl.bindings
        service = client.create_service(binding, address)
        self._call, self._fields, self._headers = service[call], fields, {"Login": login}

    def __call__(self) -> Any:
        return self._call(**self._fields, _soapheaders=self._headers)


KINDS = {"raw": Raw, "zeep": Zeep}


class Caller:
    """The process, seen from the bench."""

    def __init__(self, kind: str, clients: int = 1, **how: Any) -> None:
        command = [sys.executable, str(Path(__file__).resolve())]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._ask({"kind": kind, "clients": clients, "how": how})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes stdin, which ends it
            pass

    def p50(self, calls: int) -> float:
        """Median milliseconds of one call, by one client."""
        return float(self._ask({"calls": calls})["p50"])

    def rate(self, calls: int) -> float:
        """Calls per second of all clients together; each makes `calls`."""
        return float(self._ask({"calls": calls})["rate"])

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("it was started without pipes")
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the client has ended; what it said is on stderr")
        return dict(json.loads(line))


def _milliseconds(client: Any, calls: int) -> list[float]:
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        client()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    told = json.loads(sys.stdin.readline())
    clients = [KINDS[told["kind"]](**told["how"]) for _ in range(told["clients"])]
    print("{}", flush=True)
    with ThreadPoolExecutor(len(clients)) as pool:
        for line in sys.stdin:
            calls = json.loads(line)["calls"]
            began = time.perf_counter()
            taken = [ms for each in pool.map(lambda client: _milliseconds(client, calls), clients) for ms in each]  # noqa: B023
            rate = len(taken) / (time.perf_counter() - began)
            print(json.dumps({"p50": statistics.median(taken), "rate": rate}), flush=True)


if __name__ == "__main__":
    main()
