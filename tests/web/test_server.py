"""The HTTP side put together."""

import pytest
from fakes.web import FakeDaemon, account, instruments, served

from regwatch.core.model import AlertName
from regwatch.web.server import SECURITY_HEADERS


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/static/status.css", "/nowhere"])
async def test_every_answer_is_guarded(path: str) -> None:
    async with served(FakeDaemon()) as session, session.get(path) as answer:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert answer.headers["Cache-Control"] == "no-store"


async def test_two_daemons_in_a_process_are_two() -> None:
    one, other = instruments(), instruments()
    one.incident_fired(AlertName.EXTENSION_LOST)
    first, second = FakeDaemon([account(name="a")]), FakeDaemon([account(name="b")])
    line = 'regwatch_incidents_total{alert="extension_lost"} '
    async with served(first, one) as a, served(second, other) as b:
        async with a.get("/metrics") as answer:
            text = await answer.text()
            assert line + "1.0" in text
            assert 'account="b"' not in text
        async with b.get("/metrics") as answer:
            assert line + "0.0" in await answer.text()
