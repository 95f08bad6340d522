"""What an operator does with a running daemon: look, silence, take on, look back."""

import csv
import io
import json
from pathlib import Path

import pytest
from fakes.commands import Result, regwatch
from fakes.daemon import DaemonProcess, daemon
from fakes.sink import sink

from regwatch.simulator import Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e

CALM = SimulatorSettings(extensions=60, seed=4, leases="3600", quota=1_000_000, calm=True)


async def ask(running: DaemonProcess, *words: str) -> Result:
    """A command for this daemon, found by its configuration."""
    command = 2 if words[0] == "silence" else 1
    options = ("-c", str(running.config))
    return await regwatch(*words[:command], *options, *words[command:])


@pytest.mark.long
async def test_an_operator_at_work(tmp_path: Path) -> None:
    async with (
        Simulator(CALM).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as running,
    ):
        await running.until_ready()
        first, second, third = pbx.control.registered_ids()[::20]  # of different sites
        names = {i: pbx.control.world.registrar.phones[i].name for i in (first, second, third)}

        calm = await ask(running, "status")
        assert "acme: 60 registered" in calm.out
        assert "No open incidents." in calm.out

        pbx.control.act(first, "unregister")
        await hook.until(lambda h: h.of(first, "firing"))
        found = await ask(running, "incidents", "--json")
        (incident,) = json.loads(found.out)["incidents"]
        assert (incident["extension_id"], incident["state"]) == (first, "firing")
        words = ("--author", "anna", "--comment", "on my way")
        taken = await ask(running, "ack", incident["id"], *words)
        assert taken.out.startswith("Acknowledged by anna: ")
        assert "acknowledged by anna" in (await ask(running, "incidents")).out

        silence = ("extension=" + names[second], "--for", "1h", "--comment", "new phone")
        made = await ask(running, "silence", "add", *silence)
        silence_id = made.out.split()[1]
        assert made.out.startswith("Silence ")
        pbx.control.act(second, "unregister")
        pbx.control.act(third, "unregister")
        await hook.until(lambda h: h.of(third, "firing"))
        await running.until_metric(
            'regwatch_extensions{account="acme",site="",state="signed_off"} 3.0'
        )
        assert f"muted by silence {silence_id}" in (await ask(running, "status")).out
        assert "new phone" in (await ask(running, "silence", "list")).out
        assert hook.of(second) == []

        # What is set stays set, over a restart.
        assert await running.stop() == 0
        await running.start()
        ended = await ask(running, "silence", "expire", silence_id)
        assert ended.out.startswith(f"Silence {silence_id} has ended")
        await hook.until(lambda h: h.of(second, "firing"))
        again = await ask(running, "silence", "expire", silence_id)
        assert (again.status, silence_id in again.err) == (1, True)
        assert "expired" in (await ask(running, "silence", "list", "--all")).out
        assert (await ask(running, "silence", "list")).out == "", "a pipe"

        shown = await ask(running, "show", names[second])
        assert "signed off (unregistered)" in shown.out
        assert "told hook" in shown.out
        assert "silenced by silence" in shown.out
        pbx.control.act(first, "revive")
        await hook.until(lambda h: h.of(first, "resolved"))
        story = await ask(running, "history", "--incident", incident["id"], "--csv")
        lines = list(csv.DictReader(io.StringIO(story.out)))
        events = [(line["kind"], line["event"]) for line in reversed(lines)]
        assert sorted(events) == sorted(
            [
                ("incident", "fired"),
                ("notification", "new"),
                ("incident", "acknowledged"),
                ("incident", "resolved"),
                ("notification", "resolved"),
            ]
        )
        resolved = await ask(running, "incidents", "--resolved")
        assert incident["id"] in resolved.out
        nobody = await ask(running, "show", "nobody")
        assert (nobody.status, nobody.err) == (1, "regwatch: no watched extension is nobody\n")


async def test_a_deletion_through_us_is_no_loss(tmp_path: Path) -> None:
    async with (
        Simulator(CALM).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as running,
    ):
        await running.until_ready()
        deleted, lost, *_ = pbx.control.registered_ids()
        result = await ask(running, "unregister", "--yes", str(deleted))
        assert result.status == 0, result.err
        assert "after: not registered" in result.out
        await running.until_metric('regwatch_extensions{account="acme",site="",state="lost"} 1.0')
        pbx.control.act(lost, "unregister")
        await hook.until(lambda h: h.of(lost, "firing"))
        assert hook.of(deleted) == []


async def test_the_daemon_deletes_and_tests_for_whoever_may_write(tmp_path: Path) -> None:
    """With its own secrets: who asks needs none."""
    async with (
        Simulator(CALM).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as running,
    ):
        await running.until_ready()
        deleted, *_ = pbx.control.registered_ids()
        path = f"/extensions/{deleted}/registrations"
        status, done = await running.write("DELETE", f"{path}?author=anna")
        assert (status, len(done["before"]), done["after"]) == (200, 1, [])
        assert deleted not in pbx.control.registered_ids()
        again = await running.write("DELETE", f"{path}?author=anna")
        assert again == (404, {"error": "nothing is registered: nothing to delete"})
        lost_one = 'regwatch_extensions{account="acme",site="",state="lost"} 1.0'
        await running.until_metric(lost_one)
        assert hook.of(deleted) == []
        status, tried = await running.write("POST", "/receivers/hook/test", {"author": "anna"})
        assert (status, tried["taken"], tried["kind"]) == (200, True, "webhook")
        pbx.control.set_faults({"deletions_refused": True})
        held, *_ = pbx.control.registered_ids()
        path = f"/extensions/{held}/registrations"
        status, refused = await running.write("DELETE", f"{path}?author=anna")
        assert (status, "denies this application" in refused["error"]) == (503, True), refused


async def test_a_deletion_that_the_pbx_refuses_excuses_nothing(tmp_path: Path) -> None:
    async with (
        Simulator(CALM).serving() as pbx,
        sink() as hook,
        daemon(tmp_path, pbx=pbx.url, hook=hook.url) as running,
    ):
        await running.until_ready()
        held, *_ = pbx.control.registered_ids()
        pbx.control.set_faults({"deletions_refused": True})
        result = await ask(running, "unregister", "--yes", str(held))
        assert result.status == 1
        pbx.control.act(held, "unregister")
        await hook.until(lambda h: h.of(held, "firing"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("silence", "add", "site", "--for", "1h", "--comment", "x"), "`site` is no matcher"),
        (
            ("silence", "add", "a=b", "--comment", "x", "--url", "http://x"),
            "a silence needs an end",
        ),
        (
            ("silence", "add", "a=b", "--for", "5", "--comment", "x"),
            "`5` is no duration (write `5s`",
        ),
        (("history", "--since", "someday"), "`someday` is neither 24h nor 2026-12-01T22:00"),
        (("status", "--url", "localhost"), "--url localhost is no URL: write http://HOST:PORT"),
        (("status", "--url", "http://127.0.0.1:1"), "no regwatch runs at http://127.0.0.1:1"),
    ],
)
async def test_what_is_wrong_is_said(words: tuple[str, ...], message: str) -> None:
    result = await regwatch(*words)
    assert result.status in (1, 2)
    assert message in result.err
