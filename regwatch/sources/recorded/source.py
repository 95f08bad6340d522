"""A source that answers as it was answered once. Nobody is asked anything."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from regwatch.clock import Clock
from regwatch.core.model import AccountName, BatchAnswer, ExtensionId, Listing, Quota
from regwatch.core.recording import Recorded
from regwatch.sources.recorded.record import records_in
from regwatch.sources.recorded.standing import Standing
from regwatch.sources.source import SUCCESS, Connection, RequestMade, SourceError

T = TypeVar("T")

MOST_AT_ONCE = 1000
"""A record takes any number of ids; whoever asks for more holds up the event loop."""


class RecordedSource:
    """One account's part of a record, as it stood at the clock's present."""

    quota: Quota | None = None
    batch_limit = MOST_AT_ONCE

    def __init__(
        self,
        records: Iterable[Recorded],
        account: AccountName,
        *,
        clock: Clock,
        listeners: Sequence[Callable[[RequestMade], None]] = (),
    ) -> None:
        self._coming = deque(each for each in records if each.account == account)
        self._standing = Standing()
        self._clock = clock
        self._listeners = tuple(listeners)

    def clock_set(self, by: float) -> None:
        """Nothing in a record moves."""

    def prepare(self) -> None:
        """Nothing that may fail is left to do."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        """What was last said of these; raises `SourceError` if the last poll brought nothing."""
        if not ids:
            return BatchAnswer((), {})
        return self._told("registrations", lambda standing: standing.registrations(ids))

    async def extensions(
        self,
        *,
        type: str | None,  # noqa: A002, ARG002 - what was recorded was chosen by these then
        status: str | None,  # noqa: ARG002 - the same
    ) -> Listing:
        """The list as it was last read; raises `SourceError` if it was not yet."""
        return self._told("extensions", Standing.extensions)

    def _told(self, endpoint: str, ask: Callable[[Standing], T]) -> T:
        self._catch_up()
        try:
            answer = ask(self._standing)
        except SourceError as error:
            self._tell(endpoint, error.reason.value)
            raise
        self._tell(endpoint, SUCCESS)
        return answer

    def _catch_up(self) -> None:
        # In the file's order, whatever the times in it: the clock that stamped them may have
        # been set back meanwhile.
        now = self._clock()
        while self._coming and self._coming[0].at <= now:
            self._standing.take(self._coming.popleft())

    def _tell(self, endpoint: str, outcome: str) -> None:
        made = RequestMade(endpoint, outcome, 0.0, None, is_counted=False)
        for listener in self._listeners:
            listener(made)


def recorded_source(
    file: Path,
    account: AccountName,
    *,
    clock: Clock,
    listeners: Sequence[Callable[[RequestMade], None]] = (),
) -> Connection:
    """The account's part of the file, read to its end; raises `SourceError` if that fails."""
    return RecordedSource(records_in(file), account, clock=clock, listeners=listeners)
