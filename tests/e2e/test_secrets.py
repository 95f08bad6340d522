"""Forty secrets of all forms, given to a daemon whose PBX and receivers echo whatever they get:
none is found in anything that it writes, stores, shows or sends.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import yaml
from aiohttp import web
from fakes.commands import regwatch
from fakes.daemon import DaemonProcess
from fakes.patience import PATIENCE
from fakes.secret_values import VALUES, echoes, found_in
from fakes.sink import sink

from regwatch.config import ConfigError, load_config

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PATHS = (
    "/", "/metrics", "/-/healthy", "/-/ready", "/-/live", "/api/v1/status", "/api/v1/incidents",
    "/api/v1/incidents?state=resolved", "/api/v1/extensions", "/api/v1/history?limit=5000",
    "/api/v1/silences", "/api/v1/openapi.json", "/?q=x", "/nowhere", "/api/v1/nowhere",
)  # fmt: skip
COMMANDS = ("status", "incidents", "history", "extensions")
STATUSES = (400, 500, 401, 403, 200, 413, 302)
URL_SAFE = "UrlSafe-Yg05hr49Sd83Tf"


class Echo:
    """Answers with what it was told: each time with more before it, so that whatever cuts the
    answer cuts in another place.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.heard: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        said = f"{request.method} {request.raw_path}\n{headers}\n{body}"
        self.heard.add(said)
        self.asked += 1
        text = "x" * (self.asked * 7 % 230) + echoes(said)
        status = STATUSES[self.asked % len(STATUSES)]
        location = {"Location": f"/elsewhere?{quote(said[:500])}"} if status == 302 else {}
        return web.Response(status=status, text=text, headers=location)


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Echo, str]]:
    echo = Echo()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", echo.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield echo, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def in_file(folder: Path, name: str, value: str) -> str:
    """As an editor or another system leaves it."""
    mark = "\ufeff" if name.startswith("a byte order mark") else ""
    path = folder / f"secret-{len(list(folder.iterdir()))}"
    path.write_text(f"{mark}{value}\n", encoding="utf-8")
    return str(path)


def configuration(folder: Path, echo: str, hook: str, listen: str) -> dict[str, Any]:
    files = iter([in_file(folder, name, value) for name, value in VALUES.items()])
    accounts = [
        {"name": f"a{n}", "url": echo, "client_id": f"id-{n}", "client_secret_file": file}
        for n, file in enumerate(islice(files, 26))
    ]
    webhooks = [
        {"name": f"hook{n}", "webhook": {"url": f"{echo}/h{n}", "secret_file": file}}
        for n, file in enumerate(islice(files, 5))
    ]
    accounts += [
        {"name": f"t{n}", "url": echo, "access_token_file": file}
        for n, file in enumerate(islice(files, 5))
    ]
    receivers: list[dict[str, Any]] = [
        {"name": "sink", "webhook": {"url": hook}},
        *webhooks,
        {"name": "basic", "webhook": {"url": echo, "basic_auth": {
            "username": "noc", "password_file": next(files)}}},
        {"name": "bearer", "webhook": {"url": echo, "bearer_token_file": next(files)}},
        {"name": "am", "alertmanager": {"urls": [echo], "bearer_token_file": next(files)}},
        {"name": "slack", "slack": {"url": f"{echo}/services/{URL_SAFE}"}},
        {"name": "telegram", "telegram": {"token": f"123456:{URL_SAFE}", "chat_id": "-1",
                                          "url": echo}},
        {"name": "discord", "discord": {"url": f"{echo}/api/webhooks/1/{URL_SAFE}"}},
    ]  # fmt: skip
    return {
        "accounts": [{**each, "polling": {"timeout": "5s"}} for each in accounts],
        "receivers": receivers,
        "routes": [
            {"receivers": [each["name"] for each in receivers], "group_wait": "0s",
             "group_interval": "1s", "group_by": ["account", "alert", "receiver"]},
        ],
        "alerts": {"api_unavailable": {"for": "0s", "severity": "critical"}},
        "heartbeat": {"url": f"{echo}/ping/{URL_SAFE}", "every": "10s"},
        "http": {"listen": listen, "api_token_file": next(files)},
        "storage": {"url": f"sqlite:///{folder}/regwatch.db"},
        "log": {"level": "debug", "format": "json"},
    }  # fmt: skip


