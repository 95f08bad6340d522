"""No page of another host changes anything through a browser, or reads under its own name."""

import pytest
from fakes.web import FakeDaemon, served

from regwatch.web.origin import Names
from regwatch.web.server import WebSettings

HTML = {"Accept": "text/html,application/xhtml+xml"}
EVIL = "evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[evil"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": EVIL},
        {"Host": f"{EVIL}:9877", "Origin": f"http://{EVIL}:9877"},
    ],
)
@pytest.mark.parametrize("path", ["/-/reload", "/api/v1/silences"])
async def test_a_page_of_another_host_changes_nothing(path: str, headers: dict[str, str]) -> None:
    async with served(FakeDaemon()) as session, session.post(path, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param("/", {"Host": EVIL}, 403, id="a rebound name, the page"),
        pytest.param("/api/v1/status", {"Host": EVIL}, 403, id="the API"),
        pytest.param("/metrics", {"Host": EVIL}, 200, id="Prometheus by any name"),
        pytest.param("/-/live", {"Host": EVIL}, 200, id="a load balancer"),
        pytest.param("/metrics", {"Host": EVIL, **HTML}, 403, id="a browser"),
        pytest.param("/metrics", {"Host": EVIL, "Sec-Fetch-Mode": "cors"}, 403, id="its script"),
        pytest.param("/metrics", {"Origin": f"http://{EVIL}"}, 403, id="another's script"),
        pytest.param("/-/live", {"Origin": f"http://{EVIL}"}, 403, id="the same, of health"),
        pytest.param("/", {"Host": "pbx.example.com", **HTML}, 200, id="the external URL's"),
        pytest.param("/", {"Host": "Watch.example.com:99", **HTML}, 200, id="one of http.hosts"),
        pytest.param("/", {"Host": "192.0.2.7:9877", **HTML}, 200, id="an address"),
        pytest.param("/", {"Host": "[2001:db8::7]:9877", **HTML}, 200, id="an IPv6 address"),
        pytest.param("/", {"Host": "localhost.", **HTML}, 200, id="the root's dot"),
        pytest.param("/", {"Host": f"localhost.{EVIL}"}, 403, id="a name that begins alike"),
        pytest.param("/", {"Host": f"192.0.2.7.{EVIL}"}, 403, id="an address that is none"),
        pytest.param("/", {"Sec-Fetch-Site": "cross-site", **HTML}, 200, id="a link in a chat"),
    ],
)
async def test_who_may_read_under_which_name(
    path: str, headers: dict[str, str], status: int
) -> None:
    settings = WebSettings(external_url="https://pbx.example.com", hosts=("watch.example.com",))
    async with (
        served(FakeDaemon(), settings=settings) as session,
        session.get(path, headers=headers) as answer,
    ):
        assert answer.status == status, await answer.text()


async def test_what_to_do_is_said_and_nothing_of_a_name_is_taken_as_it_is() -> None:
    strange = {"Host": "x<b>\x85"}
    async with served(FakeDaemon()) as session, session.get("/api/v1", headers=strange) as answer:
        assert answer.status == 403
        assert "add it to `http.hosts`" in (await answer.json())["error"]


async def test_the_name_of_this_machine_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Watcher")
    monkeypatch.setattr("socket.getfqdn", lambda: "watcher.office.example.com")
    async with served(FakeDaemon()) as session:
        for name in ("watcher", "watcher.office.example.com"):
            async with session.get("/", headers={"Host": f"{name}:9877"}) as answer:
                assert answer.status == 200


@pytest.mark.parametrize(
    ("origin", "are_same"),
    [
        ("http://192.0.2.7:9877", True),
        ("http://192.0.2.8:9877", False),
        ("http://192.0.2.7:80", False),
        ("https://pbx.example.com", True),
        ("null", False),
        ("", False),
    ],
)
def test_whose_page_is_ours(origin: str, *, are_same: bool) -> None:
    names = Names("https://pbx.example.com/regwatch")
    assert names.are_same(origin, "192.0.2.7:9877") is are_same
