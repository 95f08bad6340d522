"""The daemon as a process of its own, as systemd would run it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from fakes.patience import PATIENCE


class DaemonProcess:
    """`regwatch run -c FILE`, with a socket to notify us by."""

    def __init__(self, config: Path, environ: Mapping[str, str] | None = None) -> None:
        self.config = config
        self._environ = {} if environ is None else environ
        self.listen = f"127.0.0.1:{free_port()}"
        self.process: asyncio.subprocess.Process | None = None
        self.log = config.with_suffix(".log")
        self._notify = config.parent / "notify"

    @property
    def url(self) -> str:
        return f"http://{self.listen}"

    async def start(self, *options: str) -> None:
        """Start it, and wait until it says READY."""
        self._notify.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.setblocking(False)
            listening.bind(str(self._notify))
            with self.log.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "regwatch",
                    "run",
                    "-c",
                    str(self.config),
                    *options,
                    stderr=log,
                    stdin=asyncio.subprocess.DEVNULL,
                    env={**os.environ, "NOTIFY_SOCKET": str(self._notify), **self._environ},
                    cwd=self.config.parent,
                )
            async with asyncio.timeout(PATIENCE):
                while True:
                    ended = asyncio.ensure_future(self.process.wait())
                    said = asyncio.ensure_future(loop.sock_recv(listening, 4096))
                    await asyncio.wait([ended, said], return_when=asyncio.FIRST_COMPLETED)
                    if ended.done():
                        said.cancel()
                        raise AssertionError(self.log.read_text())
                    ended.cancel()
                    if b"READY=1" in said.result():
                        return

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def kill(self) -> None:
        """As a power cut would."""
        await self.stop(signal.SIGKILL)

    async def get(self, path: str) -> tuple[int, str]:
        """Ask its HTTP side."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.url + path) as response,
        ):
            return response.status, await response.text()

    async def write(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Have its API change something."""
        headers = {"Authorization": "Bearer t0ken"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.url}/api/v1{path}", json=body) as response,
        ):
            return response.status, await response.json()

    async def until_metric(self, line: str) -> None:
        """Wait until this line stands in the metrics."""
        async with asyncio.timeout(PATIENCE):
            while line not in (await self.get("/metrics"))[1]:
                await asyncio.sleep(0.1)

    async def until_ready(self) -> None:
        """Wait for its first sweep."""
        async with asyncio.timeout(PATIENCE):
            while (await self.get("/-/ready"))[0] != 200:
                await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


CONFIG = """\
accounts:
  - name: acme
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    extensions: {{discover: {{every: 10s}}}}
    polling:
      {{interval: {interval}, batch_size: {batch_size}, reserve: 0%, timeout: 20s,
       connect_timeout: 10s}}
alerts:
  {{flapping: {{calm: 3s}}, api_unavailable: {{for: 2s, severity: critical}}}}
receivers:
  - {{name: hook, webhook: {{url: "{hook}", max_alerts: 0}}}}
{receivers}
routes:
  - {{receivers: [{names}], group_by: [account, alert, extension_id], group_wait: 0s,
     group_interval: 0s, repeat: 1h}}
http: {{listen: "{listen}", api_token: t0ken}}
storage: {{url: "sqlite:///{state}/regwatch.db"}}
log: {{level: debug, format: json}}
{extra}
"""


@asynccontextmanager
async def daemon(
    folder: Path,
    *,
    pbx: str,
    hook: str,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> AsyncIterator[DaemonProcess]:
    """A daemon that polls this PBX every second and tells this hook at once."""
    config = folder / "regwatch.yml"
    made = DaemonProcess(config, environ)
    values = {
        "interval": "1s",
        "batch_size": 50,
        "receivers": "",
        "names": "hook",
        "extra": "",
        "listen": made.listen,
        "state": folder,
    }
    config.write_text(CONFIG.format(pbx=pbx, hook=hook, **{**values, **more}), encoding="utf-8")
    await made.start()
    try:
        yield made
    finally:
        if made.process is not None and made.process.returncode is None:
            await made.kill()