def broken(good: Mapping[str, Any], value: str) -> list[str]:
    """Configurations in which somebody wrote a secret wrongly."""
    text = yaml.safe_dump(dict(good), allow_unicode=True, sort_keys=False)
    first = "accounts:\n- name: a0\n"
    assert text.startswith(first)
    lines = (
        f"client_secret: {value}", f"client_secret_file: {value}", f"client_secrett: {value}",
        f"client_secret: [{value}]", f"\tclient_secret: {value}", f"client_secret:{value}",
        f"client_secret: '{value}", f"polling: {value}", f"url: {value}",
    )  # fmt: skip
    return [f"{first}  {line}\n{text.removeprefix(first)}" for line in lines]


class Channels:
    """All that may hold what nobody is to read."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, channel: str, text: str) -> None:
        self.texts[channel] = self.texts.get(channel, "") + text + "\n"

    def leaks(self) -> list[tuple[str, str, str]]:
        secrets = {**VALUES, "in URLs": URL_SAFE}
        return [
            (channel, name, piece)
            for channel, text in self.texts.items()
            for name, value in secrets.items()
            if (piece := found_in(text, value))
        ]


async def test_forty_secrets_are_nowhere_to_be_found(tmp_path: Path) -> None:
    folder, found = tmp_path / "files", Channels()
    folder.mkdir()
    config = tmp_path / "regwatch.yml"
    running = DaemonProcess(config, {"PYTHONFAULTHANDLER": "1"})
    async with echoing() as (echo, url), sink() as hook:
        good = configuration(folder, url, hook.url, running.listen)
        config.write_text(yaml.safe_dump(good, allow_unicode=True, sort_keys=False))
        checked = await regwatch("check-config", config)
        assert checked.status == 0, checked.out + checked.err
        found.add("check-config", checked.out + checked.err)
        await running.start()
        try:
            await hook.until(lambda h: len({a["labels"]["account"] for a in h.alerts}) > 30)
            broken_ones = [a for a in hook.alerts if a["labels"]["alertname"].endswith("Broken")]
            del broken_ones
            for path in PATHS:
                found.add("pages, API and metrics", (await running.get(path))[1])
            for command in COMMANDS:
                shown = await regwatch(command, "--url", running.url, "--json")
                found.add("commands", shown.out + shown.err)
            for turn, value in enumerate(VALUES.values()):
                wrong = broken(good, value)
                for text in wrong:
                    config.write_text(text)
                    found.add("check-config", problems_with(config))
                config.write_text(wrong[turn % len(wrong)])
                found.add("reload", await reloaded(running))
            found.add("reload", json.dumps(await reload_by_http(running)))
        finally:
            await running.stop(signal.SIGABRT)
        found.add("messages", json.dumps(hook.bodies, ensure_ascii=False))
    found.add("log and crash output", running.log.read_text())
    for file in folder.glob("regwatch.db*"):
        found.add("database", file.read_bytes().decode("utf-8", errors="replace"))
    assert echo.asked > 100
    assert "Fatal Python error: Aborted" in found.texts["log and crash output"]
    counts = {channel: len(text) for channel, text in found.texts.items()}
    print(json.dumps(counts))  # how much was searched: for the table
    assert found.leaks() == [], found.leaks()


def problems_with(config: Path) -> str:
    try:
        load_config(config, environ={})
    except ConfigError as error:
        return str(error)
    return ""


async def reloaded(running: DaemonProcess) -> str:
    """What the log says of a reload."""
    assert running.process is not None
    before = running.log.stat().st_size
    running.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(PATIENCE):
        while True:
            text = running.log.read_bytes()[before:].decode(errors="replace")
            if "config_not_reloaded" in text or "config_reloaded" in text:
                return text
            await asyncio.sleep(0.02)


async def reload_by_http(running: DaemonProcess) -> str:
    headers = {"Authorization": f"Bearer {[*VALUES.values()][-1]}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{running.url}/-/reload") as answer,
    ):
        return f"{answer.status} {await answer.text()}"
