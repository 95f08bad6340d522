"""Real servers from Debian's packages, on loopback, for the time of a test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from fakes.daemon import free_port
from fakes.debian import program
from fakes.patience import PATIENCE
from yarl import URL

SQUID = """\
http_port {listen} accel vhost
cache_peer {host} parent {port} 0 no-query originserver name=origin
http_access allow all
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
pid_filename none
netdb_filename none
coredump_dir none
"""


@asynccontextmanager
async def _running(
    name: str, arguments: Sequence[str], url: str, folder: Path
) -> AsyncIterator[str]:
    with (folder / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program(name), *arguments, stdout=log, stderr=log
        )
    try:
        await _ready(url)
        yield url
    finally:
        process.kill()
        await process.wait()


async def _ready(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(url + "/-/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)


@asynccontextmanager
async def reverse_proxy(origin: URL, folder: Path, *, port: int = 0) -> AsyncIterator[str]:
    """A squid in front of a server, which hands on the Host that it is asked by; its host:port."""
    listen = f"127.0.0.1:{port or free_port()}"
    config, of_origin = folder / "squid.conf", {"host": origin.host, "port": origin.port}
    config.write_text(SQUID.format(listen=listen, **of_origin), encoding="utf-8")
    arguments = ("-N", "-f", str(config))
    async with _running("squid", arguments, f"http://{listen}", folder):
        yield listen


@asynccontextmanager
async def prometheus(target: str, folder: Path, *, how: str = "") -> AsyncIterator[str]:
    """A Prometheus that scrapes host:port every second; its address. `how`: more of the job."""
    config = folder / "prometheus.yml"
    job = f"job_name: regwatch, {how}static_configs: [{{targets: ['{target}']}}]"
    config.write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs:\n  - {{{job}}}\n", encoding="utf-8"
    )
    listen = f"127.0.0.1:{free_port()}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={listen}",
    )
    async with _running("prometheus", arguments, f"http://{listen}", folder) as url:
        yield url


async def sample(session: aiohttp.ClientSession, address: str, query: str) -> dict[str, Any]:
    """The first sample of a query, waited for."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get(f"{address}/api/v1/query", params={"query": query}) as answer:
                if answer.status == 200 and (found := (await answer.json())["data"]["result"]):
                    return dict(found[0])
            await asyncio.sleep(0.2)


@asynccontextmanager
async def alertmanager(folder: Path) -> AsyncIterator[str]:
    """An Alertmanager that tells nobody; its address."""
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    listen = f"127.0.0.1:{free_port()}"
    arguments = (
        f"--config.file={config}",
        f"--storage.path={folder / 'storage'}",
        f"--web.listen-address={listen}",
        "--cluster.listen-address=",
    )
    async with _running("prometheus-alertmanager", arguments, f"http://{listen}", folder) as url:
        yield url


async def active_alerts(url: str) -> list[dict[str, str]]:
    """The labels of the alerts that are active there."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(url + "/api/v2/alerts?active=true") as answer,
    ):
        return [one["labels"] for one in await answer.json()]


@contextmanager
def silent() -> Iterator[str]:
    """An address at which whoever comes is let in, and told nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
