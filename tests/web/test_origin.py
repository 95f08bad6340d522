"""No page of another host may change anything through a browser."""

import pytest
from fakes.web import FakeDaemon, served


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[evil"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/-/reload", "/api/v1/silences"])
async def test_a_page_of_another_host_changes_nothing(path: str, headers: dict[str, str]) -> None:
    async with served(FakeDaemon()) as session, session.post(path, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_own_pages_and_people_may_reload(site: str) -> None:
    async with served(FakeDaemon()) as session:
        async with session.post("/-/reload", headers={"Sec-Fetch-Site": site}) as answer:
            assert answer.status == 200
        own = {"Origin": str(answer.url.origin())}
        async with session.post("/-/reload", headers=own) as answer:
            assert answer.status == 200


async def test_reading_asks_for_no_origin() -> None:
    foreign = {"Origin": "http://evil.example"}
    async with served(FakeDaemon()) as session, session.get("/-/live", headers=foreign) as answer:
        assert answer.status == 200
