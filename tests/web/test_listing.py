"""Which extensions are listed, and in which order."""

import pytest
from fakes.web import NOW, account, registration, watched

from regwatch.core.model import ExtensionState
from regwatch.web.listing import PAGE_SIZE, Page, Search, list_extensions

S = ExtensionState


def ids(page: Page) -> list[int]:
    return [row.watched.extension.id for row in page.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, Search()),
        ({"q": " 101 ", "state": "lost", "page": "3"}, Search("101", S.LOST, 3)),
        ({"state": "nonsense", "page": "x"}, Search()),
        ({"page": "-1"}, Search()),
        ({"page": "9" * 5000}, Search()),
        ({"page": "²"}, Search()),
        ({"q": "x" * 1000}, Search("x" * 200)),
        ({"states": "lost,nonsense,overdue"}, Search(states=frozenset({S.LOST, S.OVERDUE}))),
        (
            {"site": "", "account": "acme", "group": "Sales", "device": " snom "},
            Search(site="", account="acme", group="Sales", device="snom"),
        ),
    ],
)
def test_a_query_is_read_as_far_as_it_makes_sense(query: dict[str, str], expected: Search) -> None:
    assert Search.from_query(query) == expected


async def test_the_troubled_stand_first_the_latest_of_each_kind_on_top() -> None:
    acme = account(
        watched(1, S.REMOVED),
        watched(3, S.REGISTERED, since=NOW),
        watched(2, S.REGISTERED, since=NOW - 9),
        watched(4, S.UNKNOWN),
        watched(5, S.UNREGISTERED),
        watched(6, S.OVERDUE),
        watched(7, S.LOST, since=NOW - 100),
        watched(8, S.LOST, since=NOW - 10),
    )
    other = account(watched(9, S.LOST, since=NOW - 50), name="globex")
    page = await list_extensions([acme, other], Search())
    assert ids(page) == [8, 9, 7, 6, 5, 4, 2, 3, 1]
    assert [row.account for row in page.rows][:2] == ["acme", "globex"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000*1", [1]),
        ("bērziņa", [2]),
        ("RIGA", [3]),
        ("zoiper", [4]),
        ("198.51.100.9", [4]),
        ("192.168.5.52", [4]),
        ("nowhere", []),
    ],
    ids=["name", "label in other case", "site", "device", "address", "contact", "nothing"],
)
async def test_found_by_text(text: str, expected: list[int]) -> None:
    phone = registration(device="Zoiper rv2", address="sip:198.51.100.9:5060")
    acme = account(
        watched(1, S.LOST),
        watched(2, S.LOST, label="Bērziņa"),
        watched(3, S.LOST, site="riga"),
        watched(4, registrations=(phone,)),
    )
    page = await list_extensions([acme], Search(text))
    assert ids(page) == expected
    assert page.found == len(expected)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(site="riga"), [1]),
        (Search(site=""), [3, 2]),
        (Search(device="SNOM"), [2]),
        (Search(group="Sales"), []),
        (Search(account="other"), [7]),
        (Search(states=frozenset({S.LOST, S.UNKNOWN})), [3]),
        (Search(state=S.LOST, states=frozenset({S.REGISTERED}), account="acme"), [3, 1, 2]),
    ],
    ids=["a site", "no site", "a device", "a group", "an account", "states", "one state more"],
)
async def test_all_that_is_sought_must_fit(search: Search, found: list[int]) -> None:
    snom = registration(2, device="snom320/8.7")
    acme = account(watched(1, site="riga"), watched(2, registrations=(snom,)), watched(3, S.LOST))
    other = account(watched(7, site="other"), name="other")
    assert ids(await list_extensions([acme, other], search)) == found


async def test_text_and_state_must_both_fit() -> None:
    acme = account(watched(1, S.LOST), watched(11), watched(2, S.LOST))
    assert ids(await list_extensions([acme], Search("000*1", S.LOST))) == [1]


async def test_pages_are_cut_across_states_and_the_last_one_serves_for_those_beyond() -> None:
    acme = account(
        *(watched(n, S.LOST, since=NOW - n) for n in range(150)),
        *(watched(n) for n in range(150, 1260)),
    )
    pages = [await list_extensions([acme], Search(page=n)) for n in range(1, 14)]
    assert [i for page in pages for i in ids(page)][:150] == list(range(150))
    assert sorted(i for page in pages for i in ids(page)) == list(range(1260))
    assert {len(page.rows) for page in pages[:-1]} == {PAGE_SIZE}
    beyond = await list_extensions([acme], Search(page=99))
    assert (beyond.number, beyond.pages, ids(beyond)) == (13, 13, ids(pages[-1]))


async def test_nothing_watched_is_one_empty_page() -> None:
    page = await list_extensions([], Search(page=5))
    assert (page.number, page.pages, page.found, list(page.rows)) == (1, 1, 0, [])
