"""A real browser: Chromium without a window, driven over its DevTools protocol."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect

_SECONDS = 20
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab. What it is asked runs as the DevTools run it, past the page's own policy."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.complaints: list[str] = []
        """Uncaught errors and errors on the console, network failures aside."""
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to an address and wait until its page is loaded."""
        self._ask("Page.navigate", url=url)
        self.wait(f"location.href !== 'about:blank' && document.readyState === 'complete' && {1}")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression holds, on whatever page is there by then."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                if self.evaluate(condition):
                    return
            except (AssertionError, ProtocolError):
                pass  # the page is being replaced
            time.sleep(0.02)
        text = self.evaluate("document.body.innerText")
        raise AssertionError(f"this never held: {condition}\n{text}\n{self.complaints}")

    def fill(self, selector: str, text: str) -> None:
        """Type a text into a field."""
        self.evaluate(f"{_one(selector)}.value = ''; {_one(selector)}.focus()")
        self._ask("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click in the middle of an element, wherever that is."""
        x, y = self.evaluate(
            f"(() => {{ const e = {_one(selector)}; e.scrollIntoView(); "
            "const r = e.getBoundingClientRect(); "
            "return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str, code: int) -> None:
        """Press a key."""
        for kind in ("rawKeyDown", "char", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent", type=kind, key=key, text="\r", windowsVirtualKeyCode=code
            )

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=_SECONDS))
            if message.get("id") == self._number:
                if "error" in message:
                    raise ProtocolError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            entry = params["entry"]
            if entry["level"] == "error" and entry["source"] != "network":
                self.complaints.append(entry["text"])


class ProtocolError(Exception):
    """The browser refused a command."""


def _one(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A fresh browser with one empty tab."""
    binary = chromium()
    assert binary is not None
    profile = folder / "profile"
    process = subprocess.Popen(
        [
            binary,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{_port(profile, process)}/json/new?about:blank"
        target = httpx2.put(address, trust_env=False).json()
        with connect(target["webSocketDebuggerUrl"], max_size=None, proxy=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait()


def _port(profile: Path, process: "subprocess.Popen[bytes]") -> int:
    told, deadline = profile / "DevToolsActivePort", time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if told.is_file() and (lines := told.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.02)
    raise AssertionError("Chromium did not start")
