"""Tokens: fetched when needed, renewed shortly before they end, by one request for all who wait.

* A renewal is a task of its own: whoever stops waiting for it stops nobody else.
* Who meets a 401 names the token it was with; if there is a newer one by now, that is the answer.
* A refusal is remembered for a while, growing each time: until then nothing is sent at all.
"""

import asyncio
from collections.abc import Awaitable, Callable

from regwatch.core.model import FailureReason
from regwatch.sources.ringme.errors import PbxAuthError, PbxError, PbxUnavailableError
from regwatch.sources.ringme.wire_lists import Grant

RENEW_EARLY_SHARE = 0.1
RENEW_EARLY_AT_MOST = 60.0
"""Seconds; of a short life a tenth. No request is to set out with a token that is about to end."""
BACKOFF_FIRST, BACKOFF_CAP = 15.0, 240.0
"""Seconds. The cap is below the planner's own pause, so that its probe is a real one."""

FetchGrant = Callable[[], Awaitable[Grant]]


class Refusal:
    """The last refusal of the credentials, while it holds. Times are the loop's: setting the
    wall clock neither ends nor prolongs it.
    """

    def __init__(self) -> None:
        self._error: PbxAuthError | None = None
        self._until = float("-inf")
        self._count = 0

    def check(self) -> None:
        """Raises the refusal anew while it is fresh."""
        if self._error is not None and _loop_time() < self._until:
            raise _copy(self._error)

    def remember(self, error: PbxAuthError) -> None:
        """Send nothing for a while. Refusals of requests that ran side by side are one."""
        now = _loop_time()
        if now < self._until:
            return
        pause = min(BACKOFF_CAP, BACKOFF_FIRST * 2 ** min(self._count, 10))
        self._error, self._until = error, now + pause
        self._count += 1

    def clear(self) -> None:
        """The credentials are good."""
        self._error, self._until, self._count = None, float("-inf"), 0


class Tokens:
    """The token of one account. With a fixed token `fetch` is None: there is nothing to renew."""

    def __init__(self, fetch: FetchGrant | None, *, fixed: str = "") -> None:
        self._fetch = fetch
        self._token = fixed
        self._renew_at = float("inf")
        self._renewal: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self.refusal = Refusal()

    def start(self, group: asyncio.TaskGroup) -> None:
        """Renew in this group's tasks."""
        self._group = group

    def stop(self) -> None:
        """Let nobody wait for a renewal any more."""
        self._group = None
        if self._task is not None:
            self._task.cancel()

    def drop(self, token: str) -> None:
        """The PBX refuses this one, though it was just renewed: the next request takes another."""
        if self._token == token:
            self._token = ""

    async def current(self) -> str:
        """A token that has not ended; raises `PbxError`."""
        self.refusal.check()
        if self._token and _loop_time() < self._renew_at:
            return self._token
        return await self._renewed()

    async def newer_than(self, stale: str) -> str | None:
        """A token other than the one that was refused; None if there can be none. Raises
        `PbxError`.
        """
        if self._fetch is None:
            return None
        if self._token and self._token != stale:
            return self._token
        self._token = ""
        return await self._renewed()

    async def _renewed(self) -> str:
        if self._renewal is None:
            self._renewal = self._start_renewal()
        return await asyncio.shield(self._renewal)

    def _start_renewal(self) -> asyncio.Future[str]:
        if self._group is None or self._fetch is None:
            raise _closed()
        renewal: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task = self._group.create_task(self._renew(self._fetch, renewal), name="renew token")
        return renewal

    async def _renew(self, fetch: FetchGrant, renewal: asyncio.Future[str]) -> None:
        try:
            grant = await fetch()
        except PbxError as error:
            if isinstance(error, PbxAuthError):
                self.refusal.remember(error)
            renewal.set_exception(error)
            renewal.exception()  # nobody may be waiting any more; then it is nobody's loss
        except Exception as error:  # noqa: BLE001 - a bug is whose that waits: else all would end
            renewal.set_exception(error)
            renewal.exception()
        else:
            self._keep(grant)
            renewal.set_result(grant.access_token)
        finally:
            self._renewal = self._task = None
            if not renewal.done():
                renewal.set_exception(_closed())
                renewal.exception()

    def _keep(self, grant: Grant) -> None:
        early = min(RENEW_EARLY_AT_MOST, grant.expires_in * RENEW_EARLY_SHARE)
        self._token = grant.access_token
        self._renew_at = _loop_time() + grant.expires_in - early


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _closed() -> PbxUnavailableError:
    return PbxUnavailableError("the client is closed", reason=FailureReason.NETWORK)


def _copy(error: PbxAuthError) -> PbxAuthError:
    """The same, without the first one's traceback."""
    return PbxAuthError(str(error), reason=error.reason, status=error.status, code=error.code)
