"""The daemon's life in this process, on virtual time: begun, changed, ended; and what fails in it.

Two accounts; what one of them meets must not be felt at the other's PBX.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.living import Living, living
from fakes.pbx import FakePbx
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon, StartError
from regwatch.app.engines.account_engine import AccountEngine, Watch
from regwatch.app.operations import Operations
from regwatch.app.parts import Parts
from regwatch.app.reloading import TRIAL_SECONDS
from regwatch.config import Config
from regwatch.core.matchers import Matchers
from regwatch.core.model import Incident, Timestamp
from regwatch.store import StoreUnavailableError

pytestmark = pytest.mark.looptime

LIST = "/api/ver1.0/client/@me/extension/"
ROUND = 10.0
"""Seconds from poll to poll."""
CHANGED = {"acme_polling": ", batch_size: 2"}


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Other tests are to have their garbage collected."""
    yield
    gc.unfreeze()


def asked(pbx: FakePbx) -> tuple[int, int, int]:
    """How many tokens, lists and polls."""
    return pbx.tokens_issued, pbx.count(LIST), len(pbx.batches)


def events(logs: Sequence[Any]) -> list[str]:
    return [line["event"] for line in logs]


def now() -> float:
    return asyncio.get_running_loop().time()


# --- begun and ended ------------------------------------------------------------


