"""A real Chromium opens the page by its outside name, through a proxy in front of the daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.browser import chromium, tab
from fakes.servers import free_port, reverse_proxy
from fakes.web import FakeDaemon, FakeOperations, account, served, watched

from regwatch.web.server import WebSettings

pytestmark = [pytest.mark.needs_debian, pytest.mark.long]
OUTSIDE = "watch.localhost"
"""Browsers take every name below `localhost` for this machine."""


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("proxied")) as address:
        yield address


@pytest.mark.parametrize(
    ("external_url", "hosts", "is_known"),
    [
        pytest.param("http://{name}:{port}/", (), True, id="as external_url says"),
        pytest.param(None, (OUTSIDE,), True, id="as hosts say"),
        pytest.param(None, (), False, id="as nobody says"),
    ],
)
async def test_the_page_is_shown_under_an_outside_name_that_is_known(
    devtools: str,
    tmp_path: Path,
    external_url: str | None,
    hosts: tuple[str, ...],
    is_known: bool,
) -> None:
    port = free_port()
    if external_url is not None:
        external_url = external_url.format(name=OUTSIDE, port=port)
    settings = WebSettings(external_url=external_url, hosts=hosts)
    daemon, operations = FakeDaemon([account(watched(1))]), FakeOperations()
    async with (
        served(daemon, settings=settings, operations=operations) as session,
        reverse_proxy(session._base_url, tmp_path, port=port),
        tab(devtools, "about:blank") as opened,
    ):
        await opened.go(f"http://{OUTSIDE}:{port}/")
        if is_known:
            assert "regwatch" in str(await opened.run("document.title"))
        else:
            text = str(await opened.run("document.body.innerText"))
            assert f"the name {OUTSIDE}:{port} is not known" in text
        read = "fetch('/api/v1/status').then((answer) => answer.status)"
        assert await opened.run(read) == (200 if is_known else 403)
