"""What a bug costs: one request, one line, one part of the page, one series; and it is said."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from fakes.web import (
    NOW,
    FakeAccount,
    FakeDaemon,
    FakeOperations,
    account,
    incident,
    served,
    watched,
)
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.core.alerts.mutes import Silence
from regwatch.core.bugs import Setback, Where
from regwatch.core.history import Happening, Kind
from regwatch.core.matchers import Matchers
from regwatch.core.model import IncidentState, Timestamp
from regwatch.guard import Bugs


def fails(*_args: Any) -> Any:
    raise RuntimeError("hunter2")


def met(bugs: Bugs) -> set[tuple[Where, str]]:
    return {(each.where, each.what) for each in bugs.latest()}


class Broken(FakeDaemon):
    """Fails wherever it is asked for its backlog."""

    outbox_backlog = fails


@pytest.mark.parametrize("path", ["/api/v1/status", "/-/healthy"])
async def test_a_request_that_meets_a_bug_is_500_and_the_next_is_answered(path: str) -> None:
    daemon, bugs = Broken([account()]), Bugs()
    daemon.health_problem = fails  # type: ignore[method-assign]
    with capture_logs() as logs:
        async with served(daemon, bugs=bugs, operations=FakeOperations()) as session:
            for _ in range(2):
                async with session.get(path) as answer:
                    text = await answer.text()
                    assert answer.status == 500
                    assert "a bug in regwatch: RuntimeError at " in text
                    assert "hunter2" not in text
                    is_json = answer.content_type == "application/json"
                    assert is_json == path.startswith("/api")
                    assert answer.headers["Cache-Control"] == "no-store"
            async with session.get("/-/ready") as answer:
                assert answer.status == 200
    assert [line["event"] for line in logs] == ["request_failed"], "said once"
    (entry,) = bugs.latest()
    assert (entry.where, entry.what, entry.times) == (Where.HTTP, f"GET {path}", 2)


async def test_a_path_from_outside_is_not_quoted() -> None:
    bugs = Bugs()
    daemon = FakeDaemon([account(watched(1))])
    operations = FakeOperations()
    operations.history = fails  # type: ignore[method-assign]
    async with served(daemon, bugs=bugs, operations=operations) as session:
        async with session.get("/api/v1/extensions/1") as answer:
            assert answer.status == 500
        async with session.get("/nowhere/at/all") as answer:
            assert answer.status == 404, "no bug of ours"
    assert met(bugs) == {(Where.HTTP, "GET /api/v1/extensions/{reference}")}


async def test_an_answer_that_breaks_in_its_midst_is_not_ended_as_if_it_were_whole() -> None:
    class BreaksLater(FakeAccount):
        """Known at first, and gone when the series are told."""

        asked = 0

        def watched(self) -> Any:
            self.asked += 1
            return super().watched() if self.asked < 2 else fails()

    broken, bugs = BreaksLater(account().name), Bugs()
    async with served(FakeDaemon([broken]), bugs=bugs) as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get("/metrics") as answer:
                await answer.read()
        async with session.get("/-/live") as answer:
            assert answer.status == 200
    assert met(bugs) == {(Where.HTTP, "GET /metrics")}


# --- one line ------------------------------------------------------------------------------------

LINE = Happening(at=NOW, kind=Kind.INCIDENT, event="fired", text="")
SILENCE = Silence(
    id="s1",
    matchers=Matchers.of({"site": "riga"}),
    starts_at=NOW,
    ends_at=Timestamp(NOW + 60),
    author="anna",
    comment="",
    created_at=NOW,
)


@pytest.mark.parametrize(
    ("path", "key", "left_out"),
    [
        ("/incidents", "incidents", "a line of incidents"),
        ("/incidents?state=resolved", "incidents", "a line of incidents"),
        ("/history", "history", "a line of history"),
        ("/silences", "silences", "a line of silences"),
        ("/extensions", "extensions", "a line of extensions"),
        ("/status", "accounts", "a line of accounts"),
    ],
)
async def test_one_line_that_meets_a_bug_is_left_out_and_the_others_are_told(
    path: str, key: str, left_out: str
) -> None:
    broken_account = account(name="bolt")
    broken_account.counts = fails  # type: ignore[method-assign]
    broken_phone = watched(2)
    broken_phone.registrations = (None,)  # type: ignore[assignment]
    over = incident(state=IncidentState.RESOLVED, resolved_at=NOW)
    daemon = FakeDaemon(
        [account(watched(1), broken_phone), broken_account],
        [incident(), replace(incident(number=102), facts=None)],
        [over, replace(over, facts=None)],
    )
    operations = FakeOperations(
        [LINE, replace(LINE, kind=None)], set_silences=[SILENCE, replace(SILENCE, matchers=None)]
    )
    bugs = Bugs()
    async with (
        served(daemon, bugs=bugs, operations=operations) as session,
        session.get(f"/api/v1{path}") as answer,
    ):
        assert answer.status == 200
        assert len((await answer.json())[key]) == 1
    assert met(bugs) == {(Where.HTTP, left_out)}


# --- one part of the page ------------------------------------------------------------------------


def broken_incident(daemon: FakeDaemon) -> None:
    daemon.open_incidents.append(replace(incident(number=7), facts=None))


def broken_end(daemon: FakeDaemon) -> None:
    daemon.resolved.append(replace(incident(number=7), facts=None))


def broken_phone(daemon: FakeDaemon) -> None:
    phone = watched(7)
    phone.registrations = (None,)  # type: ignore[assignment]
    daemon.all_accounts[0].extensions[phone.extension.id] = phone


def broken_backlog(daemon: FakeDaemon) -> None:
    daemon.outbox_backlog = fails  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (broken_incident, "open incidents"),
        (broken_end, "incidents recently resolved"),
        (broken_phone, "extensions"),
        (broken_backlog, "notifications"),
    ],
)
async def test_one_part_of_the_page_that_meets_a_bug_is_left_out_and_the_page_says_so(
    spoil: Callable[[FakeDaemon], None], part: str
) -> None:
    daemon = FakeDaemon(
        [account(watched(1, label="Reception"))],
        [incident(summary="it fires")],
        [incident(summary="over", state=IncidentState.RESOLVED, resolved_at=NOW, number=3)],
        {"pager": (0, None)},
    )
    spoil(daemon)
    bugs = Bugs()
    async with served(daemon, bugs=bugs) as session, session.get("/") as answer:
        html = await answer.text()
        assert answer.status == 200
    assert f"regwatch itself is not well: {part} cannot be shown, by a bug: " in html
    assert "What is going on cannot be fully seen" in html
    shown = {
        "open incidents": "it fires",
        "incidents recently resolved": "Recently resolved",
        "extensions": "Reception",
        "notifications": "<b>pager</b>",
    }
    assert {name for name, words in shown.items() if words in html} == {*shown} - {part}
    assert met(bugs) == {(Where.PAGE, part)}


async def test_the_page_names_what_was_set_aside_and_takes_it_for_text() -> None:
    setback = Setback(Where.ANSWER, "<b>/1", "KeyError at x.py:1", NOW, NOW, 3)
    async with served(FakeDaemon(setbacks=[setback])) as session, session.get("/") as answer:
        html = await answer.text()
    assert "Set aside because of bugs in regwatch" in html
    assert "<b>&lt;b&gt;/1</b> <span>answer</span>" in html
    assert "3 times" in html
    assert "KeyError at x.py:1" in html


# --- one series ----------------------------------------------------------------------------------


async def scraped(daemon: FakeDaemon, bugs: Bugs) -> str:
    async with served(daemon, bugs=bugs) as session, session.get("/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_one_series_that_meets_a_bug_is_left_out() -> None:
    nameless, endless, bugs = watched(2), watched(3), Bugs()
    nameless.extension = None  # type: ignore[assignment]
    endless.registrations = (None,)  # type: ignore[assignment]
    whole = account(watched(1))
    whole.extensions[watched(2).extension.id] = nameless
    whole.extensions[endless.extension.id] = endless
    text = await scraped(FakeDaemon([whole]), bugs)
    assert text.count("regwatch_extension_registered{") == 2
    assert text.count("regwatch_extension_lease_end_timestamp_seconds{") == 1
    assert 'extension_id="1"' in text
    assert {where for where, _ in met(bugs)} == {Where.METRICS}
    assert {what for _, what in met(bugs)} == {"labels of an extension", "series of extension 3"}


async def test_one_family_that_meets_a_bug_is_left_out() -> None:
    bugs = Bugs()
    text = await scraped(Broken([account(watched(1))]), bugs)
    assert "regwatch_outbox_pending" not in text
    assert "regwatch_extensions{" in text
    assert met(bugs) == {(Where.METRICS, "outbox")}
