"""`regwatch silence`: what is not to be told for a while."""

from datetime import datetime

import pytest
from fakes.asked import ask
from fakes.web import NOW, FakeOperations
from msgspec.structs import replace

from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import whoami
from regwatch.cli.silence import add, expire, listed
from regwatch.core.alerts.mutes import Silence
from regwatch.core.matchers import Matchers
from regwatch.core.model import Timestamp

HOUR = 3600.0


def made(number: int, begins: float, ends: float) -> Silence:
    return Silence(
        id=f"s{number}",
        matchers=Matchers.of({"site": ["riga", "tallinn"], "alert": "flapping"}),
        starts_at=Timestamp(NOW + begins),
        ends_at=Timestamp(NOW + ends),
        author="jane",
        comment="new router",
        created_at=NOW,
    )


async def set_silence(operations: FakeOperations, **options: object) -> Silence:
    usual = {
        "matchers": {"site": ["riga"]}, "duration": None, "until": None, "comment": "x",
        "author": None,
    }  # fmt: skip
    await ask(add, operations=operations, **{**usual, **options})
    return operations.set_silences[-1]


async def test_for_so_long_or_until_then(capsys: pytest.CaptureFixture[str]) -> None:
    operations = FakeOperations()
    short = await set_silence(operations, duration=HOUR)
    when = datetime.fromtimestamp(NOW + 2 * HOUR).astimezone()
    long = await set_silence(operations, until=when, author="jane")
    assert (short.ends_at - short.starts_at, long.ends_at) == (HOUR, NOW + 2 * HOUR)
    assert (short.author, long.author) == (whoami(), "jane")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Silence s0 until ")
    assert second.endswith(f"until {when.isoformat(timespec='seconds')}: site=riga")


async def test_what_can_never_match_is_refused_with_the_reason() -> None:
    with pytest.raises(RemoteError, match="no `site` matches `rga`"):
        await set_silence(FakeOperations(unmatched="no `site` matches `rga`"), duration=HOUR)


ALL = [made(1, -HOUR, HOUR), made(2, HOUR, 2 * HOUR), made(3, -HOUR, -1)]
ALL += [replace(ALL[0], id="abcdef12"), replace(ALL[0], id="abcdef34")]


@pytest.mark.parametrize(
    ("everything", "shown"),
    [(False, {"s1": "active", "s2": "pending"}),
     (True, {"s1": "active", "s2": "pending", "s3": "expired"})],
)  # fmt: skip
async def test_those_in_force_and_to_come_or_all(
    everything: bool, shown: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    operations = FakeOperations(set_silences=ALL[:3])
    await ask(listed, operations=operations, everything=everything, as_json=False)
    rows = [row.split("\t") for row in capsys.readouterr().out.splitlines()]
    assert dict(row[:2] for row in rows) == shown
    matches = "alert=flapping site=riga site=tallinn"
    assert all(row[4:] == ["jane", matches, "new router"] for row in rows)


async def test_that_there_are_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    await ask(listed, everything=False, as_json=False)
    assert capsys.readouterr() == ("", "")


async def test_one_is_ended_by_its_id_or_how_that_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    operations = FakeOperations(set_silences=ALL)
    for name in ("s1", "abcdef12", "abcdef1"):
        await ask(expire, operations=operations, silence_id=name, author="jane")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Silence s1 has ended: alert=flapping ")
    assert [line.split()[1] for line in said[1:]] == ["abcdef12", "abcdef12"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("s3", "no silence in force or to come has the id `s3`: give an id whole"),
     ("abcdef", "`abcdef` may be any of abcdef12, abcdef34"),
     ("abcde", "first 6 characters or more"),
     ("ffffff", "no silence in force or to come has the id `ffffff`")],
)  # fmt: skip
async def test_what_is_none_or_several_is_not_ended(name: str, why: str) -> None:
    operations = FakeOperations(set_silences=ALL)
    with pytest.raises(RemoteError, match=why):
        await ask(expire, operations=operations, silence_id=name, author="jane")
