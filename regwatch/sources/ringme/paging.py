"""Reading the extension list page by page.

It ends with an empty page, one shorter than the pages before, one with nothing new, or a 404 after
the first. A first page shorter than asked for may be the PBX's own page size, if it is a round
number: then one more is asked for.

Each page costs a request of the quota, and lists seldom change. So a long one is not read to its
end if both its ends are as they were: who is added stands at the end of it, and who is taken away
moves all that follow. What changes in its midst alone, a name, is seen with the next whole reading.
"""

from collections.abc import Awaitable, Callable, Mapping

from regwatch.core.model import Extension, ExtensionId, Listing
from regwatch.sources.ringme.errors import PbxError
from regwatch.sources.ringme.wire_lists import Page

PER_PAGE = 100
"""What the vendor's documents ask for; the PBX may give fewer."""
MOST_PAGES = 2000
"""200,000 extensions; beyond that the PBX is sending us round in circles."""
ROUND = 10
"""A first page of 20 or 50 is the PBX's own limit; one of 37 is all there is."""

WHOLE_SECONDS = 6 * 3600.0
"""So often it is read to its end, whatever its ends say."""
SHORT = 2
"""Pages of a list that is read to its end each time: looking at its ends costs as much."""

FetchPage = Callable[[int], Awaitable[Page]]
Grouped = tuple[Extension, int | None]


class Listed:
    """What the pages brought."""

    def __init__(self) -> None:
        self.found: dict[ExtensionId, Grouped] = {}
        self.is_complete = True
        self.groups: Mapping[int, str] | None = None
        """Their names; None while nobody asked for them."""
        self.first: Page | None = None
        self.last: tuple[int, Page | None] = (0, None)
        """The number of the last page that was asked for, and the page; None: there is none."""

    async def read(self, fetch: FetchPage, first: Page | None = None) -> None:
        """Read all pages; raises `PbxError` if there is not even a first one, unless it was read
        before.
        """
        page_size = PER_PAGE
        for number in range(1, MOST_PAGES + 1):
            try:
                page = first if number == 1 and first is not None else await fetch(number)
            except PbxError as error:
                if number == 1:
                    raise
                self.last = number, None
                self.is_complete &= error.status == 404
                return
            self.last = number, page
            if number == 1:
                self.first, page_size = page, _page_size(page.length)
            if not self._add(page) or page.length < page_size:
                return
        self.is_complete = False

    def _add(self, page: Page) -> bool:
        before = len(self.found)
        for extension, group in page.extensions:
            self.found.setdefault(extension.id, (extension, group))
        self.is_complete &= page.is_whole
        return len(self.found) > before

    @property
    def has_groups(self) -> bool:
        """Whether any extension is in a group."""
        return any(group is not None for _, group in self.found.values())

    def listing(self, groups: Mapping[int, str]) -> Listing:
        """The list, with the groups' names."""
        extensions = (_grouped(one, group, groups) for one, group in self.found.values())
        return Listing(tuple(extensions), self.is_complete)


class KnownList:
    """The list as it was last read to its end."""

    def __init__(self) -> None:
        self._listed: Listed | None = None
        self._read_at = float("-inf")

    async def read(self, fetch: FetchPage, *, now: float) -> Listed:
        """The same object as the last time, if nothing changed; raises `PbxError` as `Listed.read`
        does. `now`: seconds of any steady clock.
        """
        known, first = self._listed, None
        if known is not None and now < self._read_at + WHOLE_SECONDS:
            first = await fetch(1)
            if first == known.first and await _ends_as(known, fetch):
                return known
        listed = Listed()
        await listed.read(fetch, first)
        is_long = listed.last[0] > SHORT
        self._listed = listed if listed.is_complete and is_long else None
        self._read_at = now
        return listed


async def _ends_as(known: Listed, fetch: FetchPage) -> bool:
    number, page = known.last
    try:
        return await fetch(number) == page
    except PbxError as error:
        if error.status != 404:
            raise
        return page is None


def _page_size(length: int) -> int:
    return length if 0 < length < PER_PAGE and length % ROUND == 0 else PER_PAGE


def _grouped(extension: Extension, group: int | None, groups: Mapping[int, str]) -> Extension:
    name = groups.get(group, "") if group is not None else ""
    if not name:
        return extension
    return Extension(extension.id, extension.name, extension.label, name)
