"""Which incidents of all are asked for, and for how many others each of them speaks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regwatch.core.model import Incident, IncidentId
from regwatch.core.outside import made_safe
from regwatch.web.api.request import LONGEST_WORD
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
    def from_query(cls, query: Mapping[str, str]) -> "Choice":
        """Of a URL's parameters."""

        def word(name: str) -> str | None:
            given = query.get(name)
            return None if given is None else made_safe(given[:LONGEST_WORD])

        severities = word("severity")
        return cls(
            folded=query.get("folded") == "true",
            site=word("site"),
            account=word("account"),
            alert=word("alert"),
            severities=frozenset(severities.split(",")) if severities else frozenset(),
        )

    def fits(self, incident: Incident) -> bool:
        """Whether it is asked for, but for the folding."""
        return (
            self.site in (None, incident.facts.site)
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
