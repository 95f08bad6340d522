"""The client of one account at the PBX. Decides nothing about losses."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from regwatch.clock import Clock
from regwatch.core.model import Answer, BatchAnswer, ExtensionId, Listing, Quota, RegistrationId
from regwatch.sources.ringme.access import Access
from regwatch.sources.ringme.batches import LONGEST_URL
from regwatch.sources.ringme.errors import PbxError
from regwatch.sources.ringme.exchange import Endpoint, Reply, Request, json_body
from regwatch.sources.ringme.paging import PER_PAGE, KnownList, Listed
from regwatch.sources.ringme.registrations import PATH, Call, Experience, Ids, decoded, request_for
from regwatch.sources.ringme.settings import PbxSettings
from regwatch.sources.ringme.transport import Transport
from regwatch.sources.ringme.wire import Decoded, decode_registration
from regwatch.sources.ringme.wire_lists import Page, User, decode_groups, decode_page, decode_user
from regwatch.sources.source import RequestMade

__all__ = ["Endpoint", "PbxClient", "User"]

API = "/api/ver1.0"


class PbxClient:
    """One account at the PBX, once it is entered. Every method raises `PbxError`, and it alone."""

    def __init__(
        self,
        settings: PbxSettings,
        *,
        clock: Clock,
        listeners: Sequence[Callable[[RequestMade], None]] = (),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._transport = Transport(settings, clock=clock, listeners=listeners)
        self._access = Access(settings, self._transport)
        self._experience = Experience(settings.batch_size)
        self._lists: dict[tuple[str | None, str | None], KnownList] = {}
        """By type and status."""
        self._stack = AsyncExitStack()

    def clock_set(self, by: float) -> None:
        """The wall clock was set forward by so many seconds: the quota's reset moves along."""
        self._transport.clock_set(by)

    def prepare(self) -> None:
        """Do ahead what may fail when it is entered; raises `PbxError`."""
        self._transport.prepare()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._transport)
            await stack.enter_async_context(self._access)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def quota(self) -> Quota | None:
        """The hourly quota as last told; None if it never was."""
        return self._transport.quota

    @property
    def batch_limit(self) -> int:
        """The most ids in a request: as configured, or as the PBX was found to take."""
        return self._experience.size.limit(now=asyncio.get_running_loop().time())

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        """What the PBX says of these; raises only if nothing at all was answered. Without ids,
        no request is made: the PBX would be asked for everything, or for nothing.
        """
        if not ids:
            return BatchAnswer((), {})
        call = Call(
            _RegistrationRequests(self._access, self._transport),
            self._experience,
            clock=self._clock,
        )
        room = LONGEST_URL - self._transport.url_length - len(PATH)
        return await call.run(ids, room=room, concurrency=self._settings.concurrency)

    async def registration(self, extension_id: ExtensionId) -> Answer:
        """What the PBX says of one extension."""
        request = Request(Endpoint.REGISTRATION, _registration_path(extension_id))
        return await self._access.fetch(request, partial(_answer, extension_id))

    async def unregister_all(self, extension_id: ExtensionId) -> None:
        """Delete all registrations of an extension. After a time-out it may have happened or not;
        it is not sent again.
        """
        path = _registration_path(extension_id)
        await self._delete(Endpoint.UNREGISTER_ALL, path)

    async def unregister(self, extension_id: ExtensionId, registration_id: RegistrationId) -> None:
        """Delete one registration; one that is gone already is deleted as well."""
        if not registration_id:
            raise ValueError("no registration id: this would delete all registrations")
        path = _registration_path(extension_id) + _segment(registration_id)
        await self._delete(Endpoint.UNREGISTER, path)

    async def extensions(
        self,
        *,
        type: str | None,  # noqa: A002 - the name of the API's own parameter
        status: str | None,
    ) -> Listing:
        """The PBX's own list; raises only if there is not even a first page. Group names are
        empty if the PBX does not tell them.
        """
        given = {"type": type, "status": status}
        wanted = {name: value for name, value in given.items() if value}
        known = self._lists.setdefault((type, status), KnownList())
        now = asyncio.get_running_loop().time()
        listed = await known.read(partial(self._page, wanted), now=now)
        if listed.groups is None:
            listed.groups = await self._groups_of(listed)
        return listed.listing(listed.groups)

    async def _groups_of(self, listed: Listed) -> Mapping[int, str]:
        if listed.has_groups:
            try:
                return await self.groups()
            except PbxError:  # names only: the list itself is whole without them
                pass
        return {}

    async def groups(self) -> Mapping[int, str]:
        """The names of the extension groups by id."""
        request = Request(Endpoint.GROUPS, f"{API}/client/@me/extension_group/")
        return await self._access.fetch(request, lambda reply: decode_groups(json_body(reply)))

    async def user(self) -> User:
        """Whom the credentials belong to."""
        request = Request(Endpoint.USER, f"{API}/user/")
        return await self._access.fetch(request, lambda reply: decode_user(json_body(reply)))

    async def _page(self, wanted: Mapping[str, str], number: int) -> Page:
        query = urlencode({**wanted, "per_page": PER_PAGE, "page": number})
        request = Request(Endpoint.EXTENSIONS, f"{API}/client/@me/extension/?{query}")
        return await self._access.fetch(request, lambda reply: decode_page(json_body(reply)))

    async def _delete(self, endpoint: Endpoint, path: str) -> None:
        request = Request(endpoint, path, "DELETE", gone_is_success=True)
        await self._access.fetch(request, lambda _reply: None)


class _RegistrationRequests:
    """One request for a batch, as `Call` makes it."""

    def __init__(self, access: Access, transport: Transport) -> None:
        self._access = access
        self._transport = transport

    async def __call__(self, ids: Ids) -> Decoded:
        return await self._access.fetch(request_for(ids), lambda reply: decoded(reply, ids))

    @property
    def quota(self) -> Quota | None:
        return self._transport.quota


def _answer(extension_id: ExtensionId, reply: Reply) -> Answer:
    return decode_registration(json_body(reply), extension_id, reply.received_at, reply.took)


def _registration_path(extension_id: ExtensionId) -> str:
    return f"{API}/extension/{extension_id}/registration/"


def _segment(text: str) -> str:
    """The text as one segment of a path; `.` and `..` too, which URLs would resolve away."""
    segment = quote(text, safe="")
    return segment.replace(".", "%2E") if segment in (".", "..") else segment
