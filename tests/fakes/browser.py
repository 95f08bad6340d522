"""A real Chromium, spoken to over its DevTools protocol, and tabs whose time a test makes pass."""

import asyncio
import json
import subprocess
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from fakes.daemon import PATIENCE
from fakes.debian import program

OPTIONS = (
    "--headless",
    "--no-sandbox",  # it refuses to run as root with it
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
)
TIME_BY_HAND = """
(() => {
  const due = [];
  let now = Date.now();
  Date.now = () => now;
  const wait = (call, after, every) => due.push({ at: now + after, call, every });
  window.setTimeout = (call, after = 0) => wait(call, after);
  window.setInterval = (call, every) => wait(call, every, every);
  AbortSignal.timeout = (after) => {
    const abort = new AbortController();
    wait(() => abort.abort(), after);
    return abort.signal;
  };
  window.sleepFor = (seconds) => void (now += seconds * 1000);
  window.pass = (seconds) => {
    const [until, begun] = [now + seconds * 1000, []];
    for (;;) {
      const next = due.filter((wait) => wait.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = Math.max(now, next.at);
      due.splice(due.indexOf(next), 1);
      if (next.every) wait(next.call, next.every, next.every);
      begun.push(next.call());
    }
    now = until;
    return Promise.all(begun);
  };
})();
"""
"""Timers and the clock of a page stand still until the test says `pass`; `sleepFor` is what a
computer does that sleeps: the clock goes on, no timer is called.
"""


@dataclass
class Tab:
    """One page. What goes wrong in it is an error here."""

    socket: aiohttp.ClientWebSocketResponse
    numbers: Iterator[int] = field(default_factory=count)
    answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        async for message in self.socket:
            told = json.loads(message.data)
            if "id" in told:
                self.answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Page.loadEventFired":
                self.loaded.set()
            elif told["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["params"]))

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self.numbers)
        waited = self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            told = await waited
        assert "error" not in told, told
        return dict(told["result"])

    async def go(self, address: str) -> None:
        self.loaded.clear()
        await self.call("Page.navigate", url=address)
        async with asyncio.timeout(PATIENCE):
            await self.loaded.wait()

    async def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        told = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def press(self, key: str, code: int) -> None:
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if kind == "char" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
            )

    async def screenshot(self, path: Path) -> None:
        """For people who look into a failure."""
        told = await self.call("Page.captureScreenshot")
        path.write_bytes(b64decode(told["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """A browser for the time of some tests; the address of its DevTools."""
    profile = folder / "profile"
    with (folder / "chromium.log").open("wb") as log:
        command = [program("chromium"), *OPTIONS, f"--user-data-dir={profile}"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort', process)}"
    finally:
        process.terminate()
        process.wait()


def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    waited = 0.0
    while not (file.exists() and (lines := file.read_text().splitlines())):
        assert process.poll() is None, "Chromium ended"
        assert waited < PATIENCE, "Chromium does not listen"
        time.sleep(0.05)
        waited += 0.05
    return int(lines[0])


@asynccontextmanager
async def tab(devtools: str, address: str) -> AsyncIterator[Tab]:
    """A new tab at that address, whose time stands still."""
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{devtools}/json/new?about:blank") as made,
        session.ws_connect((await made.json())["webSocketDebuggerUrl"], max_msg_size=0) as socket,
    ):
        opened = Tab(socket)
        listening = asyncio.create_task(opened.listen())
        await opened.call("Page.enable")
        await opened.call("Runtime.enable")
        await opened.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await opened.call("Page.addScriptToEvaluateOnNewDocument", source=TIME_BY_HAND)
        await opened.go(address)
        yield opened
        await opened.call("Page.close")
        await listening
    assert not opened.complaints, opened.complaints
