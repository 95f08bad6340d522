"""The status page over HTTP: what it shows, and that nothing from outside becomes markup."""

import re

import pytest
from fakes.web import NOW, FakeDaemon, account, incident, registration, served, watched
from msgspec.structs import replace

from regwatch.core.model import (
    AlertName,
    ExtensionState,
    IncidentId,
    IncidentState,
    Quota,
    Timestamp,
)
from regwatch.web.pages.page import INCIDENTS_SHOWN
from regwatch.web.server import WebSettings

S = ExtensionState
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


async def page(daemon: FakeDaemon, query: str = "", **rest: object) -> str:
    async with served(daemon, **rest) as session, session.get(f"/{query}") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        return await answer.text()


async def test_no_text_from_outside_becomes_markup() -> None:
    phone = registration(device=HOSTILE, address=f"sip:{HOSTILE}")
    hostile = watched(1, name=HOSTILE, label=HOSTILE, site=HOSTILE, registrations=(phone,))
    open_one = incident(
        summary=HOSTILE, explanation=HOSTILE, device=HOSTILE, label=HOSTILE, reason=HOSTILE
    )
    closed = incident(label=HOSTILE, state=IncidentState.RESOLVED, resolved_at=NOW)
    acme = account(hostile, name=HOSTILE, api_problem=HOSTILE)
    daemon = FakeDaemon([acme], [open_one], [closed], {HOSTILE: (1, NOW)}, HOSTILE)
    html = await page(daemon, "?q=%3Cscript%3E")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert 'value="&lt;script&gt;"' in html
    assert "49" not in re.sub(r"<time.*?</time>", "", html)


async def test_nothing_inline_and_nothing_from_elsewhere() -> None:
    html = await page(FakeDaemon([account(watched(1))], [incident()]))
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:|https?://", html)
    assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="static/refresh.js">']


async def test_the_whole_state_is_told() -> None:
    lost = watched(2, S.LOST, label="Ozols", site="riga", since=NOW - 300, reason="expired")
    lost.last_registered_at = Timestamp(NOW - 400)
    permanent = watched(3, registrations=(registration(3, ends_in=None, device=""),))
    ended = watched(4, registrations=(registration(4, ends_in=-5),))
    never = watched(5, S.UNREGISTERED)
    never.answered_at = None
    acme = account(
        watched(1),
        lost,
        permanent,
        ended,
        never,
        api_up=True,
        quota=Quota(1000, 742, Timestamp(NOW + 60), NOW),
        oldest_answer_at=Timestamp(NOW - 48),
    )
    globex = account(name="globex", api_up=False, api_problem="403: closed", first_sweep_done=False)
    daemon = FakeDaemon(
        [acme, globex],
        [
            incident(site="riga", reason="expired", last_seen=Timestamp(NOW - 400)),
            incident(AlertName.QUOTA_EXHAUSTED, number=None, state=IncidentState.PENDING),
        ],
        [incident(state=IncidentState.RESOLVED, resolved_at=NOW - 60)],
        {"pager": (0, None), "chat": (3, Timestamp(NOW - 340)), "hook": (1, None)},
    )
    words = " ".join(re.sub(r"<[^>]+>", " ", await page(daemon)).split())
    for expected in (
        "1 extension lost — since 11:01:40 , 5 min ago",
        "globex: 403: closed",
        "PBX answers",
        "PBX does not answer",
        "Oldest answer: 48 s ago.",
        "Quota: 742 of 1,000 requests left, renewed at 11:07:40",
        "The first sweep is under way.",
        "Open incidents 2",
        "firing 000*101 extension lost critical",
        "since 11:01:40 , for 5 min",
        "pending acme quota exhausted",
        "11:01:40 to 11:05:40 , after 4 min",
        "chat : 3 waiting, the oldest for 5 min 40 s",
        "hook : 1 waiting",
        "pager : all delivered",
        "lost expired 2 Ozols 000*2 · id 2 riga acme 11:01:40 5 min last registered 11:00:00",
        "unknown device 203.0.113.7:62338 20 s ago",
        "lease ended 5 s ago",
        "lease ends in 10 min",
    ):
        assert expected in words
    assert words.index("Ozols") < words.index("000*1 · id 1")


async def test_a_time_can_be_read_by_machines() -> None:
    html = await page(FakeDaemon([account(watched(1, since=NOW - 86_400))]))
    stamp = "2026-11-17T11:06:40Z"
    assert f'<time datetime="{stamp}" title="{stamp}">2026-11-17 11:06:40</time>' in html


async def test_what_a_sites_outage_says_already_comes_after_it_and_links_to_it() -> None:
    silent = replace(incident(), inhibited_by=IncidentId("the-site"))
    site = replace(
        incident(
            AlertName.SITE_LOST, number=None, summary="18 of 20 phones at riga are lost or overdue"
        ),
        id=IncidentId("the-site"),
        started_at=Timestamp(silent.started_at - 60),
    )
    html = await page(FakeDaemon([account(watched(1))], [silent, site]))
    assert html.index("18 of 20 phones at riga") < html.index(f'id="incident-{silent.id}"')
    assert 'silent: <a href="#incident-the-site">' in html


async def test_an_incident_that_clears_says_since_when() -> None:
    clearing = incident()
    clearing = type(clearing)(
        **{f: getattr(clearing, f) for f in clearing.__struct_fields__}
        | {"cleared_at": Timestamp(NOW - 10)}
    )
    assert "back since" in await page(FakeDaemon([account()], [clearing]))


async def test_a_quiet_daemon_says_so() -> None:
    html = await page(FakeDaemon([account(watched(1))]))
    assert "None. Nothing is wrong that regwatch can see." in html
    assert "nobody is told" in html
    assert "not asked yet" in html
    assert "Recently resolved" not in html


async def test_more_incidents_than_are_shown_are_counted() -> None:
    incidents = [incident(number=n, started_at=NOW - n) for n in range(INCIDENTS_SHOWN + 7)]
    html = await page(FakeDaemon([account()], incidents))
    assert html.count('id="incident-') == INCIDENTS_SHOWN
    assert "and 7 more, not shown" in html


async def test_filter_and_pages_are_links_that_keep_each_other() -> None:
    acme = account(*(watched(n, S.LOST if n < 250 else S.REGISTERED) for n in range(400)))
    html = await page(FakeDaemon([acme]), "?q=000&state=lost&page=2")
    assert "250 found, page 2 of 3" in html
    assert 'rel="prev" href="?q=000&amp;state=lost&amp;page=1#extensions"' in html
    assert 'rel="next" href="?q=000&amp;state=lost&amp;page=3#extensions"' in html
    assert '<option value="lost" selected>' in html
    assert 'href="?q=000#extensions" class="tile" aria-current="true"' in html
    assert "No extension matches." in await page(FakeDaemon([acme]), "?q=nobody")


async def test_half_a_surrogate_pair_does_not_end_the_page() -> None:
    assert "a?b" in await page(FakeDaemon([account(watched(1, label="a\ud800b"))]))


@pytest.mark.parametrize(("url", "home"), [(None, "."), ("https://x.example/rw", None)])
async def test_the_name_leads_home(url: str | None, home: str | None) -> None:
    html = await page(FakeDaemon(), settings=WebSettings(external_url=url))
    assert f'<a class="brand" href="{home or url}">' in html
