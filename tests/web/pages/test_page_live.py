"""The status page in a real Chromium, while the daemon's state goes on: it never claims to be
current when it is not, and takes nothing away from under a reader.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from fakes.browser import Tab, chromium, tab
from fakes.web import NOW, FakeDaemon, account, incident, served, watched
from msgspec.structs import replace

from regwatch.core.model import AlertName, ExtensionState, Incident, IncidentId, Severity, Timestamp
from regwatch.web.times import short

pytestmark = pytest.mark.needs_debian
S = ExtensionState
EVERY = 10


@dataclass
class Stage:
    """A daemon, the page of it in a tab, and what stands between them."""

    daemon: FakeDaemon
    tab: Tab
    now: float = NOW
    instead: web.Response | None = None
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def after(self, seconds: float = EVERY) -> None:
        """Time passes, for the daemon and in the browser."""
        self.now += seconds
        await self.tab.run(f"pass({seconds})")

    async def text(self, selector: str) -> str:
        found = await self.tab.run(f"document.querySelector({selector!r}).innerText")
        return " ".join(found.split())

    async def rows(self) -> list[str]:
        """The incidents' numbers as they stand; `-` before those that are gone."""
        return list(
            await self.tab.run(
                "[...document.querySelectorAll('.incidents > li')].map("
                "(li) => (li.matches('.waits') ? '-' : '') + li.querySelector('a').innerText)"
            )
        )

    async def as_of(self) -> str:
        return await self.text(".seen time")

    async def doubt(self) -> str:
        """Why the page says that it is out of date; empty if it claims to be current."""
        title = await self.tab.run("document.title")
        is_stale = await self.tab.run("document.body.classList.contains('stale')")
        said = await self.text("#connection")
        assert bool(said) is is_stale is title.startswith("(!) ")
        assert not said or "this page is out of date" in said
        return said

    async def offer(self) -> str:
        said = await self.text("#show")
        assert bool(said) is await self.tab.run("document.getElementById('show').checkVisibility()")
        return said

    async def is_as_if_loaded_anew(self) -> bool:
        """Whether the live parts say what a fresh page says, to the letter and the class."""
        return bool(await self.tab.run(AS_IF_ANEW))


