"""Running commands as a person would: in a process of their own."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fakes.patience import PATIENCE

CONFIG = """\
accounts:
  - name: acme
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{batch_size: 10}}
"""


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


async def regwatch(*words: str, answer: str = "") -> Result:
    """`regwatch WORDS`, with this on its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "regwatch",
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(answer.encode())
    assert process.returncode is not None
    return Result(process.returncode, out.decode(), err.decode())


def config(folder: Path, pbx: str, extra: str = "", accounts: Sequence[str] = ()) -> str:
    """A configuration for this PBX; returns its path."""
    file = folder / "regwatch.yml"
    text = CONFIG.format(pbx=pbx)
    for name in accounts:
        text += CONFIG.format(pbx=pbx).removeprefix("accounts:\n").replace("acme", name)
    file.write_text(text + extra, encoding="utf-8")
    return str(file)
