"""Recorded answers through the real core: what would have been sent, and when. Nothing is stored,
and nobody is told.
"""

from collections.abc import Iterable, Iterator

from regwatch.app.settings.clients import selection
from regwatch.app.settings.policies import expectations, maintenance, monitor_policy, routes, sites
from regwatch.config import Config
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.model import AccountName, BatchAnswer, Extension, Notification, Timestamp
from regwatch.core.monitor import Monitor
from regwatch.core.outcome import Outcome
from regwatch.core.recording import Recorded

TICK_SECONDS = 5.0
AFTERMATH = 60.0
"""Seconds after the last answer in which what was held back is still told."""


class UnknownAccountError(Exception):
    """The record speaks of an account that the configuration does not have."""


class Replay:
    """One pass over a record."""

    def __init__(self, config: Config) -> None:
        mutes = Mutes(maintenance(config))
        self._grouping = Grouping(routes(config.routes))
        self._selections = {AccountName(a.name): selection(a) for a in config.accounts}
        self._monitors = {
            AccountName(account.name): Monitor(
                AccountName(account.name),
                monitor_policy(config, account),
                sites(config.sites),
                expectations=expectations(config, account),
                mutes=mutes,
            )
            for account in config.accounts
        }
        self._now: Timestamp | None = None

    def play(self, records: Iterable[Recorded]) -> Iterator[Notification]:
        """The messages in their order; raises `UnknownAccountError`."""
        for recorded in records:
            yield from self._let_pass(recorded.at)
            self._take(recorded)
        if self._now is not None:
            yield from self._let_pass(Timestamp(self._now + AFTERMATH))

    def _let_pass(self, until: Timestamp) -> Iterator[Notification]:
        now = until if self._now is None else self._now
        while now < until:
            due_at = self._grouping.next_due_at() or until
            now = Timestamp(min(until, max(due_at, now + 0.001), now + TICK_SECONDS))
            yield from self._tick(now)
        self._now = until

    def _tick(self, now: Timestamp) -> Iterator[Notification]:
        for monitor in self._monitors.values():
            self._note(monitor.tick(now=now), now)
        for message in self._grouping.due(now=now):
            self._grouping.queued(message, now=now)
            yield message

    def _take(self, recorded: Recorded) -> None:
        monitor, now = self._monitors.get(recorded.account), recorded.at
        if monitor is None:
            raise UnknownAccountError(recorded.account)
        if recorded.listing is not None:
            chosen = self._selections[recorded.account]
            wanted = [e for e in recorded.listing.extensions if chosen.wants(e)]
            self._note(monitor.watch(wanted, now=now), now)
            if recorded.listing.complete:
                self._note(monitor.listed({e.id for e in wanted}, now=now), now)
        if recorded.batch is not None:
            self._note(_watching(monitor, recorded.batch, now), now)
            self._note(monitor.observe(recorded.batch, now=now), now)
        if recorded.failure is not None:
            self._note(monitor.failed(recorded.failure, recorded.detail, now=now), now)

    def _note(self, outcome: Outcome, now: Timestamp) -> None:
        for incident in {i.id: i for i in outcome.incidents}.values():
            self._grouping.take(incident, now=now)


def _watching(monitor: Monitor, batch: BatchAnswer, now: Timestamp) -> Outcome:
    """A record may begin after the list was read: who is asked for is watched."""
    new = (i for i in batch.asked if i not in monitor.roster.by_id)
    return monitor.watch([Extension(i, "") for i in new], now=now)
