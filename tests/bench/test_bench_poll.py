"""How much slower `regwatch poll` is than a bare loop over the same batches, in one run."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes.patience import PATIENCE

EXTENSIONS, BATCH, CONCURRENCY, ROUNDS = 40_000, 50, 4, 3
"""So many that the sweep weighs more than the start of two interpreters."""
MOST = 2.0

CONFIG = """\
accounts:
  - url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{batch_size: {batch}, concurrency: {concurrency}}}
"""

BARE = """
import asyncio, json, sys, aiohttp

async def main(url, batch, concurrency):
    form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret"}
    async with aiohttp.ClientSession() as session:
        async with session.post(url + "/oauth/token", data=form) as response:
            token = (await response.json())["access_token"]
        session.headers["Authorization"] = "Bearer " + token
        ids, page = [], 1
        while True:
            listing = f"{url}/api/ver1.0/client/@me/extension/?per_page=100&page={page}"
            async with session.get(listing) as response:
                found = json.loads(await response.read())
            ids += [each["id"] for each in found]
            page += 1
            if len(found) < 100:
                break
        batches = iter([ids[i : i + batch] for i in range(0, len(ids), batch)])
        registered = 0

        async def work():
            nonlocal registered
            for each in batches:
                query = "&".join(f"extension_id={i}" for i in each)
                many = f"{url}/api/ver1.0/extension/registration/?{query}"
                async with session.get(many) as response:
                    infos = json.loads(await response.read())
                registered += sum(info["registered"] for info in infos)

        await asyncio.gather(*(work() for _ in range(concurrency)))
        print(registered)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


async def seconds_of(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        _, errors = await process.communicate()
    assert process.returncode in (0, 1), errors.decode()
    return time.perf_counter() - begun


@pytest.mark.bench
@pytest.mark.e2e
async def test_a_sweep_takes_at_most_twice_the_time_of_a_bare_loop(tmp_path: Path) -> None:
    config = tmp_path / "regwatch.yml"
    simulator = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "regwatch",
        "simulate",
        f"--extensions={EXTENSIONS}",
        "--quota=1000000",
        "--listen=127.0.0.1:0",
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert simulator.stdout is not None
        first = (await simulator.stdout.readline()).decode()
        url = first.split()[-1]
        config.write_text(CONFIG.format(pbx=url, batch=BATCH, concurrency=CONCURRENCY))
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(await seconds_of(["-c", BARE, url, str(BATCH), str(CONCURRENCY)]))
            ours.append(await seconds_of(["-m", "regwatch", "poll", "-c", str(config), "--json"]))
    finally:
        simulator.terminate()
        await simulator.wait()
    ratio = min(ours) / min(bare)
    result = {"bare": min(bare), "regwatch poll": min(ours), "ratio": ratio}
    print(json.dumps({name: round(value, 2) for name, value in result.items()}))
    assert ratio <= MOST
