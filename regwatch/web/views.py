"""What the web part needs to know of the daemon, and to ask of it. The watcher and the app satisfy
it; the web part reads between two steps of the loop, and keeps nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from regwatch.core.alerts.mutes import Silence
from regwatch.core.bugs import Setback
from regwatch.core.dispatch.forecast import Forecast
from regwatch.core.history import Happening, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    Answer,
    ExtensionId,
    ExtensionState,
    Incident,
    IncidentId,
    Quota,
    RegistrationId,
    Timestamp,
    Watched,
)
from regwatch.core.phones.warned import Outcomes
from regwatch.core.polling.agenda import Purpose

Escalating = tuple[Timestamp, Sequence[str]]
"""When which receivers are told, too, if nobody acknowledges."""


class AccountView(Protocol):
    """One account as it is now."""

    @property
    def name(self) -> AccountName:
        """As the configuration names it."""
        ...

    def watched(self) -> Mapping[ExtensionId, Watched]:
        """All extensions watched, as the monitor holds them."""
        ...

    def counts(self) -> Mapping[tuple[str, ExtensionState], int]:
        """How many extensions of each (site, state); cheap. Absent means 0."""
        ...

    def registration_counts(self) -> Mapping[str, int]:
        """How many active registrations by site; cheap. Absent means 0."""
        ...

    @property
    def sites(self) -> Sequence[str]:
        """The sites known, "" for extensions without one."""
        ...

    @property
    def quota(self) -> Quota | None:
        """As last told; None if no answer told it yet."""
        ...

    @property
    def api_up(self) -> bool | None:
        """Whether the last request succeeded; None if none was made yet."""
        ...

    @property
    def oldest_answer_at(self) -> Timestamp | None:
        """When the extension unasked longest was last answered; None if one never was."""
        ...

    @property
    def sweep_seconds(self) -> float:
        """How long a sweep takes at the present pace: so old answers get."""

    @property
    def ids_asked(self) -> Mapping[Purpose, int]:
        """For what extensions were asked since the start, how often; all purposes."""
        ...

    @property
    def warnings(self) -> Outcomes:
        """What became of the last warnings of a missing refresh."""
        ...

    @property
    def api_problem(self) -> str:
        """One plain line saying what is wrong with the API; empty if nothing is."""
        ...

    def expects(self, watched: Watched) -> bool:
        """Whether it is expected to be registered at this hour."""

    @property
    def first_sweep_done(self) -> bool:
        """Whether every extension was asked for at least once."""
        ...


class UnavailableError(Exception):
    """What is asked for cannot be had, or stored, just now; the text says why."""


class NeverMatchesError(Exception):
    """Matchers that no alert can ever fit; the text says what is wrong with them."""


class NotFoundError(Exception):
    """Nothing of that name is there; the text says what is missing."""


class Trial(Protocol):
    """What came of a test that was sent to a receiver."""

    @property
    def receiver(self) -> str:
        """Its name."""

    @property
    def kind(self) -> str:
        """Which service it is."""

    @property
    def problem(self) -> str:
        """Why it was not taken; empty: it was taken, and taken back."""

    @property
    def is_retryable(self) -> bool:
        """Whether a real message would be sent again after that."""


class OperationsView(Protocol):
    """What people look up in the daemon and ask of it. What is stored raises `UnavailableError`
    where it cannot be.
    """

    async def history(self, sought: Sought) -> Sequence[Happening]:
        """What happened, latest first."""

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        """One that is open, or was within the time that is kept."""

    async def incidents_like(self, beginning: str) -> Sequence[Incident]:
        """The one with this id or, if none has it, those whose ids begin like that."""

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""

    def silences(self) -> Sequence[Silence]:
        """Those set, the ones that ended lately among them."""

    async def silence(
        self,
        matchers: Matchers,
        *,
        starts_at: Timestamp,
        ends_at: Timestamp,
        author: str,
        comment: str,
    ) -> Silence:
        """Set one; raises `NeverMatchesError`."""

    def try_routes(
        self, labels: Mapping[str, str], open_incidents: Sequence[Incident], *, at: Timestamp
    ) -> Forecast:
        """Who would be told of an alert with these labels that begins then, and why others are
        not; raises `NeverMatchesError`.
        """
        ...

    async def expire(self, silence_id: str, author: str) -> Silence | None:
        """End one now; None if there is none that has not ended."""

    def deleting(
        self, account: AccountName, registrations: Sequence[RegistrationId], *, withdrawn: bool
    ) -> bool:
        """Somebody deletes these on purpose, or could not. False: no such account."""

    async def unregister(
        self,
        account: AccountName,
        extension_id: ExtensionId,
        registration_id: RegistrationId | None,
        *,
        by: str,
    ) -> tuple[Answer, Answer]:
        """Delete an extension's registrations at the PBX, or one: what it says before and after.
        Raises `NotFoundError` and, where the PBX does not do it, `UnavailableError`.
        """

    async def try_receiver(self, name: str, *, by: str) -> Trial:
        """Send it a test, and take it back; raises `NotFoundError`."""


class DaemonView(Protocol):
    """The whole daemon as it is now."""

    def accounts(self) -> Sequence[AccountView]:
        """All accounts, in the order of the configuration."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """Those pending and those firing."""
        ...

    def recently_resolved(self) -> Sequence[Incident]:
        """Those that ended lately, in any order."""
        ...

    def escalations(self, incident_id: IncidentId) -> Sequence[Escalating]:
        """Who will be told of an incident, too, if nobody acknowledges it."""
        ...

    def outbox_backlog(self) -> Mapping[str, tuple[int, Timestamp | None]]:
        """By receiver: how many notifications wait, and when the oldest of them was made."""
        ...

    def set_aside(self) -> tuple[Sequence[Setback], int]:
        """What bugs of ours were met by last, the latest first; and how many things in all."""
        ...

    def health_problem(self) -> str | None:
        """What is wrong with the daemon itself; None if it is healthy."""
        ...

    def live_problem(self) -> str | None:
        """Why only a start anew would help: polls that do not turn; None if they do."""
        ...
