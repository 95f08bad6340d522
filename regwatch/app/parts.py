"""The parts that one configuration asks for, and which of them a reload leaves alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from regwatch.app.engines.account_engine import AccountEngine
from regwatch.app.engines.desk import Desk
from regwatch.app.engines.heart_engine import HeartEngine
from regwatch.app.engines.receiver_line import ReceiverLine
from regwatch.app.engines.self_engine import SelfEngine
from regwatch.app.route_trial import RouteTrial
from regwatch.core.alerts.mutes import Maintenance
from regwatch.core.known_labels import KnownLabels


class Part(Protocol):
    """Whoever is started and stopped for itself."""

    @property
    def settings(self) -> object:
        """All that it is built from: it is left alone while that is equal."""

    async def load(self) -> None:
        """Take up what the store holds of it; whatever can fail, fails here."""

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin, if it has not begun; raises nothing."""

    async def stop(self) -> None:
        """End within a bounded time; raises nothing."""


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All of them, and what they share."""

    accounts: Sequence[AccountEngine]
    lines: Sequence[ReceiverLine]
    desk: Desk
    self_watch: SelfEngine
    heartbeats: Sequence[HeartEngine]
    """One, or none."""
    maintenance: Sequence[Maintenance]
    known_labels: KnownLabels
    route_trial: RouteTrial
    beats_every: float
    """How old a whole poll may be for whoever takes us for alive, in seconds."""

    @property
    def stages(self) -> Sequence[Sequence[Part]]:
        """In the order of stopping: who asks goes before who tells, so that what is found at last
        is told yet; what tells whether anything is told goes with who asks.
        """
        return ((*self.heartbeats, *self.accounts, self.self_watch), (self.desk,), self.lines)

    @property
    def everything(self) -> Sequence[Part]:
        """In the order of stopping."""
        return [part for stage in self.stages for part in stage]

    def keeping(self, former: "Parts") -> "Parts":
        """These, but with the former ones wherever nothing differs."""
        return replace(
            self,
            accounts=_kept(self.accounts, former.accounts),
            lines=_kept(self.lines, former.lines),
            desk=_kept([self.desk], [former.desk])[0],
            self_watch=_kept([self.self_watch], [former.self_watch])[0],
            heartbeats=_kept(self.heartbeats, former.heartbeats),
        )

    def inherit(self, former: "Parts") -> None:
        """The lists of those that were stopped need not be read again by who asks the same PBX in
        the same name.
        """
        before = {_asked_by(account): account for account in former.accounts}
        for account in self.accounts:
            other = before.get(_asked_by(account))
            if other is not None and other is not account:
                account.list_read = other.list_read

    def without(self, others: "Parts") -> Sequence[Sequence[Part]]:
        """Those that are not among others, in the order of stopping."""
        theirs = set(map(id, others.everything))
        return [[part for part in stage if id(part) not in theirs] for stage in self.stages]


def _asked_by(account: AccountEngine) -> object:
    settings = account.settings
    return settings.name, settings.pbx.url, settings.pbx.credentials


def _kept(coming: Sequence[P], former: Sequence[P]) -> Sequence[P]:
    return [next((f for f in former if f.settings == each.settings), each) for each in coming]
