"""What is said of the API holds: schemathesis asks a running daemon by its own description, with
what that allows and with what it does not.
"""

import asyncio
import sys
from pathlib import Path

import pytest
from fakes.daemon import CONFIG, PATIENCE, free_port

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.simulator import Simulator, SimulatorSettings

pytestmark = pytest.mark.long
EXCEPTIONS = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
BELOW_THE_LIMIT = "19/s"
"""Of 20 a second of one address: refused requests would tell nothing."""


async def test_every_endpoint_answers_as_its_description_says(tmp_path: Path) -> None:
    calm = SimulatorSettings(extensions=40, quota=1_000_000, calm=True)
    file, listen = tmp_path / "regwatch.yml", f"127.0.0.1:{free_port()}"
    more = {"interval": "5s", "batch_size": 50, "receivers": "", "names": "hook", "extra": ""}
    async with Simulator(calm).serving() as pbx, asyncio.timeout(PATIENCE * 4):
        told = {"hook": "http://127.0.0.1:9/", "listen": listen, "state": tmp_path}
        file.write_text(CONFIG.format(pbx=pbx.url, **told, **more), encoding="utf-8")
        daemon, stop = Daemon(file, load_config(file, environ={}), environ={}), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(daemon.run(stop))
            await daemon.started.wait()
            status, said = await _asked(f"http://{listen}/api/v1/openapi.json", tmp_path)
            stop.set()
    assert status == 0, said
    assert " passed" in said


async def _asked(description: str, folder: Path) -> tuple[int, str]:
    """Its exit status, and what it found."""
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS, f"--config-file={EXCEPTIONS}", "run", description,
        "--header=Authorization: Bearer t0ken", f"--rate-limit={BELOW_THE_LIMIT}",
        "--max-examples=10", "--seed=1", "--no-color",
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")[-20_000:]
