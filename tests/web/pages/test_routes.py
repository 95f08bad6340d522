"""The files that the page loads."""

import pytest
from fakes.web import FakeDaemon, served
from yarl import URL


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("status.css", "text/css"),
        ("patch.js", "javascript"),
        ("refresh.js", "javascript"),
        ("good.svg", "image/svg+xml"),
        ("notice.svg", "image/svg+xml"),
        ("warning.svg", "image/svg+xml"),
        ("bad.svg", "image/svg+xml"),
    ],
)
async def test_the_files_of_the_page(name: str, content_type: str) -> None:
    async with served(FakeDaemon()) as session, session.get(f"/static/{name}") as answer:
        assert answer.status == 200
        # The system decides between text/javascript and application/javascript.
        assert answer.content_type.endswith(content_type)


async def test_no_path_leads_out_of_the_folder() -> None:
    async with served(FakeDaemon()) as session:
        for path in ("/static/..%2fserver.py", "/static/%2e%2e/server.py", "/static/"):
            async with session.get(path) as answer:
                assert answer.status in {403, 404}


@pytest.mark.parametrize("name", ["a" * 4000, "%00", "%ff", "none.css"])
async def test_of_no_other_file_is_anything_said(name: str) -> None:
    async with served(FakeDaemon()) as session:
        path = URL(f"/static/{name}", encoded=True)
        async with session.get(path) as answer:
            assert answer.status == 404
