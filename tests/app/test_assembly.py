"""What a configuration is put together to; nothing is started, and nobody is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes.notifications import phones_lost
from fakes.sink import sink
from fakes.surroundings import surroundings
from fakes.values import ACME

from regwatch.app.assembly import Assembly
from regwatch.app.exchange import Exchange
from regwatch.app.heart import WATCHDOG_SECONDS, Heart
from regwatch.app.parts import Parts
from regwatch.app.reporting import Reporting
from regwatch.app.surroundings import Surroundings
from regwatch.config import load_config

TEXT = """
accounts:
  - {name: acme, url: "http://127.0.0.1:9", access_token: t0ken}
  - {name: bolt, url: "http://127.0.0.1:9", access_token: t0ken}
sites: [{name: riga, extensions: ["000*1??"]}]
receivers:
  - {name: chat, slack: {url: "http://127.0.0.1:9/x"}, fallback: ops}
  - {name: ops, webhook: {url: "http://127.0.0.1:9", body: "{{ receiver }}"}}
routes: [{receivers: [chat, ops]}]
maintenance: [{from: 2027-01-15T08:00, to: 2027-01-15T09:00, timezone: UTC}]
heartbeat: {url: "http://127.0.0.1:9/ping", every: 2m}
templates: words
"""


@asynccontextmanager
async def assembly(folder: Path) -> AsyncIterator[tuple[Assembly, Surroundings]]:
    words = folder / "words"
    words.mkdir()
    (words / "slack.title.j2").write_text("{{ receiver }}", encoding="utf-8")
    async with surroundings(folder) as around:
        heart = Heart(clock=around.clock, steady=around.steady)
        yield (
            Assembly(around, Exchange(), heart, Reporting(around.instruments, around.bugs)),
            around,
        )


def put_together(it: Assembly, folder: Path, text: str = TEXT) -> Parts:
    file = folder / "regwatch.yml"
    file.write_text(text, encoding="utf-8")
    return it.parts(load_config(file, environ={}))


@pytest.mark.looptime
async def test_each_section_becomes_its_parts_in_the_order_of_the_file(tmp_path: Path) -> None:
    async with assembly(tmp_path) as (it, _):
        parts = put_together(it, tmp_path)
        assert [account.settings.name for account in parts.accounts] == ["acme", "bolt"]
        assert [(x.name, x.settings.fallback) for x in parts.lines] == [
            ("chat", "ops"),
            ("ops", None),
        ]
        assert parts.desk.settings.receivers == {"chat", "ops"}
        assert parts.self_watch.settings.fallbacks == {"chat": "ops", "ops": ""}
        assert [beat.settings.every_seconds for beat in parts.heartbeats] == [120.0]
        assert (parts.beats_every, len(parts.maintenance)) == (120.0, 1)


@pytest.mark.looptime
async def test_without_a_heartbeat_the_watchdogs_patience_counts(tmp_path: Path) -> None:
    async with assembly(tmp_path) as (it, _):
        heartbeat = next(line for line in TEXT.splitlines() if line.startswith("heartbeat"))
        parts = put_together(it, tmp_path, TEXT.replace(heartbeat, ""))
        assert (list(parts.heartbeats), parts.beats_every) == ([], WATCHDOG_SECONDS)


CHANGES = {
    "nothing": ("", "", ""),
    "an account": ("acme, url", "acme, proxy_from_environment: true, url", "acme"),
    "a receiver": ("9/x", "9/y", "chat"),
    "a receiver's template": ("{{ receiver }}", "to {{ receiver }}", "ops"),
    "a fallback": (", fallback: ops", "", "chat self"),
    "a receiver's name, everywhere": ("ops", "people", "chat people desk self"),
    "the routes": ("[chat, ops]}]", "[chat, ops], group_wait: 9s}]", "desk"),
    "an alert": ("sites", "alerts: {flapping: false}\nsites", "acme bolt self"),
    "a site": ("1??", "2??", "acme bolt"),
    "the heartbeat": ("2m", "3m", "heart"),
    "a window": ("T09", "T10", ""),
}


@pytest.mark.looptime
@pytest.mark.parametrize(("old", "new", "changed"), CHANGES.values(), ids=CHANGES)
async def test_read_again_only_what_differs_is_another(
    tmp_path: Path, old: str, new: str, changed: str
) -> None:
    async with assembly(tmp_path) as (it, _):
        before = put_together(it, tmp_path)
        after = put_together(it, tmp_path, TEXT.replace(old, new) if old else TEXT)
        coming: list[Any] = [p for stage in after.keeping(before).without(before) for p in stage]
        named: dict[Any, str] = {
            **{account: account.settings.name for account in after.accounts},
            **{line: line.name for line in after.lines},
            **dict.fromkeys(after.heartbeats, "heart"),
            after.desk: "desk",
            after.self_watch: "self",
        }
        assert sorted(named[part] for part in coming) == sorted(changed.split())


@pytest.mark.looptime
async def test_a_template_of_the_folder_that_changes_changes_its_receivers(tmp_path: Path) -> None:
    async with assembly(tmp_path) as (it, _):
        before = put_together(it, tmp_path)
        (tmp_path / "words" / "slack.title.j2").write_text("to {{ receiver }}", encoding="utf-8")
        after = put_together(it, tmp_path).keeping(before)
        assert [line is former for line, former in zip(after.lines, before.lines, strict=True)] == [
            False,
            True,
        ]


@pytest.mark.looptime
async def test_every_series_is_there_before_anything_happens(tmp_path: Path) -> None:
    async with assembly(tmp_path) as (it, around):
        for account in put_together(it, tmp_path).accounts:
            account.try_out()
        registry = around.instruments.registry
        for name, labels in {
            "regwatch_api_requests_total": {
                "account": "bolt",
                "endpoint": "token",
                "outcome": "success",
            },
            "regwatch_notifications_total": {"receiver": "chat", "outcome": "refused"},
            "regwatch_heartbeats_total": {"outcome": "sent"},
        }.items():
            assert registry.get_sample_value(name, labels) == 0, name


@pytest.mark.looptime
async def test_who_wants_all_is_told_all_of_an_outage_that_a_message_does_not_hold(
    tmp_path: Path,
) -> None:
    phones = phones_lost(70, receiver="ops")
    async with assembly(tmp_path) as (it, around), sink() as hook:
        usual = f'webhook: {{url: "{hook.url}"'
        text = TEXT.replace('webhook: {url: "http://127.0.0.1:9", body: "{{ receiver }}"', usual)
        parts = put_together(it, tmp_path, text)
        it.exchange.change_ends(parts)
        incidents = [item.incident for item in phones.items]
        await around.store.accounts.save(ACME, watched=(), incidents=incidents)
        await around.store.outbox.enqueue(phones, [])
        async with asyncio.TaskGroup() as tasks:
            (ops,) = [line for line in parts.lines if line.name == "ops"]
            ops.start(tasks)
            await hook.until(lambda h: h.bodies)
            await ops.stop()
    (body,) = hook.bodies
    assert len(body["alerts"]) == 70
    assert body["truncatedAlerts"] == 0
