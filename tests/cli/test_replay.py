"""`regwatch run --record` and `regwatch replay`: what happened, played again."""

import re
import signal
from pathlib import Path

import msgspec
import pytest
from fakes.commands import regwatch
from fakes.daemon import daemon
from fakes.sink import sink
from fakes.values import ACME, answer, at, batch, listing, registration

from regwatch.core.model import FailureReason
from regwatch.core.recording import Recorded
from regwatch.simulator import Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e

CONFIG = """
accounts: [{name: acme, url: "https://pbx.example.com", access_token: t0ken}]
receivers: [{name: chat, webhook: {url: "https://chat.example.com"}}]
routes: [{receivers: [chat], group_wait: 10s}]
"""


def recorded(folder: Path, *records: Recorded) -> list[str]:
    """The options for a record of these."""
    config, file = folder / "regwatch.yml", folder / "answers.jsonl"
    config.write_text(CONFIG)
    file.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in records))
    return ["replay", "-c", str(config), str(file)]


def polled(when: float, *numbers: int, lost: int | None = None) -> Recorded:
    held = [
        answer(n, when=when)
        if n == lost
        else answer(n, registration(f"u-{n}", ends=9e4), when=when)
        for n in numbers
    ]
    return Recorded(at=at(when), account=ACME, batch=batch(*held))


async def test_what_would_have_been_sent_and_when(tmp_path: Path) -> None:
    failed = [
        Recorded(at=at(when), account=ACME, failure=FailureReason.TIMEOUT, detail="no answer")
        for when in range(300, 700, 60)
    ]
    options = recorded(
        tmp_path,
        Recorded(at=at(0), account=ACME, listing=listing(1, 2)),
        *(polled(when, 1, 2) for when in (1, 60, 120)),
        *(polled(when, 1, 2, lost=2) for when in (177, 180)),
        *failed,
        *(polled(when, 1, 2) for when in (720, 1200)),
    )
    result = await regwatch(*options)
    assert result.status == 0, result.err
    *lines, total = result.out.splitlines()
    assert all(re.match(r"[\d-]{10} [\d:]{8} [A-Z]+[+\d-]*  chat ", line) for line in lines)
    told = [line.split("  ", 2)[2].strip() for line in lines]
    assert [line[:70].rstrip() for line in told] == [
        "first seen     INFO 102 signed off in acme since 08:03 UTC",
        "first seen     CRITICAL acme: PBX API does not answer since 08:05 UTC",
        "all resolved   RESOLVED acme: PBX API answers again after 7 min",
        "all resolved   RESOLVED 102 back in acme after 9 min",
    ]
    assert total == "4 messages: 4 to chat"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{\n", "answers.jsonl:1: no recorded answer: Input data was truncated"),
        (b'{"at":1,"account":"\xff"}\n', "answers.jsonl:1: no recorded answer: 'utf-8' codec"),
        (
            b'{"at":1,"account":"other"}\n',
            "the record is of account `other`; the configuration has",
        ),
    ],
)
async def test_what_is_no_record_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    options = recorded(tmp_path)
    (tmp_path / "answers.jsonl").write_bytes(content)
    result = await regwatch(*options)
    assert result.status == 1
    assert message in result.err


async def test_of_a_quiet_day_nobody_is_told(tmp_path: Path) -> None:
    result = await regwatch(*recorded(tmp_path, polled(1, 1), polled(60, 1)))
    assert (result.status, result.out) == (0, "Nobody would be told.\n")


@pytest.mark.long
async def test_what_the_daemon_records_tells_the_same_again(tmp_path: Path) -> None:
    calm = SimulatorSettings(extensions=40, seed=4, leases="3600", quota=1_000_000, calm=True)
    record = tmp_path / "answers.jsonl"
    async with (
        Simulator(calm).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as running,
    ):
        await running.stop()
        await running.start("--record", str(record))
        await running.until_ready()
        lost, *_ = pbx.control.registered_ids()
        pbx.control.act(lost, "unregister")
        await hook.until(lambda h: h.of(lost, "firing"))
        pbx.control.set_faults({"http_500": 1})
        await running.until_metric('outcome="server_error"} 3.0')
        pbx.control.clear_faults()
        pbx.control.act(lost, "revive")
        await hook.until(lambda h: h.of(lost, "resolved"))
        assert await running.stop(signal.SIGTERM) == 0
    assert record.stat().st_mode & 0o777 == 0o600
    result = await regwatch("replay", "-c", str(running.config), str(record))
    assert result.status == 0, result.err
    assert result.out.count("first seen") >= 1
    assert "signed off" in result.out
