"""The real thing, end to end: a simulated PBX, the daemon as a process, a webhook that listens."""

import signal
from pathlib import Path

import pytest
from fakes.daemon import daemon
from fakes.sink import sink

from regwatch.simulator import Served, Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e


def settings(**more: object) -> SimulatorSettings:
    values = {"extensions": 12, "seed": 3, "leases": "5,40", "quota": 1_000_000, "calm": True}
    return SimulatorSettings(**{**values, **more})  # type: ignore[arg-type]


def phones(pbx: Served, *, lease: float) -> list[int]:
    """Registered extensions whose phone has this lease, and refreshes well before its end."""
    fleet = pbx.control.world.registrar.phones
    held = {i: fleet[i].bindings[0] for i in pbx.control.registered_ids()}
    return [i for i, b in held.items() if b.lease == lease and (lease < 10 or b.period < 37)]


async def test_each_loss_arrives_once_and_is_resolved_once(tmp_path: Path) -> None:
    async with (
        Simulator(settings()).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as regwatch,
    ):
        await regwatch.until_ready()
        silent, *_ = phones(pbx, lease=5)
        good_bye, reboots, *_ = phones(pbx, lease=40)
        pbx.control.act(silent, "die")
        pbx.control.act(good_bye, "unregister")
        pbx.control.act(reboots, "reboot")
        await hook.until(lambda h: h.of(silent, "firing") and h.of(good_bye, "firing"))
        pbx.control.act(silent, "revive")
        pbx.control.act(good_bye, "revive")
        await hook.until(lambda h: h.of(silent, "resolved") and h.of(good_bye, "resolved"))
        assert await regwatch.stop() == 0
    for extension, reason, name in (
        (silent, "expired", "RegwatchExtensionLost"),
        (good_bye, "unregistered", "RegwatchSignedOff"),
    ):
        told = hook.of(extension)
        assert [alert["status"] for alert in told] == ["firing", "resolved"]
        assert {alert["regwatch"]["reason"] for alert in told} == {reason}
        assert told[0]["labels"]["alertname"] == name
    assert hook.of(reboots) == [], "a reboot is no loss"


async def test_sighup_reloads_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    async with (
        Simulator(settings()).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as regwatch,
    ):
        await regwatch.until_ready()
        assert regwatch.process is not None
        good = regwatch.config.read_text()
        regwatch.config.write_text(good.replace("accounts:", "acounts:"))
        regwatch.process.send_signal(signal.SIGHUP)
        await regwatch.until_metric("regwatch_config_last_reload_successful 0.0")
        lost, *_ = pbx.control.registered_ids()
        pbx.control.act(lost, "unregister")
        await hook.until(lambda h: h.of(lost, "firing"))
        regwatch.config.write_text(good.replace("severity: critical}}", "severity: warning}}"))
        regwatch.process.send_signal(signal.SIGHUP)
        await regwatch.until_metric("regwatch_config_last_reload_successful 1.0")
        pbx.control.act(lost, "revive")
        await hook.until(lambda h: h.of(lost, "resolved"))
        assert await regwatch.stop() == 0
    assert [alert["status"] for alert in hook.of(lost)] == ["firing", "resolved"]


async def test_a_loss_while_the_daemon_was_down_is_found_and_dated(tmp_path: Path) -> None:
    async with (
        Simulator(settings()).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as regwatch,
    ):
        await regwatch.until_ready()
        lost, *_ = pbx.control.registered_ids()
        assert await regwatch.stop() == 0
        pbx.control.act(lost, "unregister")
        await regwatch.start()
        await hook.until(lambda h: h.of(lost, "firing"))
        assert await regwatch.stop(signal.SIGINT) == 0
    (alert,) = hook.of(lost)
    assert alert["regwatch"]["last_seen"] < alert["regwatch"]["detected"]


async def test_the_heart_beats_while_the_pbx_answers_and_not_otherwise(tmp_path: Path) -> None:
    simulated = settings()
    async with sink() as hook, sink() as switch, Simulator(simulated).serving() as pbx:
        beat = f'heartbeat: {{url: "{switch.url}?key=5ecret", every: 1s}}'
        options = {"pbx": pbx.url, "hook": hook.url, "extra": beat}
        async with daemon(tmp_path, **options) as regwatch:
            await switch.until(lambda s: s.pings >= 3)
            pbx.control.set_faults({"http_500": 1})
            await regwatch.until_metric('regwatch_heartbeats_total{outcome="suppressed"} 2.0')
            silent = switch.pings
            await regwatch.until_metric('regwatch_heartbeats_total{outcome="suppressed"} 4.0')
            assert switch.pings == silent
            pbx.control.clear_faults()
            await switch.until(lambda s: s.pings > silent)
            assert "5ecret" not in regwatch.log.read_text()
