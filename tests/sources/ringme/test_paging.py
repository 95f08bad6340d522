"""Reading the list page by page."""

import pytest

from regwatch.core.model import Extension, ExtensionId, FailureReason
from regwatch.sources.ringme.errors import PbxRejectedError, PbxUnavailableError
from regwatch.sources.ringme.paging import MOST_PAGES, WHOLE_SECONDS, KnownList, Listed
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


LONG = [page(*range(100 * n, 100 * n + 100)) for n in range(5)]


def numbers(listed: Listed) -> set[int]:
    return set(listed.found)


@pytest.mark.parametrize("end", [page(900), page(), GONE], ids=["short", "empty", "404"])
async def test_a_long_list_whose_ends_are_as_they_were_is_not_read_again(
    end: Page | Exception,
) -> None:
    known, fetch = KnownList(), Pages(*LONG, end)
    before = await known.read(fetch, now=0)
    assert await known.read(fetch, now=900) is before
    assert fetch.asked == [1, 2, 3, 4, 5, 6, 1, 6]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param([*LONG, page(900, 901)], id="one was added"),
        pytest.param([*LONG[:1], page(*range(101, 201)), *LONG[2:], page()], id="one was taken"),
        pytest.param([page(7, *range(1, 100)), *LONG[1:], page(900)], id="the first is another"),
        pytest.param([*LONG, GONE], id="the last page is gone"),
    ],
)
async def test_what_changed_at_an_end_has_it_read_whole(changed: list[Page | Exception]) -> None:
    known = KnownList()
    before = await known.read(Pages(*LONG, page(900)), now=0)
    fetch = Pages(*changed)
    after = await known.read(fetch, now=900)
    fresh = Listed()
    await fresh.read(Pages(*changed))
    assert numbers(after) == numbers(fresh) != numbers(before)
    assert fetch.asked.count(1) == 1, "what was read is not read again"


async def test_now_and_then_it_is_read_whole_for_what_changed_in_its_midst() -> None:
    known = KnownList()
    await known.read(Pages(*LONG, page()), now=0)
    renamed = Pages(LONG[0], page(*range(500, 600)), *LONG[2:], page())
    assert 500 not in numbers(await known.read(renamed, now=WHOLE_SECONDS - 1))
    assert 500 in numbers(await known.read(renamed, now=WHOLE_SECONDS))


async def test_neither_a_short_list_nor_half_a_one_is_kept() -> None:
    known, short = KnownList(), Pages(page(*FULL), page(200))
    assert await known.read(short, now=0) is not await known.read(short, now=1)
    half = Pages(*LONG, DOWN)
    assert await known.read(half, now=2) is not await known.read(half, now=3)


async def test_an_end_that_cannot_be_read_is_no_answer() -> None:
    known = KnownList()
    await known.read(Pages(*LONG, page()), now=0)
    with pytest.raises(PbxUnavailableError):
        await known.read(Pages(*LONG, DOWN), now=1)
