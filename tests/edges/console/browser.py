"""A real browser for a test: headless Chromium over a pipe (Chrome DevTools Protocol), with scripts off in pages."""

import base64
import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--remote-debugging-pipe"]  # fmt: skip


class Chromium:
    """A browser with one page, up while the ``with`` block runs.

    Args:
        binary: Where Chromium is.
        profile: An empty folder.
        patience: Seconds to wait for any one thing.
    """

    def __init__(self, binary: str, profile: Path, patience: float = 20.0) -> None:
        self._argv = [binary, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._patience = patience
        self._number = 0
        self._session = ""
        self._buffer = b""
        self._events: list[str] = []

    def __enter__(self) -> Self:
        (theirs_in, self._out), (self._in, theirs_out) = _pipe(), _pipe()
        silence = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
        ends = [(os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4)]
        self.pid = os.posix_spawn(self._argv[0], self._argv, os.environ, file_actions=[*silence, *ends], setpgroup=0)
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
            attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
            self._session = attached["sessionId"]
            self.call("Page.enable")
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._end()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Give the browser a command and wait for its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._read(lambda said: said.get("id") == number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        self._loading(lambda: self.call("Page.navigate", url=address))

    def look(self, expression: str) -> Any:
        """The value of an expression in the page; the page's own scripts stay off."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def type(self, selector: str, text: str) -> None:
        """Fill in a field."""
        self.look(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click on an element that leads to another page."""
        box = self.look(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        at = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
        self._loading(lambda: [self.call("Input.dispatchMouseEvent", type=what, **at)
                               for what in ("mousePressed", "mouseReleased")])  # fmt: skip

    def size(self, width: int, height: int, *, dark: bool = False, scale: float = 1.0) -> None:
        """Set the window's size and the scheme that the person prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Take a PNG of the window."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _loading(self, begin: Callable[[], object]) -> None:
        self._events.clear()
        begin()
        if "Page.loadEventFired" not in self._events:
            self._read(lambda said: said.get("method") == "Page.loadEventFired")

    def _read(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        until = time.monotonic() + self._patience
        while True:
            while b"\0" in self._buffer:
                line, _, self._buffer = self._buffer.partition(b"\0")
                said: dict[str, Any] = json.loads(line)
                self._events.append(said.get("method", ""))
                if wanted(said):
                    return said
            if not select.select([self._in], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError(f"Chromium said nothing of it for {self._patience} s")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self._buffer += part

    def _end(self) -> None:
        """End its process group, which is ours alone, and take back what it held."""
        os.close(self._out)
        os.close(self._in)
        until = time.monotonic() + 3
        os.kill(self.pid, signal.SIGTERM)
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.killpg(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return
            time.sleep(0.02)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends lie above the numbers that Chromium expects its own at."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]
