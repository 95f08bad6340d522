"""`regwatch silence`: what is not to be told for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import click
import pytest
from click.testing import CliRunner
from fakes.asked import ask
from fakes.web import NOW, FakeOperations

from regwatch.cli.remote import RemoteError, whoami
from regwatch.cli.silence import add, expire, listed, silence
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
    assert second.endswith(f"until {when:%Y-%m-%d %H:%M:%S}: site=riga")


@pytest.mark.parametrize(
    "options",
    [{}, {"duration": HOUR, "until": datetime.fromtimestamp(NOW).astimezone() + timedelta(1)}],
    ids=["none", "two"],
)
async def test_it_has_one_end(options: dict[str, object]) -> None:
    with pytest.raises(click.UsageError, match="give --for or --until"):
        await set_silence(FakeOperations(), **options)


async def test_what_can_never_match_is_refused_with_the_reason() -> None:
    with pytest.raises(RemoteError, match="no `site` matches `rga`"):
        await set_silence(FakeOperations(unmatched="no `site` matches `rga`"), duration=HOUR)


@pytest.mark.parametrize(
    ("words", "matchers"),
    [
        (["site=riga"], {"site": ["riga"]}),
        (["site=riga", "site=tallinn"], {"site": ["riga", "tallinn"]}),
        (['device = "Yealink *"'], {"device": ["Yealink *"]}),
        (["device=a=b"], {"device": ["a=b"]}),
        (["place="], {"place": [""]}),
    ],
)
def test_matchers_as_people_write_them(
    words: Sequence[str], matchers: dict[str, list[str]]
) -> None:
    (argument,) = [each for each in add.params if isinstance(each, click.Argument)]
    context = click.Context(add)
    assert argument.process_value(context, tuple(words)) == matchers


@pytest.mark.parametrize("word", ["riga", "=riga"])
def test_what_is_no_matcher_is_told_how_to_write_one(word: str) -> None:
    result = CliRunner().invoke(silence, ["add", word, "--for", "1h", "--comment", "x"])
    assert result.exit_code == 2
    assert f"`{word}` is no matcher: write LABEL=PATTERN" in result.stderr


ALL = [made(1, -HOUR, HOUR), made(2, HOUR, 2 * HOUR), made(3, -HOUR, -1)]


@pytest.mark.parametrize(
    ("everything", "shown"),
    [(False, {"s1": "active", "s2": "pending"}),
     (True, {"s1": "active", "s2": "pending", "s3": "expired"})],
)  # fmt: skip
async def test_those_in_force_and_to_come_or_all(
    everything: bool, shown: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    operations = FakeOperations(set_silences=ALL)
    await ask(listed, operations=operations, everything=everything, as_json=False)
    title, *rows = capsys.readouterr().out.splitlines()
    assert dict(row.split()[:2] for row in rows) == shown
    assert title.split() == ["id", "state", "ends", "in", "author", "matches", "comment"]
    assert all("alert=flapping site=riga site=tallinn  new router" in row for row in rows)


async def test_that_there_are_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    await ask(listed, everything=False, as_json=False)
    assert capsys.readouterr().out == "No silences.\n"


async def test_one_is_ended_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    operations = FakeOperations(set_silences=ALL)
    await ask(expire, operations=operations, silence_id="s1", author="jane")
    assert capsys.readouterr().out.startswith("Silence s1 has ended: alert=flapping ")
    with pytest.raises(RemoteError):
        await ask(expire, operations=operations, silence_id="s3", author="jane")
