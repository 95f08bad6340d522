"""A real Chromium on pages of strangers: by a name that was made to point here, by forms and
scripts of another host.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from fakes.browser import Tab, chromium, tab
from fakes.web import FakeDaemon, FakeOperations, account, served, watched

from regwatch.web.listener import listening
from regwatch.web.server import WebSettings

pytestmark = pytest.mark.needs_debian
EVIL, REBOUND = "evil.localhost", "rebound.localhost"
"""Browsers take every name below `localhost` for this machine, as a rebound name is."""
FORM = """<!doctype html><form method=post action="{action}"><button>Win</button></form>
<iframe name=sink></iframe>"""


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("strangers")) as address:
        yield address


@dataclass
class Stage:
    """A daemon, a stranger's page, and a tab."""

    tab: Tab
    port: int
    evil: str
    """The stranger's own page, with a form that reloads the daemon."""
    reloads: list[int]


@asynccontextmanager
async def stage(devtools: str, token: str = "") -> AsyncIterator[Stage]:
    reloads: list[int] = []

    async def reload() -> list[str]:
        reloads.append(1)
        return []

    daemon = FakeDaemon([account(watched(1))])
    settings = WebSettings(api_token=token)
    operations = FakeOperations()
    async with served(daemon, reload=reload, settings=settings, operations=operations) as session:
        port = session._base_url.port  # type: ignore[union-attr]
        app = web.Application()
        action = f"http://127.0.0.1:{port}/-/reload"

        async def page(_request: web.Request) -> web.Response:
            return web.Response(text=FORM.format(action=action), content_type="text/html")

        app.router.add_get("/", page)
        async with listening(app, "127.0.0.1:0") as evil, tab(devtools, "about:blank") as opened:
            yield Stage(opened, int(port or 0), f"http://{EVIL}:{evil.port}/", reloads)


async def text(stage: Stage) -> str:
    return str(await stage.tab.run("document.body.innerText"))


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/metrics", "/-/live"])
async def test_a_name_that_was_made_to_point_here_shows_nothing(devtools: str, path: str) -> None:
    async with stage(devtools) as it:
        await it.tab.go(f"http://{REBOUND}:{it.port}{path}")
        assert f"the name {REBOUND}:{it.port} is not known" in await text(it)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_by_its_own_names_it_is_shown(devtools: str, host: str) -> None:
    async with stage(devtools) as it:
        await it.tab.go(f"http://{host}:{it.port}/")
        assert "regwatch" in str(await it.tab.run("document.title"))
        read = "fetch('/api/v1/status').then((answer) => answer.status)"
        assert await it.tab.run(read) == 200


async def test_a_form_of_another_host_reloads_nothing(devtools: str) -> None:
    async with stage(devtools) as it:
        await it.tab.go(it.evil)
        it.tab.loaded.clear()
        await it.tab.run("document.forms[0].submit()")
        await it.tab.loaded.wait()
        assert "asked for by another site's page" in await text(it)
        assert it.reloads == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/status"), ("GET", "/metrics"), ("POST", "/-/reload")],
)
async def test_a_script_of_another_host_reads_nothing_and_changes_nothing(
    devtools: str, method: str, path: str
) -> None:
    async with stage(devtools) as it:
        await it.tab.go(it.evil)
        url = f"http://127.0.0.1:{it.port}{path}"
        for mode in ("cors", "no-cors"):
            ask = f"fetch('{url}', {{method: '{method}', mode: '{mode}'}})"
            read = f"{ask}.then((answer) => answer.text(), () => 'refused')"
            assert await it.tab.run(read) in ("refused", "")
        assert it.reloads == []


async def test_prometheus_may_ask_by_any_name(devtools: str) -> None:
    async with stage(devtools) as it:
        headers = {"Host": "watch.office.example.com:9877", "Accept": "text/plain;version=0.0.4"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"http://127.0.0.1:{it.port}/metrics") as answer,
        ):
            assert answer.status == 200
