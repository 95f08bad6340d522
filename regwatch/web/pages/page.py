"""The status page: what is known now, rendered for people. All text from outside goes through
Jinja's escaping.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from regwatch import __version__
from regwatch.clock import Clock
from regwatch.core.bugs import Where, why
from regwatch.core.durations import humanise
from regwatch.core.model import ExtensionState, Timestamp
from regwatch.guard import Bugs
from regwatch.web.listing import TROUBLED_FIRST, Page, Search, list_extensions
from regwatch.web.ordering import latest_first, smallest, worst_first
from regwatch.web.pages.verdict import Level, Verdict, judge, state_counts
from regwatch.web.times import iso, short
from regwatch.web.views import DaemonView

INCIDENTS_SHOWN = 50
RESOLVED_SHOWN = 20
Context = dict[str, Any]
Parts = Mapping[str, Callable[[], Awaitable[object]]]
"""By the name of a part of the page: how to look up what stands in it."""
PARTS = {
    "incidents": "open incidents",
    "resolved": "incidents recently resolved",
    "listed": "extensions",
    "outbox": "notifications",
}
EMPTY: Context = {
    "incidents": (),
    "resolved": (),
    "listed": Page((), 0, 1, 1),
    "outbox": (),
}
NO_VERDICT = Verdict(Level.NOTICE, "")


@dataclass(frozen=True, slots=True)
class Tile:
    """One state in the overview, and its part of the bar."""

    state: ExtensionState
    count: int
    link: str
    is_chosen: bool
    offset: float
    width: float


class StatusPage:
    """Renders `/` from what the daemon shows of itself."""

    def __init__(
        self, view: DaemonView, clock: Clock, external_url: str | None, bugs: Bugs
    ) -> None:
        self._view = view
        self._bugs = bugs
        self._clock = clock
        self._home = external_url or "."
        environment = Environment(
            loader=PackageLoader("regwatch.web.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"duration": humanise, "moment": _moment, "host": _host}
        self._template = environment.get_template("status.html")

    async def render(self, query: Mapping[str, str]) -> bytes:
        """The page as UTF-8, for the parameters `q`, `state` and `page`."""
        search = Search.from_query(query)
        accounts = self._view.accounts()
        incidents = self._view.incidents()
        setbacks, count = self._view.set_aside()
        frame: Context = {
            "now": self._clock(),
            "home": self._home,
            "version": __version__,
            "accounts": accounts,
            "tiles": tiles(state_counts(accounts), search),
            "incidents_total": len(incidents),
            "search": search,
            "link": lambda **changes: link(search, **changes),
            "set_aside": setbacks,
            "set_aside_total": count,
        }
        parts: Parts = {
            "incidents": lambda: smallest(incidents, worst_first, INCIDENTS_SHOWN),
            "resolved": lambda: smallest(
                self._view.recently_resolved(), latest_first, RESOLVED_SHOWN
            ),
            "listed": lambda: list_extensions(accounts, search),
            "outbox": self._outbox,
        }
        content, failed = await self._looked_up(parts)
        try:
            return self._rendered(frame, content, failed)
        except Exception:  # noqa: BLE001 - a guard: whose fault it is is found out below
            failed |= self._unsound(frame, content)
            return self._rendered(frame, content, failed)

    async def _outbox(self) -> object:
        return sorted(self._view.outbox_backlog().items())

    async def _looked_up(self, parts: Parts) -> tuple[Context, dict[str, Exception]]:
        """What is to stand in each part of the page, and which met a bug."""
        content, failed = dict(EMPTY), dict[str, Exception]()
        for name, look_up in parts.items():
            try:
                content[name] = await look_up()
            except Exception as error:  # noqa: BLE001 - a guard: the other parts are shown
                failed[name] = error
        return content, failed

    def _unsound(self, frame: Context, content: Context) -> Mapping[str, Exception]:
        """Which parts a bug keeps from being rendered, each tried with nothing else."""
        failed = dict[str, Exception]()
        for name in PARTS:
            try:
                alone = {**EMPTY, name: content[name]}
                self._template.render(**frame, **alone, verdict=NO_VERDICT)
            except Exception as error:  # noqa: BLE001 - a guard, as above
                failed[name] = error
        return failed

    def _rendered(self, frame: Context, content: Context, failed: Mapping[str, Exception]) -> bytes:
        notes = [self._view.health_problem() or ""]
        for name, error in failed.items():
            self._bugs.met("page_part_left_out", Where.PAGE, PARTS[name], error, part=name)
            notes.append(f"{PARTS[name]} cannot be shown, by a bug: {why(error)}")
        sound = {name: EMPTY[name] if name in failed else content[name] for name in PARTS}
        problem = "; ".join(filter(None, notes)) or None
        verdict = judge(self._view.accounts(), self._view.incidents(), problem)
        html = self._template.render(**frame, **sound, verdict=verdict)
        return html.encode(errors="replace")


def link(search: Search, **changes: str | int) -> str:
    """A relative address of this page with some parameters changed; the page starts anew unless
    it is what changes.
    """
    parameters: dict[str, str | int] = {"q": search.text, "state": search.state or "", **changes}
    return "?" + urlencode({name: value for name, value in parameters.items() if value})


def tiles(counts: Mapping[ExtensionState, int], search: Search) -> Sequence[Tile]:
    """The overview, worst state first; `removed` only if there are any."""
    total = sum(counts.values()) or 1
    made: list[Tile] = []
    offset = 0.0
    for state in TROUBLED_FIRST:
        count = counts.get(state, 0)
        is_chosen = search.state is state
        width = 100 * count / total
        if count or is_chosen or state is not ExtensionState.REMOVED:
            to = link(search, state="" if is_chosen else state.value)
            made.append(Tile(state, count, to, is_chosen, offset, width))
        offset += width
    return made


def _moment(at: Timestamp, now: Timestamp) -> Markup:
    exact = iso(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, short(at, now))


def _host(address: str) -> str:
    """`203.0.113.7:62338` of `sip:203.0.113.7:62338`: what people look for."""
    bare = address.split(":", 1)[1] if address.lower().startswith(("sip:", "sips:")) else address
    return bare.rsplit("@", 1)[-1].split(";", 1)[0]