AS_IF_ANEW = """
(async () => {
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const plain = (root, id) =>
    root.getElementById(id).outerHTML.replaceAll(' open=""', "").replace(/\\s+/g, "");
  return ["live", "live-extensions"].every((id) => plain(document, id) === plain(fresh, id));
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as devtools:
        yield devtools


@asynccontextmanager
async def staged(browser: str, daemon: FakeDaemon, *, script: bool = True) -> AsyncIterator[Stage]:
    stage: Stage | None = None

    @web.middleware
    async def between(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not script and request.path.endswith(".js"):
            raise web.HTTPServiceUnavailable
        if stage is not None and request.path == "/":
            await stage.answering.wait()
            if stage.instead is not None:
                return stage.instead
        return await handler(request)

    def clock() -> Timestamp:
        return Timestamp(NOW if stage is None else stage.now)

    async with (
        served(daemon, clock=clock, in_between=[between]) as session,
        tab(browser, str(session._base_url)) as opened,
    ):
        stage = Stage(daemon, opened)
        stage.answering.set()
        yield stage
        stage.answering.set()


def lost(number: int, *, ago: float = 300, severity: Severity = Severity.CRITICAL) -> Incident:
    return incident(
        number=number, started_at=NOW - ago, severity=severity, explanation="Look at it."
    )


def three_lost() -> FakeDaemon:
    incidents = [lost(1, ago=100), lost(2, ago=200), lost(3, ago=300)]
    return FakeDaemon([account(*(watched(n, S.LOST) for n in (1, 2, 3)), watched(4))], incidents)


READING = {
    "the focus": "document.querySelector('#incident-i-extension_lost-2 a').focus()",
    "a selection": "getSelection().selectAllChildren("
    "document.querySelector('#incident-i-extension_lost-2 .quiet')),"
    "getSelection().modify('extend', 'backward', 'character')",
    "open details": "document.querySelector('#incident-i-extension_lost-2 details').open = true",
}
IS_READING = {
    "the focus": "document.activeElement.innerText === '000*2'",
    "a selection": "String(getSelection()).startsWith('since 11:03:20, for 3 min')",
    "open details": "document.querySelector('#incident-i-extension_lost-2 details').open",
}


@pytest.mark.parametrize("reading", READING)
async def test_cells_change_in_place_where_somebody_reads(browser: str, reading: str) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run("document.querySelector('.incidents > li').isTheSame = true")
        await stage.tab.run(READING[reading])
        stage.daemon.all_accounts = [account(*(watched(n, S.LOST) for n in (1, 2, 3, 4)))]
        await stage.after()
        assert await stage.text("h1") == "4 extensions lost — since 11:01:40, 5 min 10 s ago"
        assert await stage.tab.run("document.title") == "4 extensions lost · regwatch"
        assert await stage.text(".tile") == "4 lost"
        assert "for 3 min 30 s" in await stage.text("#incident-i-extension_lost-2")
        assert await stage.tab.run("document.querySelector('.incidents > li').isTheSame")
        assert await stage.tab.run(IS_READING[reading])
        assert await stage.as_of() == "11:06:50"
        assert await stage.offer() == await stage.doubt() == ""
        assert await stage.is_as_if_loaded_anew()


@pytest.mark.parametrize("reading", READING)
async def test_what_goes_or_moves_where_somebody_reads_waits_and_says_so(
    browser: str, reading: str
) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run(READING[reading])
        stage.daemon.open_incidents = [
            lost(5, ago=50),
            lost(3, ago=300),
            lost(2, ago=200, severity=Severity.WARNING),
        ]
        await stage.after()
        assert await stage.rows() == ["000*5", "-000*1", "000*2", "000*3"]
        assert await stage.offer() == "2 changes, show"
        assert await stage.tab.run(IS_READING[reading])
        assert await stage.as_of() == "11:06:50"
        assert await stage.doubt() == ""
        await stage.after()
        assert await stage.offer() == "2 changes, show"

        await stage.tab.run("document.getElementById('show').focus()")
        await stage.tab.press("Enter", 13)
        assert await stage.rows() == ["000*5", "000*3", "000*2"]
        assert await stage.offer() == ""
        assert await stage.is_as_if_loaded_anew()
        assert await stage.tab.run(IS_READING[reading])


async def test_the_reader_leaves_and_what_waited_comes(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run(READING["the focus"])
        stage.daemon.open_incidents = []
        await stage.after()
        assert await stage.rows() == ["-000*1", "-000*2", "-000*3"]
        assert "out of date" in await stage.tab.run(
            "getComputedStyle(document.querySelector('.incident.waits'), '::after').content"
        )
        assert await stage.offer() == "3 changes, show"
        await stage.tab.run("document.activeElement.blur()")
        await stage.after()
        assert await stage.rows() == []
        assert await stage.offer() == ""
        assert await stage.is_as_if_loaded_anew()


async def test_an_incident_that_comes_again_is_no_longer_gone(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run(READING["the focus"])
        stage.daemon.open_incidents = [lost(2, ago=200), lost(3, ago=300)]
        await stage.after()
        assert await stage.rows() == ["-000*1", "000*2", "000*3"]
        stage.daemon.open_incidents = [lost(1, ago=100), lost(2, ago=200), lost(3, ago=300)]
        await stage.after()
        assert await stage.rows() == ["000*1", "000*2", "000*3"]
        assert await stage.offer() == ""


async def test_a_cell_in_the_midst_of_a_selection_changes_whatever_becomes_of_it(
    browser: str,
) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run("getSelection().selectAllChildren(document.querySelector('tbody'))")
        stage.daemon.all_accounts = [account(*(watched(n) for n in (1, 2, 3, 4)))]
        await stage.after()
        assert "Yealink" in await stage.text("tbody > tr")
        assert await stage.offer() == await stage.doubt() == ""
        assert "Yealink" in await stage.tab.run("String(getSelection())")
        assert await stage.is_as_if_loaded_anew()


async def test_the_verdict_never_waits(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run("getSelection().selectAllChildren(document.body)")
        stage.daemon.all_accounts = [account(watched(1), watched(2))]
        stage.daemon.open_incidents = []
        await stage.after()
        assert await stage.text("h1") == "All 2 extensions registered"
        assert await stage.offer() != ""


def error_page() -> web.Response:
    return web.Response(text="<h1>Please log in</h1>", content_type="text/html")


REFUSALS = {
    "an error": lambda: web.Response(status=502),
    "a page that is another's": error_page,
    "nothing at all": lambda: web.Response(text="", content_type="text/html"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_time_stands_still_while_something_else_is_answered(
    browser: str, refusal: str
) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.instead = REFUSALS[refusal]()
        await stage.after()
        assert await stage.doubt() != ""
        assert await stage.as_of() == "11:06:40"
        assert await stage.text("h1") == "3 extensions lost — since 11:01:40, 5 min ago"
        stage.instead = None
        await stage.after()
        assert await stage.doubt() == ""
        assert await stage.as_of() == "11:07:00"


BROKEN_PARTS = {
    "one is missing": "document.getElementById('live-extensions').remove()",
    "one does not take what is new": "Object.defineProperty("
    "document.querySelector('.tile strong').firstChild, 'data', { get: () => '3', set() {} }).data",
}


@pytest.mark.parametrize("broken", BROKEN_PARTS)
async def test_a_part_that_cannot_be_replaced_makes_time_stand_still(
    browser: str, broken: str
) -> None:
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run(BROKEN_PARTS[broken])
        stage.daemon.all_accounts = [account(watched(1), watched(2))]
        stage.daemon.open_incidents = []
        await stage.after()
        assert "could not be brought up to date" in await stage.doubt()
        assert await stage.as_of() == "11:06:40"
        assert await stage.text("h1") == "All 2 extensions registered"


async def test_an_answer_that_hangs_is_given_up(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.answering.clear()
        await stage.tab.run("void pass(10)")
        assert await stage.doubt() == ""
        await stage.tab.run("pass(10)")
        assert "does not answer" in await stage.doubt()
        assert await stage.as_of() == "11:06:40"
        stage.answering.set()
        await stage.after()
        assert await stage.doubt() == ""
        assert await stage.as_of() == "11:06:50"


async def test_an_answer_older_than_the_page_is_not_shown(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.daemon.all_accounts = [account(watched(1))]
        stage.now -= 30
        await stage.after()
        assert "older" in await stage.doubt()
        assert await stage.as_of() == "11:06:40"
        assert await stage.text(".tile") == "3 lost"
        stage.now += 60
        await stage.after()
        assert await stage.doubt() == ""
        assert await stage.as_of() == "11:07:30"


async def test_a_daemon_whose_clock_was_set_back_is_believed_at_its_second_answer(
    browser: str,
) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.now -= 3600
        await stage.after()
        assert "older" in await stage.doubt()
        await stage.after()
        assert await stage.doubt() == ""
        assert await stage.as_of() == short(Timestamp(NOW - 3580), NOW)


async def test_the_same_answer_again_and_again_is_no_sign_of_life(browser: str) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.now -= EVERY * 3
        for _ in range(3):
            await stage.tab.run(f"pass({EVERY})")
        assert await stage.doubt() != ""


async def test_a_page_shown_again_after_a_sleep_says_that_it_is_old_and_asks_at_once(
    browser: str,
) -> None:
    async with staged(browser, three_lost()) as stage:
        stage.answering.clear()
        await stage.tab.run("sleepFor(120); document.dispatchEvent(new Event('visibilitychange'))")
        assert "nothing new" in await stage.doubt()
        await stage.tab.run("void pass(10)")
        stage.answering.set()
        stage.now += 130
        await stage.after()
        assert await stage.doubt() == ""
        assert await stage.as_of() == "11:09:00"
        await stage.tab.run("sleepFor(11)")
        stage.now += 11
        await stage.tab.run(
            "document.dispatchEvent(new Event('visibilitychange')),"
            " new Promise((done) => new MutationObserver(done).observe("
            "document.querySelector('.seen'), { childList: true, subtree: true,"
            " characterData: true }))"
        )
        assert await stage.as_of() == "11:09:11"


async def test_a_page_whose_script_did_not_come_says_that_it_is_out_of_date(browser: str) -> None:
    async with staged(browser, three_lost(), script=False) as stage:
        assert await stage.text("#connection") == ""
        await stage.tab.run("document.getAnimations().forEach((a) => a.finish())")
        assert "out of date" in await stage.text("#connection")


READ_SOMEWHERE = """
window.readSomewhere = (share) => {
  document.activeElement.blur();
  const links = document.querySelectorAll("main a");
  links[Math.floor(share * links.length)]?.focus();
}
"""


async def test_whatever_happens_the_page_is_as_if_loaded_anew(browser: str) -> None:
    """Random days, with a reader at a random link half of the time."""
    chance = random.Random(7)
    async with staged(browser, three_lost()) as stage:
        await stage.tab.run(READ_SOMEWHERE)
        for _ in range(25):
            anything(stage.daemon, chance)
            reads = chance.random() < 0.5
            await stage.tab.run(f"readSomewhere({chance.random() if reads else -1})")
            await stage.after()
            assert await stage.doubt() == ""
            assert await stage.tab.run("document.activeElement.matches('a')") is reads
            assert bool(await stage.offer()) is not await stage.is_as_if_loaded_anew()
            await stage.tab.run("document.getElementById('show').click()")
            assert await stage.is_as_if_loaded_anew()


def anything(daemon: FakeDaemon, chance: random.Random) -> None:
    numbers = chance.sample(range(12), chance.randrange(9))
    daemon.all_accounts = [
        account(
            *(watched(n, chance.choice(list(S)), label="x" * (n % 2)) for n in range(12)),
            api_problem=chance.choice(["", "403: closed"]),
            api_up=chance.choice([None, True, False]),
        )
    ]
    daemon.backlog = dict.fromkeys(chance.sample(["a", "b", "c"], 2), (1, None))
    daemon.resolved = [
        incident(number=n, resolved_at=NOW - n) for n in range(20, 20 + chance.randrange(3))
    ]
    daemon.open_incidents = [
        replace(
            incident(
                chance.choice([AlertName.EXTENSION_LOST, AlertName.REFRESH_OVERDUE]),
                number=n,
                severity=chance.choice(list(Severity)),
                started_at=NOW - chance.randrange(900),
                explanation=chance.choice(["", "Look at it."]),
                site=chance.choice(["", "riga"]),
            ),
            inhibited_by=chance.choice([None, IncidentId("i-extension_lost-1")]),
            acknowledged_by=chance.choice(["", "Ilze"]),
        )
        for n in numbers
    ]
