"""Life, health, readiness and reload: who is answered what."""

import pytest
from fakes.web import FakeDaemon, account, served, watched

from regwatch.web.server import WebSettings


@pytest.mark.parametrize(
    ("problem", "status", "text"),
    [
        (None, 200, "regwatch is healthy.\n"),
        ("no poll ended for 5 min", 503, "regwatch is not healthy: no poll ended for 5 min\n"),
    ],
)
async def test_health(problem: str | None, status: int, text: str) -> None:
    async with (
        served(FakeDaemon(problem=problem)) as session,
        session.get("/-/healthy") as answer,
    ):
        assert (answer.status, await answer.text()) == (status, text)


@pytest.mark.parametrize(
    ("stalled", "status", "text"),
    [
        (None, 200, "regwatch is alive.\n"),
        (
            "polling stands still for acme",
            503,
            "regwatch is stuck: polling stands still for acme\n",
        ),
    ],
)
async def test_life_is_not_health(stalled: str | None, status: int, text: str) -> None:
    async with (
        served(FakeDaemon(problem="the disk is full", stalled=stalled)) as session,
        session.get("/-/live") as answer,
    ):
        assert (answer.status, await answer.text()) == (status, text)


async def test_ready_once_every_account_was_swept() -> None:
    late = account(watched(1), name="late", first_sweep_done=False)
    async with served(FakeDaemon([account(), late])) as session:
        async with session.get("/-/ready") as answer:
            assert answer.status == 503
            assert (
                await answer.text()
                == "regwatch is not ready: the first sweep is under way for late.\n"
            )
        late.first_sweep_done = True
        async with session.get("/-/ready") as answer:
            assert (answer.status, await answer.text()) == (200, "regwatch is ready.\n")


WRITES = {"Authorization": "Bearer t0ken"}
WRITABLE = WebSettings(api_token="t0ken")


@pytest.mark.parametrize(
    ("problems", "status", "lines"),
    [
        ([], 200, ["The configuration was reloaded."]),
        (
            ["regwatch.yml:3: unknown key", "regwatch.yml:9: not a duration"],
            400,
            [
                "Not reloaded; the former configuration stays in force.",
                "regwatch.yml:3: unknown key",
                "regwatch.yml:9: not a duration",
            ],
        ),
    ],
)
async def test_reload_tells_what_is_wrong(
    problems: list[str], status: int, lines: list[str]
) -> None:
    async def reload() -> list[str]:
        return problems

    async with (
        served(FakeDaemon(), reload=reload, settings=WRITABLE) as session,
        session.post("/-/reload", headers=WRITES) as answer,
    ):
        assert (answer.status, (await answer.text()).splitlines()) == (status, lines)


class Reloads:
    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self) -> list[str]:
        self.calls += 1
        return []


async def test_reload_is_not_for_links_nor_for_other_sites_pages_nor_for_everybody() -> None:
    reloads = Reloads()
    async with served(FakeDaemon(), reload=reloads, settings=WRITABLE) as session:
        async with session.get("/-/reload") as answer:
            assert answer.status == 405
        foreign = {"Sec-Fetch-Site": "cross-site", **WRITES}
        async with session.post("/-/reload", headers=foreign) as answer:
            assert answer.status == 403
        async with session.post("/-/reload") as answer:
            assert answer.status == 403
            assert (await answer.text()).startswith("Not reloaded: writing needs the daemon's")
    assert reloads.calls == 0


async def test_one_reload_in_ten_seconds_is_enough() -> None:
    """375 of them used up the PBX's quota."""
    reloads = Reloads()
    async with served(FakeDaemon(), reload=reloads, settings=WRITABLE) as session:
        for _ in range(5):
            async with session.post("/-/reload", headers=WRITES) as answer:
                pass
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
    assert reloads.calls == 1
