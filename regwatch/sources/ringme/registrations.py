"""Asking for the registrations of many: in batches, and around what spoils a batch.

* A batch too large is halved; the size is remembered.
* A batch refused is split until the ids that spoil it are found. They count as refused only if
  something else was answered: a PBX that refuses everything does not speak of ids.
* A server's fault may be about the size (a proxy's limit) or not: found out once per outage.
* Extra requests are bounded, and none is made when the quota is nearly spent.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from regwatch.clock import Clock
from regwatch.core.model import Answer, BatchAnswer, ExtensionId, FailureReason, Quota
from regwatch.sources.ringme.batches import (
    ABOUT_IDS,
    LONGEST_URL,
    MAX_EXTRA_REQUESTS,
    MAX_FRUITLESS_REQUESTS,
    BatchSize,
    Blame,
    blame,
    halves,
    query,
    split,
)
from regwatch.sources.ringme.errors import (
    PbxAuthError,
    PbxError,
    PbxRateLimitedError,
    PbxRejectedError,
)
from regwatch.sources.ringme.exchange import Endpoint, Reply, Request, json_body
from regwatch.sources.ringme.quota import is_nearly_spent
from regwatch.sources.ringme.wire import Decoded, decode_registrations

PATH = "/api/ver1.0/extension/registration/?"
OPEN_SECONDS = 300.0
"""How long an answer proves that the resource is open to us."""
CLOSED_SECONDS = 3600.0
"""After everything was refused: how long refusals are taken for the whole, without splitting."""
GIVE_UP_AFTER = 8
"""So many failures without any answer end a call."""

Ids = tuple[ExtensionId, ...]


class Asks(Protocol):
    """Makes one request; `Client` and tests do."""

    async def __call__(self, ids: Ids) -> Decoded:
        """What the PBX says of these; raises `PbxError`."""

    @property
    def quota(self) -> Quota | None:
        """The latest quota told."""


class Experience:
    """What earlier calls taught of one PBX. Times are the loop's."""

    def __init__(self, batch_size: int) -> None:
        self.size = BatchSize(batch_size)
        self._answered: Ids = ()
        self._answered_at = float("-inf")
        self._closed_until = float("-inf")

    def answered(self, ids: Ids, *, now: float) -> None:
        """A request was answered."""
        self.size.trust()
        self._answered, self._answered_at = ids, now
        self._closed_until = float("-inf")

    def refused_everything(self, *, now: float) -> None:
        """Nothing was answered, however it was asked."""
        self._closed_until = now + CLOSED_SECONDS

    def is_closed(self, *, now: float) -> bool:
        """Whether a refusal is hardly about the ids."""
        return now < self._closed_until

    def answers_others_than(self, extension_id: ExtensionId, *, now: float) -> bool:
        """Whether the PBX lately answered for another id: a refusal of this one is its own."""
        return now < self._answered_at + OPEN_SECONDS and self._answered != (extension_id,)


