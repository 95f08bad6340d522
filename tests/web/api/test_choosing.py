"""Which incidents are asked for, and for how many others each speaks."""

import pytest
from aiohttp.test_utils import make_mocked_request
from fakes.web import incident
from msgspec.structs import replace

from regwatch.core.model import AlertName, IncidentId, Severity
from regwatch.web.api.choosing import Choice, chosen

SITE = replace(incident(AlertName.SITE_LOST, number=None, site="riga"), id=IncidentId("site"))
MEMBERS = [
    replace(incident(number=n, site="riga"), inhibited_by=SITE.id, id=IncidentId(f"m{n}"))
    for n in (1, 2)
]
INFO = replace(incident(number=3, severity=Severity.INFO), id=IncidentId("info"))
LEFT = replace(incident(number=4), id=IncidentId("left"), inhibited_by=IncidentId("ended"))
ALL = [*MEMBERS, SITE, INFO, LEFT]


@pytest.mark.parametrize(
    ("query", "choice"),
    [
        ("", Choice()),
        ("?folded=true&site=riga", Choice(folded=True, site="riga")),
        ("?folded=false&severity=", Choice()),
        (
            "?severity=info,critical&alert=x&account=a",
            Choice(account="a", alert="x", severities=frozenset({"info", "critical"})),
        ),
        ("?site=", Choice(site="")),
    ],
)
def test_a_query_is_read(query: str, choice: Choice) -> None:
    assert Choice.of(make_mocked_request("GET", f"/{query}")) == choice


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(), ["m1", "m2", "site", "info", "left"]),
        (Choice(folded=True), ["site", "info", "left"]),
        (Choice(site="riga"), ["m1", "m2", "site"]),
        (Choice(site=""), ["info", "left"]),
        (Choice(alert="site_lost"), ["site"]),
        (Choice(severities=frozenset({"info"})), ["info"]),
        (Choice(account="other"), []),
    ],
    ids=["all", "folded, but for whose speaker has ended", "of a site", "of none", "of a kind",
         "of a severity", "of another account"],
)  # fmt: skip
async def test_those_are_found_that_fit(choice: Choice, found: list[str]) -> None:
    incidents, _ = await chosen(ALL, choice)
    assert [each.id for each in incidents] == found


async def test_each_knows_for_how_many_it_speaks_whatever_is_shown() -> None:
    _, members = await chosen(ALL, Choice(folded=True, severities=frozenset({"critical"})))
    assert (members[SITE.id], members[INFO.id]) == (2, 0)
