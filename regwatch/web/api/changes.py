"""What people may change through the JSON API.

It takes the daemon's socket, the token of the config, or a user of the web config's: an API that
anybody on the network may silence would be worse than none.
"""

from aiohttp import web

from regwatch.clock import Clock
from regwatch.core.matchers import Matchers
from regwatch.core.model import AccountName, IncidentId, RegistrationId
from regwatch.web.api.answers import incident_body, registration_body, silence_body
from regwatch.web.api.bodies import (
    LONGEST_SILENCE,
    Acknowledgement,
    Deletion,
    IncidentBody,
    NewSilence,
    SilenceBody,
    TestAlert,
    TrialBody,
    Unregistered,
)
from regwatch.web.api.finding import find_extension
from regwatch.web.api.request import (
    ApiError,
    asked,
    author_of,
    body_of,
    end_of,
    moment_of,
    named,
)
from regwatch.web.views import DaemonView, OperationsView


class Changes:
    """The handlers; each is named as its endpoint."""

    def __init__(self, view: DaemonView, operations: OperationsView, clock: Clock) -> None:
        self._view = view
        self._operations = operations
        self._clock = clock

    async def add_silence(self, request: web.Request) -> SilenceBody:
        """Set one."""
        wanted = await body_of(request, NewSilence)
        now = self._clock()
        starts_at = now if wanted.starts_at is None else moment_of(wanted.starts_at)
        ends_at = end_of(wanted, starts_at)
        if ends_at <= max(now, starts_at):
            raise ApiError(400, "the silence would be over before it begins")
        if ends_at > now + LONGEST_SILENCE:
            raise ApiError(
                400, "a silence ends within a year: what never alerts is set in `alerts`"
            )
        silence = await self._operations.silence(
            Matchers.of(wanted.matchers),
            starts_at=starts_at,
            ends_at=ends_at,
            author=author_of(request, wanted.author),
            comment=wanted.comment,
        )
        return silence_body(silence, now=now)

    async def expire_silence(self, request: web.Request) -> SilenceBody:
        """End one."""
        silence_id = named(request, "id")
        author = author_of(request, asked(request, "author"))
        ended = await self._operations.expire(silence_id, author)
        if ended is None:
            raise ApiError(404, f"no silence with the id {silence_id} is in force or to come")
        return silence_body(ended, now=self._clock())

    async def acknowledge(self, request: web.Request) -> IncidentBody:
        """Take an incident on."""
        wanted = await body_of(request, Acknowledgement)
        incident_id = IncidentId(named(request, "id"))
        author = author_of(request, wanted.author)
        found = await self._operations.acknowledge(incident_id, author, wanted.comment)
        if found is None:
            raise ApiError(404, f"no open incident has the id {incident_id}")
        return incident_body(found)

    async def unregister(self, request: web.Request) -> Unregistered:
        """Delete one registration."""
        return await self._unregister(request, RegistrationId(named(request, "registration_id")))

    async def unregister_all(self, request: web.Request) -> Unregistered:
        """Delete all of an extension."""
        return await self._unregister(request, None)

    async def _unregister(self, request: web.Request, which: RegistrationId | None) -> Unregistered:
        author = author_of(request, asked(request, "author"))
        row = await find_extension(self._view.accounts(), named(request, "reference"))
        extension = row.watched.extension
        before, after = await self._operations.unregister(
            row.account, extension.id, which, by=author
        )
        return Unregistered(
            row.account,
            extension.id,
            extension.name,
            before=[registration_body(each) for each in before.registrations],
            after=[registration_body(each) for each in after.registrations],
        )

    async def try_receiver(self, request: web.Request) -> TrialBody:
        """Send a test."""
        wanted = await body_of(request, TestAlert)
        author = author_of(request, wanted.author)
        trial = await self._operations.try_receiver(named(request, "name"), by=author)
        return TrialBody(
            trial.receiver,
            trial.kind,
            taken=not trial.problem,
            problem=trial.problem,
            retried=trial.is_retryable,
        )

    async def announce_deletion(self, request: web.Request) -> Deletion:
        """Say what is about to be deleted on purpose, or that it was not."""
        wanted = await body_of(request, Deletion)
        ids = [RegistrationId(each) for each in wanted.registration_ids]
        account, withdrawn = AccountName(wanted.account), wanted.withdrawn
        if not self._operations.deleting(account, ids, withdrawn=withdrawn):
            raise ApiError(404, f"no account is named {wanted.account}")
        return wanted
