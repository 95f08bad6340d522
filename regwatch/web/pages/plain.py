"""Pages about one thing: an incident, a runbook. All text from outside goes through Jinja's
escaping.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from regwatch import runbooks
from regwatch.clock import Clock
from regwatch.core.durations import humanise
from regwatch.core.history import Kind, Sought
from regwatch.core.model import Incident, Timestamp
from regwatch.web.pages.runbook import alert_named, contents, runbook
from regwatch.web.times import iso
from regwatch.web.views import OperationsView

LONGEST_STORY = 500
"""Lines of its history that are shown, the latest."""


class PlainPages:
    """Renders them; None for what is not there."""

    def __init__(self, operations: OperationsView | None, clock: Clock) -> None:
        self._operations = operations
        self._clock = clock
        environment = Environment(
            loader=PackageLoader("regwatch.web.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"duration": humanise, "iso": iso}
        self._environment = environment

    def help(self, name: str) -> bytes | None:
        """What an alert means, and what to do."""
        alert = alert_named(name)
        if alert is None:
            return None
        return self._rendered("help.html", title=alert.alertname, text=runbook(alert), up="../")

    def all_help(self) -> bytes:
        """All of them."""
        return self._rendered("helps.html", title="Alerts", alerts=contents(), up="")

    async def incident(self, beginning: str) -> bytes | None:
        """One by its id, or how that begins, as long as the history is kept; raises
        `UnavailableError`.
        """
        if self._operations is None:
            return None
        found = await self._operations.incidents_like(beginning)
        if len(found) != 1:
            return None
        incident = found[0]
        sought = Sought(incident_id=incident.id, limit=LONGEST_STORY)
        story = await self._operations.history(sought)
        told = [each for each in story if each.kind is Kind.NOTIFICATION]
        decided = [each for each in story if each.kind is not Kind.NOTIFICATION]
        return self._rendered(
            "incident.html",
            title=incident.summary,
            up="../",
            advice=runbooks.advice(incident.alert),
            told=told,
            decided=decided,
            **about(incident, self._clock()),
        )

    def _rendered(self, name: str, **what: object) -> bytes:
        html = self._environment.get_template(name).render(**what)
        return html.encode(errors="replace")


def about(incident: Incident, now: Timestamp) -> Mapping[str, Any]:
    """What a page says of it."""
    facts = incident.facts
    ended = incident.resolved_at
    shown = {
        "State": incident.state.value,
        "Severity": incident.severity.value,
        "Account": incident.account,
        "Site": facts.site,
        "Place": facts.place,
        "Extension": " ".join(filter(None, (facts.extension, facts.label))),
        "Device": facts.device,
        "Receiver": facts.receiver,
        "Since": iso(incident.started_at),
        "Ended": "" if ended is None else iso(ended),
        "For": humanise((now if ended is None else ended) - incident.started_at),
        "Acknowledged by": incident.acknowledged_by,
        "Muted by": incident.silenced_by,
    }
    return {
        "incident": incident,
        "facts": {name: text for name, text in shown.items() if text},
        "is_over": ended is not None,
    }
