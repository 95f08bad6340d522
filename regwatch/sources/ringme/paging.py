"""Reading the extension list page by page.

It ends with an empty page, one shorter than the pages before, one with nothing new, or a 404 after
the first. A first page shorter than asked for may be the PBX's own page size, if it is a round
number: then one more is asked for.
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

FetchPage = Callable[[int], Awaitable[Page]]
Grouped = tuple[Extension, int | None]


class Listed:
    """What the pages brought."""

    def __init__(self) -> None:
        self.found: dict[ExtensionId, Grouped] = {}
        self.is_complete = True

    async def read(self, fetch: FetchPage) -> None:
        """Read all pages; raises `PbxError` if there is not even a first one."""
        page_size = PER_PAGE
        for number in range(1, MOST_PAGES + 1):
            try:
                page = await fetch(number)
            except PbxError as error:
                if number == 1:
                    raise
                self.is_complete &= error.status == 404
                return
            if number == 1:
                page_size = _page_size(page.length)
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


def _page_size(length: int) -> int:
    return length if 0 < length < PER_PAGE and length % ROUND == 0 else PER_PAGE


def _grouped(extension: Extension, group: int | None, groups: Mapping[int, str]) -> Extension:
    name = groups.get(group, "") if group is not None else ""
    if not name:
        return extension
    return Extension(extension.id, extension.name, extension.label, name)
