"""The JSON API: what the status page shows, for programs; and where each handler is found, those
that change something among them.

Reading is open to whom the HTTP side is open.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from regwatch import __version__
from regwatch.clock import Clock
from regwatch.core.bugs import Where
from regwatch.core.history import Happening, Sought
from regwatch.core.model import (
    AccountName,
    AlertName,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
)
from regwatch.guard import Bugs
from regwatch.web.api.answers import (
    account_body,
    extension_body,
    happening_body,
    incident_body,
    moment,
    routes_body,
    setback_body,
    silence_body,
)
from regwatch.web.api.bodies import (
    ErrorBody,
    ExtensionBody,
    ExtensionsBody,
    ExtensionWhyBody,
    HistoryBody,
    IncidentBody,
    IncidentsBody,
    ReceiverBody,
    RoutesBody,
    ShowBody,
    SilencesBody,
    StatusBody,
    WhyBody,
)
from regwatch.web.api.changes import Changes
from regwatch.web.api.choosing import Choice, chosen
from regwatch.web.api.endpoints import ENDPOINTS
from regwatch.web.api.finding import find_extension, find_incident
from regwatch.web.api.openapi import INCIDENT_STATES, TRUE_OR_FALSE, Endpoint, describe
from regwatch.web.api.request import (
    ApiError,
    asked,
    check_writer,
    choice_of,
    json_response,
    labels_of,
    limit_of,
    named,
    search_of,
    time_of,
)
from regwatch.web.api.stories import others_in, stories_of, why_body
from regwatch.web.errors import each_sound
from regwatch.web.listing import Row, list_extensions
from regwatch.web.ordering import chunked, latest_first, smallest, worst_first
from regwatch.web.times import iso
from regwatch.web.views import (
    DaemonView,
    NeverMatchesError,
    NotFoundError,
    OperationsView,
    UnavailableError,
)

PREFIX = "/api/v1"
MOST_INCIDENTS = 1000
MOST_HISTORY = 5000
SHOWN_WITH_EXTENSION = 50
SAY_IT_ALL = frozenset({AlertName.SITE_LOST, AlertName.ACCOUNT_LOST})
"""Incidents that others are inhibited by."""
LONGEST_STORY = 1000
"""Lines of the history in which reasons are looked for."""
MOST_STORIES = 10
"""Incidents of one extension whose reasons are told; the latest ones."""

T = TypeVar("T")
R = TypeVar("R")


class Api:
    """The handlers, and where each is found."""

    def __init__(
        self, view: DaemonView, operations: OperationsView, clock: Clock, bugs: Bugs
    ) -> None:
        self._view = view
        self._bugs = bugs
        self._operations = operations
        self._clock = clock
        self._changes = Changes(view, operations, clock)

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        described = [
            web.route(each.method, PREFIX + each.path, self._guarded(each)) for each in ENDPOINTS
        ]
        return [*described, web.get(PREFIX + "/openapi.json", self._openapi)]

    def _guarded(self, endpoint: Endpoint) -> Handler:
        owner = self._changes if endpoint.takes_token else self
        handler: Callable[[web.Request], Awaitable[object]] = getattr(owner, endpoint.name)

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                if endpoint.takes_token:
                    check_writer(request)
                return json_response(await handler(request), endpoint.success)
            except ApiError as error:
                return json_response(ErrorBody(error.message), error.status)
            except NeverMatchesError as error:
                return json_response(ErrorBody(str(error)), 400)
            except NotFoundError as error:
                return json_response(ErrorBody(str(error)), 404)
            except UnavailableError as error:
                return json_response(ErrorBody(str(error)), 503)

        return handle

    async def _openapi(self, _request: web.Request) -> web.Response:
        return json_response(describe(ENDPOINTS, prefix=PREFIX, version=__version__))

    # --- reading ------------------------------------------------------------

    async def status(self, _request: web.Request) -> StatusBody:
        """Overview."""
        severities = dict.fromkeys((s.value for s in Severity), 0)
        async for chunk in chunked(self._view.incidents()):
            for incident in chunk:
                severities[incident.severity.value] += incident.state is IncidentState.FIRING
        backlog = sorted(self._view.outbox_backlog().items())
        setbacks, count = self._view.set_aside()
        return StatusBody(
            version=__version__,
            at=iso(self._clock()),
            problem=self._view.health_problem(),
            accounts=self._sound("accounts", account_body, self._view.accounts()),
            incidents=severities,
            receivers=[ReceiverBody(name, n, moment(oldest)) for name, (n, oldest) in backlog],
            set_aside=[setback_body(each) for each in setbacks],
            set_aside_count=count,
        )

    async def extensions(self, request: web.Request) -> ExtensionsBody:
        """A page of them."""
        page = await list_extensions(self._view.accounts(), search_of(request))
        bodies = self._sound("extensions", self._extension, page.rows)
        return ExtensionsBody(bodies, page.found, page.number, page.pages)

    async def extension(self, request: web.Request) -> ShowBody:
        """One of them."""
        row = await find_extension(self._view.accounts(), named(request, "reference"))
        extension_id = row.watched.extension.id
        open_ones: list[Incident] = []
        async for chunk in chunked(self._view.incidents()):
            open_ones += [
                incident
                for incident in chunk
                if incident.facts.extension_id == extension_id and incident.account == row.account
            ]
        sought = Sought(account=row.account, extension_id=extension_id, limit=SHOWN_WITH_EXTENSION)
        return ShowBody(
            extension=self._extension(row),
            incidents=self._sound("incidents", incident_body, open_ones),
            history=self._sound("history", happening_body, await self._operations.history(sought)),
        )

    async def incidents(self, request: web.Request) -> IncidentsBody:
        """Those open, or those that ended lately."""
        is_open = choice_of(request, "state", INCIDENT_STATES) != "resolved"
        everything = self._view.incidents() if is_open else self._view.recently_resolved()
        found, members = await chosen(everything, Choice.of(request))
        order = worst_first if is_open else latest_first
        first = await smallest(found, order, limit_of(request, MOST_INCIDENTS))

        def body(each: Incident) -> IncidentBody:
            return incident_body(each, members=members[each.id])

        return IncidentsBody(self._sound("incidents", body, first), len(found))

    async def incident(self, request: web.Request) -> IncidentBody:
        """One, also of former times."""
        return incident_body(await find_incident(self._operations, named(request, "id")))

    async def why_incident(self, request: web.Request) -> WhyBody:
        """Why somebody was told of it, or was not."""
        found = await find_incident(self._operations, named(request, "id"))
        sought = Sought(incident_id=found.id, limit=LONGEST_STORY)
        return self._why(found, tuple(reversed(await self._operations.history(sought))))

    def _why(self, incident: Incident, story: Sequence[Happening]) -> WhyBody:
        return why_body(incident, story, self._view.escalations(incident.id))

    async def why_extension(self, request: web.Request) -> ExtensionWhyBody:
        """Why somebody was told of what it did, or was not."""
        row = await find_extension(self._view.accounts(), named(request, "reference"))
        sought = Sought(
            account=row.account, extension_id=row.watched.extension.id, limit=LONGEST_STORY
        )
        lines = tuple(reversed(await self._operations.history(sought)))
        stories = stories_of(lines)
        latest = [await self._operations.incident(i) for i in list(stories)[-MOST_STORIES:]]
        incidents = [each for each in latest if each is not None]
        return ExtensionWhyBody(
            extension=self._extension(row),
            incidents=[self._why(each, stories[each.id]) for each in incidents],
            others=self._sound("history", happening_body, others_in(lines)),
        )

    async def history(self, request: web.Request) -> HistoryBody:
        """What happened."""
        reference, account = asked(request, "extension"), asked(request, "account")
        row = await find_extension(self._view.accounts(), reference) if reference else None
        incident = asked(request, "incident")
        sought = Sought(
            account=row.account if row else AccountName(account) if account else None,
            extension_id=row.watched.extension.id if row else None,
            incident_id=IncidentId(incident) if incident else None,
            since=time_of(request, "since"),
            until=time_of(request, "until"),
            limit=limit_of(request, MOST_HISTORY),
        )
        found = await self._operations.history(sought)
        return HistoryBody(self._sound("history", happening_body, found))

    async def test_routes(self, request: web.Request) -> RoutesBody:
        """Who would be told of an alert."""
        at = time_of(request, "at")
        open_ones: list[Incident] = []
        async for chunk in chunked(self._view.incidents()):
            open_ones += [each for each in chunk if each.alert in SAY_IT_ALL]
        now = self._clock() if at is None else at
        return routes_body(self._operations.try_routes(labels_of(request), open_ones, at=now))

    async def silences(self, request: web.Request) -> SilencesBody:
        """Those in force and to come; all that are kept with `all=true`."""
        now, everything = self._clock(), choice_of(request, "all", TRUE_OR_FALSE) == "true"
        kept = (s for s in self._operations.silences() if everything or not s.is_over(now=now))
        in_order = sorted(kept, key=lambda s: (s.is_over(now=now), s.ends_at))
        return SilencesBody(self._sound("silences", partial(silence_body, now=now), in_order))

    # --- finding ------------------------------------------------------------

    def _sound(self, name: str, make: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Lines of an answer; one in which a bug is met is left out."""

        def left_out(error: Exception) -> None:
            self._bugs.met("line_left_out", Where.HTTP, f"a line of {name}", error, answer=name)

        return each_sound(items, make, left_out)

    def _extension(self, row: Row) -> ExtensionBody:
        owner = next(a for a in self._view.accounts() if a.name == row.account)
        return extension_body(row.account, row.watched, expected=owner.expects(row.watched))
