"""Reading the list page by page."""

import pytest

from regwatch.core.model import Extension, ExtensionId, FailureReason
from regwatch.sources.ringme.errors import PbxRejectedError, PbxUnavailableError
from regwatch.sources.ringme.paging import MOST_PAGES, Listed
from regwatch.sources.ringme.wire_lists import Page


def page(*numbers: int, unreadable: int = 0) -> Page:
    found = tuple((Extension(ExtensionId(n), f"000*{n}"), None) for n in numbers)
    return Page(found, len(found) + unreadable)


class Pages:
    def __init__(self, *pages: Page | Exception) -> None:
        self.pages = pages
        self.asked: list[int] = []

    async def __call__(self, number: int) -> Page:
        self.asked.append(number)
        answer = self.pages[min(number, len(self.pages)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


GONE = PbxRejectedError("", reason=FailureReason.NOT_FOUND, status=404)
DOWN = PbxUnavailableError("", reason=FailureReason.NETWORK)
FULL = tuple(range(100))


@pytest.mark.parametrize(
    ("pages", "asked", "found", "complete"),
    [
        pytest.param([page(1, 2)], 1, 2, True, id="a short page is the last"),
        pytest.param([page()], 1, 0, True, id="an empty list"),
        pytest.param([page(*FULL), page()], 2, 100, True, id="an empty page"),
        pytest.param([page(*FULL), page(*FULL)], 2, 100, True, id="nothing new: it knows no pages"),
        pytest.param([page(*FULL), page(200)], 2, 101, True, id="a short second page"),
        pytest.param([page(*FULL), GONE], 2, 100, True, id="404 past the first"),
        pytest.param([page(*FULL), DOWN], 2, 100, False, id="a failure past the first"),
        pytest.param(
            [page(*range(50)), page(*range(50, 80))], 2, 80, True, id="a page size of the PBX's own"
        ),
        pytest.param([page(*range(350)), page()], 2, 350, True, id="all at once"),
        pytest.param([page(1, unreadable=1)], 1, 1, False, id="an entry that cannot be read"),
    ],
)
async def test_where_it_ends(pages: list, asked: int, found: int, complete: bool) -> None:
    fetch, listed = Pages(*pages), Listed()
    await listed.read(fetch)
    assert fetch.asked == list(range(1, asked + 1))
    listing = listed.listing({})
    assert (len(listing.extensions), listing.complete) == (found, complete)


@pytest.mark.parametrize("error", [GONE, DOWN])
async def test_without_a_first_page_there_is_no_list(error: Exception) -> None:
    with pytest.raises(type(error)):
        await Listed().read(Pages(error))


async def test_an_endless_list_is_cut_and_not_complete() -> None:
    async def endless(number: int) -> Page:
        return page(*range(number * 100, number * 100 + 100))

    listed = Listed()
    await listed.read(endless)
    assert len(listed.found) == MOST_PAGES * 100
    assert not listed.is_complete


async def test_groups_are_named_where_they_are_known() -> None:
    one, two, three = (Extension(ExtensionId(n), str(n)) for n in (1, 2, 3))
    listed = Listed()
    assert not listed.has_groups
    await listed.read(Pages(Page(((one, 14), (two, 15), (three, None)), 3)))
    assert listed.has_groups
    assert [e.group for e in listed.listing({14: "Sales"}).extensions] == ["Sales", "", ""]
