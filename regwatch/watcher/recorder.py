"""A source that keeps what it is answered, for `regwatch replay`."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from regwatch.clock import Clock
from regwatch.core.bugs import Where
from regwatch.core.model import AccountName, BatchAnswer, ExtensionId, Listing
from regwatch.core.recording import Recorded
from regwatch.guard import Bugs
from regwatch.sources.source import Source, SourceError

log = structlog.get_logger(__name__)


class Recorder:
    """Passes everything on, and appends it to a file. A file that cannot be written costs the
    record, never the poll.
    """

    def __init__(
        self,
        source: Source,
        account: AccountName,
        file: Path,
        *,
        clock: Clock,
        bugs: Bugs | None = None,
    ) -> None:
        self._source = source
        self._account = account
        self._file = file
        self._clock = clock
        self._bugs = Bugs(clock=clock) if bugs is None else bugs
        self._is_failing = False

    @property
    def batch_limit(self) -> int:
        """The most ids in a request that it was found to take."""
        return self._source.batch_limit

    async def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        """Raises `SourceError` if nothing was answered."""
        try:
            batch = await self._source.registrations(ids)
        except SourceError as error:
            self._keep(
                Recorded(
                    at=self._clock(),
                    account=self._account,
                    failure=error.reason,
                    detail=str(error),
                )
            )
            raise
        self._keep(Recorded(at=self._clock(), account=self._account, batch=batch))
        return batch

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        """Raises `SourceError` if not even the first page was answered."""
        listing = await self._source.extensions(type=type, status=status)
        self._keep(Recorded(at=self._clock(), account=self._account, listing=listing))
        return listing

    def _keep(self, recorded: Recorded) -> None:
        try:
            self._write(msgspec.json.encode(recorded) + b"\n")
        except Exception as error:  # noqa: BLE001 - a guard: the poll goes on
            self._bugs.met("answer_not_recorded", Where.RECORD, self._account, error)

    def _write(self, line: bytes) -> None:
        try:
            # Names and addresses of people stand in it.
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        except OSError as error:
            if not self._is_failing:
                log.error("answers_not_recorded", file=str(self._file), error=error.strerror)
            self._is_failing = True
        else:
            self._is_failing = False