class Call:
    """One call for many registrations."""

    def __init__(self, asks: Asks, experience: Experience, *, clock: Clock) -> None:
        self._asks = asks
        self._experience = experience
        self._clock = clock
        self._answers: dict[ExtensionId, Answer] = {}
        self._contradictions = 0
        self._suspects: dict[ExtensionId, PbxError] = {}
        self._error: PbxError | None = None
        self._got_through = False
        self._failures = 0
        self._extra_requests = 0
        self._is_over = False

    async def run(self, ids: Sequence[ExtensionId], *, room: int, concurrency: int) -> BatchAnswer:
        """Ask for all of them; raises `PbxError` if nothing was answered."""
        asked = tuple(dict.fromkeys(ids))
        limit = self._experience.size.limit(now=_loop_time())
        batches = list(split(asked, limit=limit, room=room))
        if len(batches) == 1:
            await self._ask(batches[0])
        else:
            await self._ask_side_by_side(batches, min(concurrency, len(batches)))
        return self._concluded(asked)

    async def _ask_side_by_side(self, batches: Sequence[Ids], concurrency: int) -> None:
        line = iter(batches)
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(self._ask_in_turn(line))

    async def _ask_in_turn(self, line: Iterator[Ids]) -> None:
        for batch in line:
            if self._is_over:
                return
            await self._ask(batch)

    async def _ask(self, batch: Ids) -> None:
        line = [batch]
        effort = _Effort()
        while line and not self._is_over:
            part = line.pop()
            limit = self._experience.size.limit(now=_loop_time())
            if len(part) > limit:
                line.extend(reversed(tuple(split(part, limit=limit, room=LONGEST_URL))))
                continue
            try:
                decoded = await self._asks(part)
            except PbxError as error:
                parts = self._parts_after(error, part, effort)
                if parts is None:
                    return
                line.extend(reversed(parts))
            else:
                self._take(decoded, part, effort)
        if not line:
            self._settle_size(batch, effort)

    def _take(self, decoded: Decoded, part: Ids, effort: "_Effort") -> None:
        self._answers.update(decoded.answers)
        self._contradictions += decoded.contradictions
        self._got_through = True
        now = _loop_time()
        self._experience.answered(part, now=now)
        effort.largest = max(effort.largest, len(part))
        if effort.doubts_size:  # what failed larger came through smaller
            effort.doubts_size = False
            self._experience.size.shrink_for_a_while(len(part), now=now)

    def _parts_after(self, error: PbxError, part: Ids, effort: "_Effort") -> tuple[Ids, ...] | None:
        """What to ask instead of the part that failed; None: leave the batch."""
        what = blame(error)
        if what in ABOUT_IDS:
            return self._parts_after_refusal(error, part, effort)
        if len(part) > 1 and what is Blame.SIZE:
            self._experience.size.shrink(len(part) // 2)
            return halves(part)
        may_doubt = len(part) > 1 and what is Blame.SIZE_OR_OUTAGE
        if may_doubt and (effort.doubts_size or self._experience.size.doubt()):
            effort.doubts_size = True
            return halves(part)
        self._fail(error)
        return None

    def _parts_after_refusal(
        self, error: PbxError, part: Ids, effort: "_Effort"
    ) -> tuple[Ids, ...] | None:
        if len(part) == 1:
            self._suspects[part[0]] = error
            return ()
        if not self._may_split():
            self._fail(error)
            return None
        self._extra_requests += 2
        effort.doubts_ids_or_size |= blame(error) is Blame.IDS_OR_SIZE
        return halves(part)

    def _may_split(self) -> bool:
        most = MAX_EXTRA_REQUESTS if self._got_through else MAX_FRUITLESS_REQUESTS
        return (
            self._extra_requests + 2 <= most
            and not self._experience.is_closed(now=_loop_time())
            and not is_nearly_spent(self._asks.quota, now=self._clock())
        )

    def _fail(self, error: PbxError) -> None:
        self._error = self._error or error
        self._failures += 1
        if self._got_through and blame(error) in ABOUT_IDS:
            return  # too many bad ids in this batch say nothing of the others
        about_us = isinstance(error, PbxRateLimitedError | PbxAuthError | PbxRejectedError)
        if about_us or (self._failures >= GIVE_UP_AFTER and not self._got_through):
            self._is_over = True

    def _settle_size(self, batch: Ids, effort: "_Effort") -> None:
        """Whether a batch refused as bad went through in parts: then it was not its ids."""
        if effort.doubts_ids_or_size and not any(i in self._suspects for i in batch):
            size, now = self._experience.size, _loop_time()
            size.shrink_for_a_while(effort.largest, now=now)

    def _concluded(self, asked: Ids) -> BatchAnswer:
        error = self._error
        refused = frozenset(self._suspects) if self._is_about_ids(asked) else frozenset()
        if self._suspects and not refused:
            error = error or next(iter(self._suspects.values()))
        if error is not None and not self._got_through and not refused:
            if blame(error) in ABOUT_IDS:
                self._experience.refused_everything(now=_loop_time())
            raise error
        return BatchAnswer(
            asked,
            self._answers,
            refused,
            None if error is None else self._failure(error),
            self._contradictions,
            None if error is None else error.retry_after,
        )

    def _is_about_ids(self, asked: Ids) -> bool:
        if self._got_through:
            return True
        now = _loop_time()
        return len(asked) == 1 and self._experience.answers_others_than(asked[0], now=now)

    def _failure(self, error: PbxError) -> FailureReason:
        """A refusal that was not split to its end is no closed door: others were answered."""
        return FailureReason.REJECTED if blame(error) in ABOUT_IDS else error.reason


class _Effort:
    """What one batch has cost so far."""

    def __init__(self) -> None:
        self.largest = 0
        """The largest part that was answered."""
        self.doubts_size = False
        self.doubts_ids_or_size = False


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def request_for(ids: Ids) -> Request:
    """The request for these."""
    return Request(Endpoint.REGISTRATIONS, PATH + query(ids))


def decoded(reply: Reply, ids: Ids) -> Decoded:
    """What the reply says of these; raises `PbxAnswerError`."""
    return decode_registrations(
        json_body(reply), asked=set(ids), answered_at=reply.received_at, took=reply.took
    )
