"""Running commands as a person would: in a process of their own."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakes.patience import PATIENCE

SHUT_OUT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
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
    return await _run(words, answer)


async def regwatch_shut_out(folder: Path, *words: str, **environ: str) -> Result:
    """The same by a user whom this folder is closed to; root gives up its right to enter all."""
    folder.chmod(0)
    try:
        prefix = SHUT_OUT if os.geteuid() == 0 else ()
        return await _run(words, prefix=prefix, environ=environ)
    finally:
        folder.chmod(0o700)


async def _run(
    words: Sequence[str],
    answer: str = "",
    *,
    prefix: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Result:
    process = await asyncio.create_subprocess_exec(
        *prefix,
        sys.executable,
        "-m",
        "regwatch",
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environ or {})},
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
