"""Which extensions the status page lists: found by text and state, the troubled first, by pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from regwatch.core.model import AccountName, ExtensionState, Watched
from regwatch.core.outside import made_safe
from regwatch.web.ordering import chunked, window
from regwatch.web.views import AccountView

LONGEST_WORD = 256
PAGE_SIZE = 100
"""Rows: what a person looks through; a search finds the rest."""
TROUBLED_FIRST = (
    ExtensionState.LOST,
    ExtensionState.OVERDUE,
    ExtensionState.SIGNED_OFF,
    ExtensionState.UNREGISTERED,
    ExtensionState.UNKNOWN,
    ExtensionState.REGISTERED,
    ExtensionState.REMOVED,
)


@dataclass(frozen=True, slots=True)
class Search:
    """What the reader of the page looks for."""

    text: str = ""
    state: ExtensionState | None = None
    """None: every state."""
    page: int = 1
    states: frozenset[ExtensionState] = frozenset()
    """Besides `state`: any of these."""
    site: str | None = None
    """None: every site; empty: none."""
    account: str | None = None
    group: str | None = None
    device: str = ""
    """A part of a device's name."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Search":
        """Of a URL's parameters; what makes no sense is ignored."""
        state, page = query.get("state", ""), query.get("page", "")
        return cls(
            text=made_safe(query.get("q", "")[:200]).strip(),
            state=ExtensionState(state) if state in set(ExtensionState) else None,
            # Nine digits: Python refuses to convert thousands of them.
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1,
            states=frozenset(s for s in ExtensionState if s in query.get("states", "").split(",")),
            site=_word(query, "site"),
            account=_word(query, "account"),
            group=_word(query, "group"),
            device=_word(query, "device") or "",
        )

    @property
    def wanted_states(self) -> frozenset[ExtensionState]:
        """Empty: every state."""
        return self.states if self.state is None else self.states | {self.state}


def _word(query: Mapping[str, str], name: str) -> str | None:
    given = query.get(name)
    return None if given is None else made_safe(given[:LONGEST_WORD]).strip()


class Row(NamedTuple):
    """One extension of one account."""

    account: AccountName
    watched: Watched


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what was found."""

    rows: Sequence[Row]
    found: int
    number: int
    pages: int


Runs = dict[ExtensionState, list[list[Watched]]]
# Not of rows: 100,000 pairs would wake the garbage collector, which holds up the loop.


async def list_extensions(accounts: Sequence[AccountView], search: Search) -> Page:
    """The page asked for, or the last one there is; the loop runs meanwhile."""
    runs = await _find(accounts, search)
    found = sum(len(run) for state in runs.values() for run in state)
    pages = max(1, -(-found // PAGE_SIZE))
    number = min(max(1, search.page), pages)
    cut = await _cut(runs, (number - 1) * PAGE_SIZE, number * PAGE_SIZE)
    return Page([_row(accounts, watched) for watched in cut], found, number, pages)


def _row(accounts: Sequence[AccountView], watched: Watched) -> Row:
    owners = (a.name for a in accounts if a.watched().get(watched.extension.id) is watched)
    # One that vanished while the loop ran has no owner any more, and is shown once more.
    return Row(next(owners, AccountName("")), watched)


async def _find(accounts: Sequence[AccountView], search: Search) -> Runs:
    """What matches, by state, in runs that are sorted each for itself."""
    runs: Runs = {state: [] for state in TROUBLED_FIRST}
    fits = _fitting(search)
    for account in accounts:
        if search.account not in (None, account.name):
            continue
        # A copy: extensions may come and go while the loop runs between chunks.
        async for chunk in chunked(list(account.watched().values())):
            matching: dict[ExtensionState, list[Watched]] = {}
            for watched in chunk:
                if fits(watched):
                    matching.setdefault(watched.state, []).append(watched)
            for state, run in matching.items():
                runs[state].append(sorted(run, key=_order))
    return runs


def _fitting(search: Search) -> Callable[[Watched], bool]:
    """Prepared once: it is asked of all extensions."""
    states = search.wanted_states or frozenset(ExtensionState)
    needle, device = search.text.casefold(), search.device.casefold()
    site, group = search.site, search.group

    def fits(watched: Watched) -> bool:
        return (
            watched.state in states
            and site in (None, watched.site)
            and group in (None, watched.extension.group)
            and (not device or any(device in r.device.casefold() for r in watched.registrations))
            and (not needle or needle in _searchable(watched).casefold())
        )

    return fits


def _searchable(watched: Watched) -> str:
    extension = watched.extension
    parts = [extension.name, extension.label, extension.group, watched.site, str(extension.id)]
    for registration in watched.registrations:
        parts += (registration.device, registration.real_address, registration.contact_address)
    return "\n".join(parts)


def _order(watched: Watched) -> tuple[float, str, int]:
    """Within a state: what changed last stands first, but the healthy ones stand by name."""
    calm = watched.state is ExtensionState.REGISTERED
    recency = 0.0 if calm or watched.since is None else -watched.since
    return recency, watched.extension.name, watched.extension.id


async def _cut(runs: Runs, start: int, stop: int) -> list[Watched]:
    cut: list[Watched] = []
    for state in TROUBLED_FIRST:
        size = sum(map(len, runs[state]))
        if start < size and stop > 0:
            cut += await window(runs[state], _order, max(0, start), min(size, stop))
        start, stop = start - size, stop - size
    return cut
