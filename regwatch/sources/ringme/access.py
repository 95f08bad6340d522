"""Requests with a token: renewed once if it is refused, and so many at once at most."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from regwatch.core.model import FailureReason
from regwatch.sources.ringme.auth import Tokens
from regwatch.sources.ringme.errors import PbxAuthError
from regwatch.sources.ringme.exchange import Endpoint, Reply, Request, json_body
from regwatch.sources.ringme.settings import ClientCredentials, PbxSettings
from regwatch.sources.ringme.transport import Transport
from regwatch.sources.ringme.wire_lists import Grant, decode_grant

T = TypeVar("T")


class Access:
    """Makes requests as one account, once it is entered."""

    def __init__(self, settings: PbxSettings, transport: Transport) -> None:
        self._transport = transport
        self._slots = asyncio.Semaphore(max(1, settings.concurrency))
        self._group = asyncio.TaskGroup()
        credentials = settings.credentials
        if isinstance(credentials, ClientCredentials):
            self._form = _form(credentials)
            self._secret = credentials.client_secret
            self._tokens = Tokens(self._fetch_grant)
        else:
            self._secret = credentials.token
            self._tokens = Tokens(None, fixed=credentials.token)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tokens.start(self._group)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tokens.stop()
        await self._group.__aexit__(None, None, None)

    async def fetch(self, request: Request, decode: Callable[[Reply], T]) -> T:
        """The decoded answer; raises `PbxError`."""
        async with self._slots:
            token = await self._tokens.current()
            try:
                return await self._try(request, decode, token)
            except PbxAuthError as error:
                if error.status != 401:
                    raise
                renewed = await self._tokens.newer_than(token)
                if renewed is None:
                    error.reason = FailureReason.CREDENTIALS_REFUSED  # there is no other token
                    self._tokens.refusal.remember(error)
                    raise
            try:
                return await self._try(request, decode, renewed)
            except PbxAuthError as error:
                if error.status == 401:
                    self._tokens.drop(renewed)
                raise

    async def _try(self, request: Request, decode: Callable[[Reply], T], token: str) -> T:
        result = await self._transport.fetch(request, decode, token=token, secrets=(self._secret,))
        self._tokens.refusal.clear()
        return result

    async def _fetch_grant(self) -> Grant:
        request = Request(Endpoint.TOKEN, "/oauth/token", "POST", form=self._form)
        return await self._transport.fetch(request, _grant, secrets=(self._secret,))


def _grant(reply: Reply) -> Grant:
    return decode_grant(json_body(reply))


def _form(credentials: ClientCredentials) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    # An empty scope is refused by the PBX; none at all is not.
    return form | {"scope": credentials.scope} if credentials.scope else form
