"""One child process: started without a shell, in a group of its own, watched to its end or ended."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import IO

_BLOCK = 64 * 1024
_DRAIN_SECONDS = 2.0


class TimedOut(Exception):
    """The process had to be ended. Internal to the adapter.

    Args:
        finished: What is known of it.
    """

    def __init__(self, finished: "Finished") -> None:
        super().__init__("timed out")
        self.finished = finished


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended.

    Attributes:
        exit: The exit code; minus the signal's number when a signal ended it.
        seconds: Wall clock, from start to end.
        stdout: What was kept of it.
        stderr: What was kept of it.
        truncated: Something of either was left out.
    """

    exit: int
    seconds: float
    stdout: str
    stderr: str
    truncated: bool


def run(
    command: list[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    deadline: float,
    grace: float,
    output_limit: int,
) -> Finished:
    """Run a command to its end.

    Standard input is empty. The command leads a process group of its own; when time is up the group is asked to end
    (SIGTERM) and, `grace` seconds later, ended (SIGKILL), so that what it started does not outlive it.

    Args:
        command: Program and arguments.
        folder: Working directory.
        environment: All the variables it has.
        deadline: Seconds that it may take.
        grace: Seconds between the two signals.
        output_limit: Bytes kept of each stream.

    Raises:
        OSError: It could not be started.
        TimedOut: It was ended.
    """
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 -- running the declared command is what this adapter is for; no shell
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    outputs = [_Kept(stream, output_limit) for stream in (process.stdout, process.stderr) if stream is not None]
    try:
        process.wait(deadline)
        timed_out = False
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        if process.returncode is None:
            _end(process, grace)
    stdout, stderr = (output.text() for output in outputs)
    cut = any(output.truncated for output in outputs)
    finished = Finished(process.returncode, round(time.monotonic() - begun, 3), stdout, stderr, cut)
    if timed_out:
        raise TimedOut(finished)
    return finished


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End the whole group. The child is not reaped before, so its group's number cannot belong to another by then."""
    _signal(process.pid, signal.SIGTERM)
    limit = time.monotonic() + grace
    while time.monotonic() < limit and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.02)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


class _Kept:
    """The head and the tail of a stream, read as it comes so that the child never waits for us."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._half = limit // 2
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.truncated = False
        self._lock = Lock()
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        r"""What was kept; bytes that are no UTF-8 are shown as `\xNN`.

        A grandchild that left the group may hold the stream open: it is waited for two seconds, no longer.
        """
        self._thread.join(_DRAIN_SECONDS)
        with self._lock:
            head, tail = bytes(self._head), b"".join(self._tail)
        if len(tail) > self._half:
            tail, self.truncated = tail[-self._half :], True
        gap = b"\n[...]\n" if self.truncated else b""
        return (head + gap + tail).decode("utf-8", "backslashreplace")

    def _read(self) -> None:
        with self._stream as stream:
            while block := os.read(stream.fileno(), _BLOCK):
                with self._lock:
                    self._keep(block)

    def _keep(self, block: bytes) -> None:
        room = self._half - len(self._head)
        self._head += block[:room]
        block = block[room:]
        if not block:
            return
        self._tail.append(block)
        self._tail_size += len(block)
        while self._tail_size - len(self._tail[0]) >= self._half:
            self._tail_size -= len(self._tail.popleft())
            self.truncated = True
