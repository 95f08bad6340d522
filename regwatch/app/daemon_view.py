"""What the HTTP side and the service manager see of the parts that run."""

from collections.abc import Mapping, Sequence

from regwatch.app.engine import Engine
from regwatch.app.engines.account_view import AccountSight
from regwatch.clock import SteadyClock
from regwatch.core.bugs import Setback
from regwatch.core.model import Incident, IncidentId, Timestamp


class DaemonSight:
    """The whole daemon, as `web.views.DaemonView` wants it."""

    def __init__(self, engine: Engine, *, steady: SteadyClock) -> None:
        self._engine = engine
        self._steady = steady

    def accounts(self) -> Sequence[AccountSight]:
        """Each account as it is now."""
        return [account.sight for account in self._engine.parts.accounts]

    def incidents(self) -> Sequence[Incident]:
        """Those pending and those firing."""
        return self._engine.incidents()

    def recently_resolved(self) -> Sequence[Incident]:
        """The last ones that ended, latest first."""
        return tuple(self._engine.exchange.resolved)

    def escalations(self, incident_id: IncidentId) -> Sequence[tuple[Timestamp, Sequence[str]]]:
        """When who will be told of an incident, too, if nobody acknowledges it."""
        return self._engine.parts.desk.escalations(incident_id)

    def outbox_backlog(self) -> Mapping[str, tuple[int, Timestamp | None]]:
        """By receiver: how many notifications wait, and the oldest's time."""
        return self._engine.backlog

    def set_aside(self) -> tuple[Sequence[Setback], int]:
        """What bugs of ours were met by last, and how many things those are in all."""
        bugs = self._engine.bugs
        return bugs.latest(), bugs.kept

    def health_problem(self) -> str | None:
        """What is wrong with the parts or the store; None if nothing is."""
        engine = self._engine
        return self.live_problem() or engine.bugs.trouble or engine.store_problem or None

    def live_problem(self) -> str | None:
        """Which account's polling stands still; None if none does. Whoever died is no reason: it is
        begun anew without the others.
        """
        now, accounts = self._steady(), self._engine.parts.accounts
        stalled = [each.settings.name for each in accounts if each.is_stalled(now=now)]
        return f"polling stands still for {', '.join(stalled)}" if stalled else None
