"""What people ask of the running daemon, and look up in it: silences, acknowledgements, history."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog

from regwatch.app.engine import Engine
from regwatch.app.route_trial import WrongLabelError
from regwatch.app.unregistering import NotRegisteredError
from regwatch.clock import Clock
from regwatch.core.alerts.mutes import Silence
from regwatch.core.bugs import Where
from regwatch.core.dispatch.forecast import Forecast
from regwatch.core.history import Happening, Kind, Sought
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    Answer,
    ExtensionId,
    Incident,
    IncidentId,
    RegistrationId,
    Timestamp,
)
from regwatch.notify.trial import Trial
from regwatch.sources.source import SourceError
from regwatch.store import StoreError
from regwatch.web.views import NeverMatchesError, NotFoundError, UnavailableError

log = structlog.get_logger(__name__)

LEAST_BEGINNING = 6
"""Characters of an incident's id that may stand for it, if no other begins like that."""
MOST_ALIKE = 10
"""Incidents that are named where an id's beginning may be any of them."""


class OperationsStore(Protocol):
    """Where what people did survives a restart, and the past is found; raises `StoreError`."""

    async def history(self, sought: Sought) -> Sequence[Happening]:
        """What happened, latest first."""

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        """One by its id; None if it is not kept."""

    async def incidents_like(self, beginning: str, *, most: int) -> Sequence[Incident]:
        """Those whose ids begin like that."""

    async def keep_silence(self, silence: Silence, happening: Happening) -> None:
        """Store both or neither."""


class Operations:
    """Satisfies `web.views.OperationsView`. Whatever is changed is stored before it counts."""

    def __init__(self, engine: Engine, store: OperationsStore, *, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    async def history(self, sought: Sought) -> Sequence[Happening]:
        """What happened, latest first."""
        with _unavailable():
            return await self._store.history(sought)

    async def incident(self, incident_id: IncidentId) -> Incident | None:
        """One that is open, or was within the time that is kept."""
        found = (i for i in self._engine.incidents() if i.id == incident_id)
        with _unavailable():
            return next(found, None) or await self._store.incident(incident_id)

    async def incidents_like(self, beginning: str) -> Sequence[Incident]:
        """The one with this id or, if none has it, those whose ids begin like that; a beginning
        that is too short may be anything, and finds none.
        """
        exact = await self.incident(IncidentId(beginning))
        if exact is not None:
            return (exact,)
        if len(beginning) < LEAST_BEGINNING:
            return ()
        with _unavailable():
            stored = await self._store.incidents_like(beginning, most=MOST_ALIKE)
        found = {each.id: each for each in stored}
        found |= {i.id: i for i in self._engine.incidents() if i.id.startswith(beginning)}
        return tuple(found.values())[:MOST_ALIKE]

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open."""
        incident = await self._engine.acknowledge(incident_id, by, comment)
        if incident is not None:
            log.info("incident_acknowledged", incident=incident_id, by=by, comment=comment)
        return incident

    def silences(self) -> Sequence[Silence]:
        """Those set, the ones that ended lately among them."""
        return self._engine.mutes.silences

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
        if mismatch := self._engine.known_labels.mismatch(matchers):
            raise NeverMatchesError(str(mismatch))
        silence = Silence(
            id=secrets.token_hex(4),
            matchers=matchers,
            starts_at=starts_at,
            ends_at=ends_at,
            author=author,
            comment=comment,
            created_at=self._clock(),
        )
        await self._keep(silence, "added", f"{author} silenced {matchers}: {comment}")
        return silence

    def try_routes(
        self, labels: Mapping[str, str], open_incidents: Sequence[Incident], *, at: Timestamp
    ) -> Forecast:
        """Who would be told of an alert with these labels; raises `NeverMatchesError`."""
        trial = self._engine.parts.route_trial
        try:
            return trial.of(labels, silences=self.silences(), open_incidents=open_incidents, now=at)
        except WrongLabelError as error:
            raise NeverMatchesError(str(error)) from error

    async def expire(self, silence_id: str, author: str) -> Silence | None:
        """End one now; None if there is none that has not ended."""
        now = self._clock()
        found = next((s for s in self.silences() if s.id == silence_id), None)
        if found is None or found.is_over(now=now):
            return None
        ended = found.ended(now=now)
        await self._keep(ended, "expired", f"{author} ended the silence of {found.matchers}")
        return ended

    async def _keep(self, silence: Silence, event: str, text: str) -> None:
        words = f"{silence.reference}: {text}"
        happening = Happening(at=self._clock(), kind=Kind.SILENCE, event=event, text=words)
        with _unavailable():
            await self._store.keep_silence(silence, happening)
        others = (s for s in self.silences() if s.id != silence.id)
        self._engine.mutes.replace_silences([*others, silence])
        log.info("silence_changed", silence=silence.id, change=event, text=text)

    def deleting(
        self, account: AccountName, registrations: Sequence[RegistrationId], *, withdrawn: bool
    ) -> bool:
        """Somebody deletes these through us: their absence is our doing; or could not. False: no
        such account.
        """
        return self._engine.deleting(account, registrations, withdrawn=withdrawn)

    async def unregister(
        self,
        account: AccountName,
        extension_id: ExtensionId,
        registration_id: RegistrationId | None,
        *,
        by: str,
    ) -> tuple[Answer, Answer]:
        """Delete an extension's registrations at the PBX, or one; what it says before and after."""
        try:
            engine = self._engine.account(account)
            before, after = await engine.unregister(extension_id, registration_id)
        except NotRegisteredError as error:
            raise NotFoundError(str(error)) from error
        except SourceError as error:
            raise UnavailableError(str(error)) from error
        log.info("unregistered", account=account, extension=extension_id, by=by)
        return before, after

    async def try_receiver(self, name: str, *, by: str) -> Trial:
        """Send it a test, and take it back."""
        lines = self._engine.parts.lines
        found = next((line for line in lines if line.name == name), None)
        if found is None:
            names = ", ".join(line.name for line in lines) or "none"
            raise NotFoundError(f"no receiver is named {name}; there are: {names}")
        log.info("receiver_tried", receiver=name, by=by)
        return await found.try_out(now=self._clock())


def warn_of_silences(engine: Engine, *, now: Timestamp) -> None:
    """Of those that were right when they were set, and match nothing any more."""
    for silence in engine.mutes.silences:
        try:
            mismatch = engine.known_labels.mismatch(silence.matchers)
            if mismatch is not None and not silence.is_over(now=now):
                log.warning("silence_matches_nothing", silence=silence.id, why=str(mismatch))
        except Exception as error:  # noqa: BLE001 - a guard: the daemon starts all the same
            engine.bugs.met("silence_not_checked", Where.SILENCE, silence.reference, error)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise UnavailableError(str(error)) from error