async def test_started_twice_it_runs_once(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        with pytest.raises(StartError, match="started already"):
            await it.daemon.run(asyncio.Event())
        engine = it.daemon.begun.engine
        assert engine._tasks is not None
        engine.start(engine._tasks)
        await asyncio.sleep(10 * ROUND + 5)
        assert asked(it.acme) == asked(it.bolt) == (1, 1, 11)


async def test_stopped_twice_it_is_stopped_once(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            await asyncio.sleep(ROUND)
            await it.daemon.begun.engine.stop()
            polls = asked(it.acme)
            await it.daemon.begun.engine.stop()
            await asyncio.sleep(5 * ROUND)
            assert asked(it.acme) == polls
            it.stop.set()
            it.stop.set()
    assert events(logs)[-2:] == ["stopping", "stopped"]
    with pytest.raises(StartError, match="started already"):
        await it.daemon.run(asyncio.Event())


async def test_two_in_one_process_do_not_feel_each_other(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    async with living(folders[0]) as one:
        async with living(folders[1]) as two:
            await asyncio.sleep(5 * ROUND + 5)
            assert asked(one.acme) == asked(two.acme) == (1, 1, 6)
            two.lose(3)
            await asyncio.sleep(2 * ROUND)
            assert (len(one.hook.of(3)), len(two.hook.of(3))) == (0, 2)
            assert await two.reload(**CHANGED) == []
        await asyncio.sleep(3 * ROUND)
        assert asked(one.acme) == (1, 1, 11)


async def test_before_it_starts_there_is_nothing_of_it(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "regwatch.yml", Config.model_construct(), environ={})
    with pytest.raises(RuntimeError, match="has not started"):
        await daemon.reload()


# --- reloads, good and bad ------------------------------------------------------------


async def test_a_reload_that_changes_one_account_is_not_felt_by_the_other(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(5 * ROUND + 5)
        bolt, acme = it.account("bolt"), it.account("acme")
        watcher = bolt._current.watcher
        assert await it.reload(**CHANGED) == []
        assert it.account("bolt") is bolt
        assert it.account("acme") is not acme
        await asyncio.sleep(5 * ROUND)
        assert bolt._current.watcher is watcher
        assert asked(it.bolt) == (1, 1, 11), "a poll a round, no list and no token more"
        assert it.acme.tokens_issued == 2
        assert max(map(len, it.acme.batches[6:])) == 2, "what was changed is in force"


async def test_a_reload_that_changes_nothing_is_felt_by_nobody(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(5 * ROUND + 5)
        parts = it.daemon.begun.engine.parts.everything
        assert await it.reload() == []
        assert it.daemon.begun.engine.parts.everything == parts
        await asyncio.sleep(5 * ROUND)
        assert asked(it.acme) == asked(it.bolt) == (1, 1, 11)


async def test_a_poll_under_way_in_an_unchanged_account_is_answered(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(ROUND / 2)
        it.bolt.barrier = barrier = asyncio.Barrier(2)
        it.lose(2)
        await asyncio.sleep(ROUND / 2 + 5)
        assert barrier.n_waiting == 1, "bolt's PBX takes its time"
        assert await it.reload(**CHANGED) == []
        polls = asked(it.bolt)
        it.bolt.barrier = None
        await barrier.wait()
        await it.hook.until(lambda hook: "bolt" in [a["labels"]["account"] for a in hook.alerts])
        assert asked(it.bolt)[:2] == polls[:2]
        assert asked(it.bolt)[2] - polls[2] <= 2, "whoever is gone is asked again, and nobody else"


async def test_an_account_that_comes_and_one_that_goes_disturb_no_other(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(ROUND + 5)
        whole = it.file.read_text()
        begins, ends = whole.index("  - name: acme"), whole.index("  - name: bolt")
        it.file.write_text(whole[:begins] + whole[ends:])
        assert await it.daemon.reload() == []
        assert [a.name for a in it.daemon.begun.view.accounts()] == ["bolt"]
        polls = asked(it.acme)
        await asyncio.sleep(3 * ROUND)
        assert asked(it.acme) == polls
        it.file.write_text(whole)
        assert await it.daemon.reload() == []
        assert [a.name for a in it.daemon.begun.view.accounts()] == ["acme", "bolt"]
        await asyncio.sleep(ROUND)
        assert asked(it.acme)[:2] == (2, 2)
        assert asked(it.bolt) == (1, 1, 6)


async def test_a_bad_file_is_felt_by_nobody(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(ROUND + 5)
        parts = it.daemon.begun.engine.parts
        assert await it.reload(acme_polling=", batch_size: 2", extra="nonsense: 1\n") != []
        assert it.daemon.begun.engine.parts is parts
        await asyncio.sleep(4 * ROUND)
        assert asked(it.acme) == asked(it.bolt) == (1, 1, 6)


async def test_another_severity_changes_every_account(tmp_path: Path) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(ROUND + 5)
        before = it.daemon.begun.engine.parts
        assert await it.reload(alerts=", signed_off: {severity: warning}") == []
        after = it.daemon.begun.engine.parts
        assert not set(map(id, before.accounts)) & set(map(id, after.accounts))
        assert after.lines == before.lines
        it.lose(2)
        await asyncio.sleep(ROUND + 5)
        assert [a["labels"]["severity"] for a in it.hook.of(2)] == ["warning", "warning"]


# --- what is said in the midst of a reload ------------------------------------------------------


class Pause:
    """The swap of a reload stands still, where who comes reads the store, until it is let go."""

    def __init__(self, it: Living, part: str = "incidents", read: str = "open_incidents") -> None:
        store = getattr(it.daemon.begun.around.store, part)
        sound = getattr(store, read)
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

        async def reading() -> Any:
            found = await sound()
            self.reached.set()
            await self.go_on.wait()
            return found

        setattr(store, read, reading)


async def test_a_silence_that_is_set_during_a_reload_is_obeyed(tmp_path: Path) -> None:
    async with living(tmp_path) as it, asyncio.TaskGroup() as tasks:
        await asyncio.sleep(ROUND + 5)
        begun, pause = it.daemon.begun, Pause(it)
        reloading = tasks.create_task(it.reload(**CHANGED))
        await pause.reached.wait()
        operations = Operations(begun.engine, begun.around.store.operations, clock=it.clocks.wall)
        await operations.silence(
            Matchers.of({"account": ["acme", "bolt"]}),
            starts_at=it.clocks.wall(),
            ends_at=Timestamp(it.clocks.wall() + 3600),
            author="anna",
            comment="",
        )
        pause.go_on.set()
        assert await reloading == []
        it.lose(2)
        await asyncio.sleep(3 * ROUND)
        assert {i.silenced_by is not None for i in begun.view.incidents()} == {True}
        assert it.hook.alerts == []


async def test_an_acknowledgement_during_a_reload_is_obeyed(tmp_path: Path) -> None:
    async with living(tmp_path) as it, asyncio.TaskGroup() as tasks:
        await asyncio.sleep(ROUND + 5)
        it.lose(2)
        await asyncio.sleep(ROUND)
        (mine,) = [i for i in it.daemon.begun.view.incidents() if i.account == "acme"]
        pause = Pause(it)
        reloading = tasks.create_task(it.reload(**CHANGED))
        await pause.reached.wait()
        asked = tasks.create_task(it.daemon.begun.engine.acknowledge(mine.id, "anna", "on my way"))
        await asyncio.sleep(1)
        pause.go_on.set()
        assert await reloading == []
        taken = await asked
        assert taken is not None
        await asyncio.sleep(ROUND)
        by = {i.account: i.acknowledged_by for i in it.daemon.begun.view.incidents()}
        assert by == {"acme": "anna", "bolt": ""}


async def test_a_loss_that_is_seen_while_the_routes_are_changed_is_told_once(
    tmp_path: Path,
) -> None:
    async with living(tmp_path) as it, asyncio.TaskGroup() as tasks:
        await asyncio.sleep(ROUND - 5)
        it.lose(2)
        pause = Pause(it, "outbox", "notified")
        reloading = tasks.create_task(it.reload(group_wait="1s"))
        await pause.reached.wait()
        await asyncio.sleep(10)
        assert len(it.daemon.begun.view.incidents()) == 2, "seen after the store was read"
        assert it.hook.alerts == []
        pause.go_on.set()
        assert await reloading == []
        await asyncio.sleep(5 * ROUND)
        assert sorted(a["labels"]["account"] for a in it.hook.of(2)) == ["acme", "bolt"]


async def test_a_changed_receiver_ends_its_delivery_and_the_other_does_not_notice(
    tmp_path: Path,
) -> None:
    async with living(tmp_path) as it, asyncio.TaskGroup() as tasks:
        await asyncio.sleep(ROUND + 5)
        hook, other = it.daemon.begun.engine.parts.lines
        slow = asyncio.Event()
        deliver = hook._receiver.deliver

        async def slowly(notification: Any) -> None:
            slow.set()
            await asyncio.sleep(3)
            await deliver(notification)

        hook._receiver.deliver = slowly  # type: ignore[method-assign]
        it.lose(2)
        await slow.wait()
        begun_at = now()
        reloading = tasks.create_task(it.reload(hook_more=", timeout: 9s"))
        await asyncio.sleep(2)
        assert len(it.other.of(2)) == 2, "the other one's messages pass"
        assert await reloading == []
        assert 3 <= now() - begun_at < 4, "within the grace"
        lines = it.daemon.begun.engine.parts.lines
        assert (lines[0] is hook, lines[1] is other) == (False, True)
        await asyncio.sleep(ROUND)
        assert sorted(a["labels"]["account"] for a in it.hook.of(2)) == ["acme", "bolt"]


# --- what fails ------------------------------------------------------------


def spoil(account: AccountEngine, spoilt: Callable[[Any], Any]) -> None:
    """Its watchers are not as they should be, from the next one on."""
    sound = account._build

    def build(*given: Any) -> Watch:
        made = sound(*given)
        made.watcher.run = spoilt(made.watcher.run)  # type: ignore[method-assign]
        return made

    account._build = build


def dying(after: float) -> Callable[[Any], Any]:
    """Of a bug, so many seconds after it began."""

    def spoilt(_run: Any) -> Any:
        async def run() -> None:
            await asyncio.sleep(after)
            raise RuntimeError("a bug")

        return run

    return spoilt


def failing_at_its_stop(run: Any) -> Any:
    async def spoilt() -> None:
        try:
            await run()
        finally:
            raise RuntimeError("a bug in its last deed")

    return spoilt


def with_new_accounts(it: Living, spoilt: Callable[[Any], Any]) -> None:
    """Reloads bring an acme that is spoilt, if it has smaller batches; going back does not."""
    reloader = it.daemon.begun.reloader
    sound = reloader._making.parts

    def parts_of(config: Config) -> Parts:
        parts = sound(config)
        if config.accounts[0].polling.batch_size == 2:
            spoil(parts.accounts[0], spoilt)
        return parts

    reloader._making = replace(reloader._making, parts=parts_of)


class LockedOnce(Daemon):
    """Its first account cannot read what is stored of it when it begins."""

    failures = 3

    async def _load(self, around: Any) -> Any:
        sound = around.store.accounts.load

        async def load(account: str) -> Any:
            if account == "acme" and self.failures:
                self.failures -= 1
                raise StoreUnavailableError("database is locked")
            return await sound(account)

        around.store.accounts.load = load
        return await super()._load(around)


async def test_an_account_that_fails_at_its_start_is_begun_again(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path, LockedOnce) as it:
            await asyncio.sleep(2)
            view = it.daemon.begun.view
            problem = view.health_problem()
            assert problem is not None
            assert problem.startswith("watch acme died of StoreUnavailableError")
            assert view.live_problem() is None, "a start anew of the whole would not help"
            assert not it.daemon.begun.engine.heart.may_beat()
            await asyncio.sleep(ROUND)
            assert asked(it.acme) == (1, 1, 1)
            assert asked(it.bolt) == (1, 1, 2), "the other one polls all the time"
            assert view.health_problem() is None
            assert it.daemon.begun.engine.heart.may_beat()
    assert events(logs).count("part_died") == 1, "said once"
    assert "config_taken_back" not in events(logs)


async def test_an_account_that_dies_in_its_first_minute_brings_the_former_configuration_back(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            await asyncio.sleep(ROUND + 5)
            with_new_accounts(it, dying(10.0))
            former = it.daemon.begun.reloader.config
            assert await it.reload(**CHANGED) == []
            await asyncio.sleep(5 * ROUND)
            assert it.daemon.begun.reloader.config is former
            assert it.account("acme").settings.polling.batch_size == 50
            assert it.account("acme")._running.is_started
            assert len(it.acme.batches[-1]) == 4, "it polls as before"
            assert asked(it.bolt) == (1, 1, 7)
            registry = it.daemon.begun.around.instruments.registry
            assert registry.get_sample_value("regwatch_config_last_reload_successful") == 0
            assert await it.reload() == [], "a sound one is taken"
            assert registry.get_sample_value("regwatch_config_last_reload_successful") == 1
    assert events(logs).count("config_taken_back") == 1


async def test_a_second_reload_that_changes_nothing_ends_no_trial(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            with_new_accounts(it, dying(10.0))
            former = it.daemon.begun.reloader.config
            assert await it.reload(**CHANGED) == []
            assert await it.daemon.reload() == []
            await asyncio.sleep(2 * ROUND)
            assert it.daemon.begun.reloader.config is former
    assert events(logs).count("config_taken_back") == 1


async def test_what_failed_takes_nothing_back_that_was_reloaded_after_it(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            assert await it.reload(**CHANGED) == []
            begun = it.daemon.begun
            begun.engine.exchange.died(it.account("acme"))
            # Asked for in the same moment, and first in the line.
            assert await it.reload(bolt_polling=", batch_size: 3") == []
            await asyncio.sleep(ROUND)
            assert it.account("bolt").settings.polling.batch_size == 3
    assert "config_taken_back" not in events(logs)


async def dies_of_a_bug() -> None:
    await asyncio.sleep(5.0)
    raise RuntimeError("a bug")


OTHER_PARTS: Mapping[str, tuple[dict[str, str], Callable[[Parts], Any]]] = {
    "a receiver's line": ({"hook_more": ", timeout: 9s"}, lambda p: p.lines[0]._sending),
    "what it is told again": (
        {"hook_more": '}}\n  - {name: am, alertmanager: {urls: ["http://127.0.0.1:9"]'},
        lambda p: p.lines[1]._reposting,
    ),
    "the desk": ({"group_wait": "1s"}, lambda p: p.desk._running),
    "the watch over itself": (
        {"alerts": ", receiver_broken: false"},
        lambda p: p.self_watch._running,
    ),
    "the heartbeat": (
        {"extra": "heartbeat: {url: 'http://127.0.0.1:1/ping'}\n"},
        lambda p: p.heartbeats[0]._running,
    ),
}


@pytest.mark.parametrize("part", OTHER_PARTS)
async def test_whichever_part_dies_in_its_first_minute_the_former_configuration_comes_back(
    tmp_path: Path, part: str
) -> None:
    change, running_of = OTHER_PARTS[part]
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            reloader = it.daemon.begun.reloader
            former, sound = reloader.config, reloader._making.parts

            def parts_of(config: Config) -> Parts:
                parts = sound(config)
                if config is not former:
                    running_of(parts)._work = dies_of_a_bug
                return parts

            reloader._making = replace(reloader._making, parts=parts_of)
            assert await it.reload(**change) == []
            assert reloader.config is not former
            await asyncio.sleep(2 * ROUND)
            assert reloader.config is former
            assert it.daemon.begun.view.health_problem() is None
            registry = it.daemon.begun.around.instruments.registry
            assert registry.get_sample_value("regwatch_config_last_reload_successful") == 0
            it.lose(2)
            await it.hook.until(lambda hook: len(hook.of(2)) == 2)
    said = events(logs)
    assert (said.count("part_died"), said.count("config_taken_back")) == (1, 1)


async def test_one_that_dies_later_is_begun_again_with_what_was_reloaded(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            with_new_accounts(it, dying(TRIAL_SECONDS + 1))
            assert await it.reload(**CHANGED) == []
            await asyncio.sleep(2 * TRIAL_SECONDS)
            assert it.account("acme").settings.polling.batch_size == 2
    assert "part_died" in events(logs)
    assert "config_taken_back" not in events(logs)


async def test_one_that_the_reload_did_not_touch_takes_nothing_back(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            assert await it.reload(**CHANGED) == []
            spoil(it.account("bolt"), lambda run: run)
            it.daemon.begun.engine.exchange.died(it.account("bolt"))
            await asyncio.sleep(ROUND)
            assert it.account("acme").settings.polling.batch_size == 2
    assert "config_taken_back" not in events(logs)


async def test_if_the_former_one_cannot_be_taken_up_it_is_said_and_tried_on(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            with_new_accounts(it, dying(10.0))
            assert await it.reload(**CHANGED) == []
            store, failures = it.daemon.begun.around.store, [1]
            sound = store.incidents.open_incidents

            async def open_incidents() -> Sequence[Incident]:
                if failures and failures.pop():
                    raise StoreUnavailableError("database is locked")
                return await sound()

            await asyncio.sleep(9)
            store.incidents.open_incidents = open_incidents  # type: ignore[method-assign]
            await asyncio.sleep(ROUND)
    assert "former_config_not_taken_up" in events(logs)
    assert events(logs)[-1] == "stopped"


async def test_an_account_that_fails_in_its_stop_holds_up_neither_a_reload_nor_the_end(
    tmp_path: Path,
) -> None:
    with capture_logs() as logs:
        async with living(tmp_path) as it:
            with_new_accounts(it, failing_at_its_stop)
            assert await it.reload(**CHANGED) == []
            await asyncio.sleep(2 * ROUND)
            assert await it.reload() == [], (
                "it failed when it was stopped, and is gone all the same"
            )
            assert it.account("acme").settings.polling.batch_size == 50
            assert await it.reload(**CHANGED) == []
    assert [line["at_stop"] for line in logs if line["event"] == "part_died"] == [True, True]
    assert events(logs)[-1] == "stopped"


# --- the clock on the wall is set ------------------------------------------------


def starts_of(alerts: Sequence[Any]) -> set[datetime]:
    return {datetime.fromisoformat(alert["startsAt"]) for alert in alerts}


@pytest.mark.parametrize("step", [-3600.0, 86_400.0])
async def test_what_is_told_after_the_clock_was_set_bears_its_times_and_nothing_else_is_told(
    tmp_path: Path, step: float
) -> None:
    async with living(tmp_path) as it:
        await asyncio.sleep(ROUND + 5)
        it.lose(2)
        await asyncio.sleep(3 * ROUND)
        (began,) = starts_of(firing := list(it.hook.alerts))
        polls = len(it.acme.batches)
        it.clocks.set_by = step
        await asyncio.sleep(6 * ROUND)
        assert len(it.acme.batches) - polls == pytest.approx(6, abs=1)
        assert it.hook.alerts == firing, "it is told already"
        it.lose()
        await asyncio.sleep(3 * ROUND)
        ended = [alert for alert in it.hook.alerts if alert["status"] == "resolved"]
        assert len(ended) == len(firing) == 2, "of either account"
        assert starts_of(ended) == {began + timedelta(seconds=step)}
        registry = it.daemon.begun.around.instruments.registry
        assert registry.get_sample_value("regwatch_clock_steps_total") == 1


async def test_a_step_during_a_reload_is_found_after_it_and_moves_all_once(tmp_path: Path) -> None:
    async with living(tmp_path) as it, asyncio.TaskGroup() as tasks:
        await asyncio.sleep(ROUND + 5)
        it.lose(2)
        await asyncio.sleep(3 * ROUND)
        (began,) = {i.started_at for i in it.daemon.begun.view.incidents()}
        pause = Pause(it)
        reloading = tasks.create_task(it.reload(**CHANGED))
        await pause.reached.wait()
        it.clocks.set_by = 3600.0
        await asyncio.sleep(ROUND)
        pause.go_on.set()
        assert await reloading == []
        await asyncio.sleep(3 * ROUND)
        assert {i.started_at for i in it.daemon.begun.view.incidents()} == {began + 3600.0}
        assert {alert["status"] for alert in it.hook.alerts} == {"firing"}
        assert len(it.hook.alerts) == 2, "nobody is told again"
