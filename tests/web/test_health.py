"""Life, health, readiness and reload: who is answered what."""

import pytest
from fakes.web import FakeDaemon, account, served, watched


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


async def test_reload_tells_what_is_wrong() -> None:
    problems: list[str] = []

    async def reload() -> list[str]:
        return problems

    async with served(FakeDaemon(), reload=reload) as session:
        async with session.post("/-/reload") as answer:
            assert (answer.status, await answer.text()) == (
                200,
                "The configuration was reloaded.\n",
            )
        problems += ["regwatch.yml:3: unknown key", "regwatch.yml:9: not a duration"]
        async with session.post("/-/reload") as answer:
            assert answer.status == 400
            assert (await answer.text()).splitlines()[1:] == problems


async def test_reload_is_not_for_links_nor_for_other_sites_pages() -> None:
    calls = 0

    async def reload() -> list[str]:
        nonlocal calls
        calls += 1
        return []

    async with served(FakeDaemon(), reload=reload) as session:
        async with session.get("/-/reload") as answer:
            assert answer.status == 405
        foreign = {"Sec-Fetch-Site": "cross-site"}
        async with session.post("/-/reload", headers=foreign) as answer:
            assert answer.status == 403
        assert calls == 0
