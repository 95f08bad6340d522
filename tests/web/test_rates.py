"""Who asks too much, and who it is that asks."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from fakes.web import FakeDaemon, served

from regwatch.web.rates import AT_ONCE, MOST_CALLERS, PER_SECOND, Allowances, caller_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/64")]


def test_what_was_spent_comes_back_by_the_second() -> None:
    allowances = Allowances()
    for _ in range(int(AT_ONCE)):
        assert allowances.left("a", now=0) >= 1
        allowances.spend("a", now=0)
    assert allowances.left("a", now=0) < 1
    assert allowances.left("b", now=0) == AT_ONCE, "another has its own"
    assert allowances.left("a", now=0.5) == PER_SECOND / 2
    assert allowances.left("a", now=1e9) == AT_ONCE


def test_so_many_callers_are_kept_in_mind_and_no_more() -> None:
    allowances = Allowances()
    for number in range(MOST_CALLERS + 5):
        allowances.spend(str(number), now=0)
    assert allowances.left("4", now=0) == AT_ONCE, "the oldest are forgotten"
    assert allowances.left("5", now=0) == AT_ONCE - 1


class Transport:
    """Of a connection from an address."""

    def __init__(self, peer: str | None) -> None:
        self.peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.peer, 4711) if name == "peername" and self.peer else default

    def is_closing(self) -> bool:
        return False


def asked(peer: str | None, forwarded: str = "") -> web.Request:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return make_mocked_request("GET", "/", headers=headers, transport=Transport(peer))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("::ffff:192.0.2.7", "", "192.0.2.7"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("2001:db8::1", "2001:db8:5::1", "2001:db8:5::1"),
        (None, "203.0.113.9", ""),
    ],
)
def test_who_it_is_says_a_proxy_only_if_it_is_trusted(
    peer: str | None, forwarded: str, caller: str
) -> None:
    assert caller_of(asked(peer, forwarded), PROXIES) == caller


async def test_a_flood_is_answered_that_it_is_one_and_health_all_the_same() -> None:
    async with served(FakeDaemon()) as session:
        told, error = [], ""
        for _ in range(int(AT_ONCE) + 40):
            async with session.get("/api/v1/nothing") as answer:
                told.append(answer.status)
                error = (await answer.json())["error"]
        assert told.count(404) >= AT_ONCE
        assert told[-1] == 429
        assert "too many requests" in error
        async with session.get("/-/live") as answer:
            assert answer.status == 200
