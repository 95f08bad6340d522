"""`regwatch status`: how things stand, in a few lines."""

import json

import pytest
from fakes.asked import ask
from fakes.web import NOW, FakeDaemon, account, incident, watched

from regwatch.cli.status import status
from regwatch.core.bugs import Setback, Where
from regwatch.core.model import ExtensionState, Quota, Timestamp

LOST = ExtensionState.LOST


def scene(*incidents: object, **more: object) -> FakeDaemon:
    phones = [watched(1), watched(2), watched(3, LOST)]
    quota = Quota(1000, 56, Timestamp(NOW + 60), NOW)
    acme = account(*phones, quota=quota, oldest_answer_at=NOW, api_problem="no connection")
    return FakeDaemon([acme], list(incidents), **more)  # type: ignore[arg-type]


async def said(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> list[str]:
    await ask(status, daemon, as_json=False)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


async def test_an_account_is_a_line_of_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    line, last = await said(scene(), capsys)
    assert line.startswith("acme: 2 registered, 1 lost; no connection; oldest answer ")
    assert line.endswith("; 56 of 1000 requests left")
    assert last == "No open incidents."


async def test_of_an_empty_account_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    line, _ = await said(FakeDaemon([account()]), capsys)
    assert line == "acme: no extensions"


@pytest.mark.parametrize(("count", "title"), [(1, "1 open incident:"), (25, "25 open incidents:")])
async def test_open_incidents_are_counted_and_the_first_of_them_shown(
    count: int, title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = await said(scene(*(incident(number=n, summary=f"{n}!") for n in range(count))), capsys)
    assert title in lines
    assert sum(line.endswith("!") for line in lines) == min(count, 20)


async def test_what_is_wrong_with_itself_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    lines = await said(scene(problem="the store cannot write"), capsys)
    assert lines[0] == "regwatch itself: the store cannot write"


async def test_receivers_are_told_of_only_where_something_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = await said(scene(backlog={"chat": (3, NOW), "mail": (0, None)}), capsys)
    (line,) = [line for line in lines if "messages wait" in line]
    assert line.startswith("chat: 3 messages wait, since 2026-11-18T")


async def test_as_json_it_is_the_api_s_own(capsys: pytest.CaptureFixture[str]) -> None:
    await ask(status, scene(), as_json=True)
    body = json.loads(capsys.readouterr().out)
    assert body["accounts"][0]["extensions"]["registered"] == 2


async def test_what_was_set_aside_because_of_a_bug_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    once = Setback(Where.HTTP, "GET /", "KeyError at x.py:1", NOW, NOW)
    often = Setback(Where.ANSWER, "acme/3", "KeyError at y.py:2", NOW, NOW, 7)
    lines = await said(scene(setbacks=[once, often]), capsys)
    assert lines[-3] == "Set aside because of bugs in regwatch: 2"
    assert lines[-2].startswith("  GET / (http) since 2026-11-18T")
    assert lines[-2].endswith(": KeyError at x.py:1")
    assert ", 7 times, last at 2026-11-18T" in lines[-1]
