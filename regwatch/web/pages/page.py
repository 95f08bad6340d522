"""The status page: what is known now, rendered for people. All text from outside goes through
Jinja's escaping.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from regwatch import __version__
from regwatch.clock import Clock
from regwatch.core.durations import humanise
from regwatch.core.model import ExtensionState, Timestamp
from regwatch.web.listing import TROUBLED_FIRST, Search, list_extensions
from regwatch.web.ordering import latest_first, smallest, worst_first
from regwatch.web.pages.verdict import judge, state_counts
from regwatch.web.times import iso, short
from regwatch.web.views import DaemonView

INCIDENTS_SHOWN = 50
RESOLVED_SHOWN = 20


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

    def __init__(self, view: DaemonView, clock: Clock, external_url: str | None) -> None:
        self._view = view
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
        listed = await list_extensions(accounts, search)
        resolved = await smallest(self._view.recently_resolved(), latest_first, RESOLVED_SHOWN)
        html = self._template.render(
            now=self._clock(),
            home=self._home,
            version=__version__,
            verdict=judge(accounts, incidents, self._view.health_problem()),
            accounts=accounts,
            tiles=tiles(state_counts(accounts), search),
            incidents=await smallest(incidents, worst_first, INCIDENTS_SHOWN),
            incidents_total=len(incidents),
            resolved=resolved,
            search=search,
            listed=listed,
            link=lambda **changes: link(search, **changes),
            outbox=sorted(self._view.outbox_backlog().items()),
        )
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
