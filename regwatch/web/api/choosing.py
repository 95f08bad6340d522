"""Which incidents of all are asked for, and for how many others each of them speaks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from regwatch.core.model import Incident, IncidentId
from regwatch.web.api.openapi import TRUE_OR_FALSE
from regwatch.web.api.request import asked, choice_of
from regwatch.web.ordering import chunked


@dataclass(frozen=True, slots=True)
class Choice:
    """What the query asks for; None, or nothing: all."""

    folded: bool = False
    """Without those that another open one says it all for."""
    site: str | None = None
    account: str | None = None
    alert: str | None = None
    severities: frozenset[str] = frozenset()

    @classmethod
    def of(cls, request: web.Request) -> "Choice":
        """As the query says."""
        severities = asked(request, "severity")
        return cls(
            folded=choice_of(request, "folded", TRUE_OR_FALSE) == "true",
            site=asked(request, "site"),
            account=asked(request, "account"),
            alert=asked(request, "alert"),
            severities=frozenset(severities.split(",")) if severities else frozenset(),
        )

    def fits(self, incident: Incident) -> bool:
        """Whether it is asked for, but for the folding."""
        return (
            (self.site is None or self.site == incident.facts.site)
            and self.account in (None, incident.account)
            and self.alert in (None, incident.alert.value)
            and (not self.severities or incident.severity.value in self.severities)
        )


async def chosen(
    incidents: Sequence[Incident], choice: Choice
) -> tuple[list[Incident], Counter[IncidentId]]:
    """Those that are asked for, and how many open ones each speaks for; the loop runs meanwhile."""
    members: Counter[IncidentId] = Counter()
    found: list[Incident] = []
    there = {each.id for each in incidents} if choice.folded else set()
    async for chunk in chunked(incidents):
        members.update(i.inhibited_by for i in chunk if i.inhibited_by is not None)
        found += (
            i for i in chunk if choice.fits(i) and not (choice.folded and i.inhibited_by in there)
        )
    return found, members
