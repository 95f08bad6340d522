"""What is offered of what the daemon knows."""

import asyncio

import pytest
from fakes.web import NOW, FakeDaemon, FakeOperations, account, incident, served, watched

from regwatch.cli.offers import KINDS, offers
from regwatch.cli.remote import Remote
from regwatch.core.alerts.mutes import Silence
from regwatch.core.matchers import Matchers
from regwatch.core.model import Timestamp

DAEMON = FakeDaemon(
    [
        account(watched(7, name="000*101", label="Petrov", site="riga")),
        account(watched(7, name=""), name="other"),
    ],
    [incident(number=7, summary="101 is lost")],
    backlog={"chat": (3, None)},
)
SILENCE = Silence(
    id="abcdef12", matchers=Matchers.of({"site": "riga"}), starts_at=Timestamp(NOW - 1),
    ends_at=Timestamp(NOW + 60), author="jane", comment="router", created_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "typed", "offered"),
    [
        ("extensions", "", [("101", "Petrov · registered · riga"), ("7", "registered")]),
        ("extensions", "10", [("101", "Petrov · registered · riga")]),
        ("extensions", "000", [("000*101", "Petrov · registered · riga")]),
        ("extensions", "other/", [("other/7", "registered")]),
        ("extensions", "acme/1", [("acme/101", "Petrov · registered · riga")]),
        ("extensions", "Petrov", []),
        ("incidents", "i-", [("i-extension_lost-7", "critical: 101 is lost")]),
        ("subjects", "i", [("i-extension_lost-7", "critical: 101 is lost")]),
        ("silences", "ab", [("abcdef12", "active, jane: router")]),
        ("sites", "r", [("riga", "acme")]),
        ("accounts", "o", [("other", "1 extensions")]),
        ("receivers", "", [("chat", "3 messages wait")]),
    ],
)
async def test_what_begins_like_what_is_typed(
    kind: str, typed: str, offered: list[tuple[str, str]]
) -> None:
    async with served(DAEMON, operations=FakeOperations(set_silences=[SILENCE])) as session:
        remote = Remote(str(session._base_url).rstrip("/"))
        found = await asyncio.to_thread(offers, remote, kind, typed)
    assert sorted(found) == sorted(offered)


def test_all_that_is_completed_is_known_here() -> None:
    assert set(KINDS) == {
        "accounts", "extensions", "incidents", "receivers", "silences", "sites", "subjects",
    }  # fmt: skip
