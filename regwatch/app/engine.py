"""All parts together: loaded, started, changed one by one by a reload, stopped in order.

What outlives a reload stands apart from the parts: the store, the silences and the sessions
(`surroundings`), what the parts say to each other (`exchange`), whether the heart may beat.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from regwatch.app.engines.account_engine import AccountEngine
from regwatch.app.engines.clock_care import ClockCare
from regwatch.app.engines.running import stop_all
from regwatch.app.engines.store_care import Backlog, StoreCare, store_problem
from regwatch.app.exchange import RESOLVED_SHOWN, Exchange
from regwatch.app.heart import Heart
from regwatch.app.parts import Part, Parts
from regwatch.app.settled import release
from regwatch.app.surroundings import Surroundings
from regwatch.core.alerts.mutes import Mutes
from regwatch.core.bugs import Where
from regwatch.core.known_labels import KnownLabels
from regwatch.core.model import AccountName, Incident, IncidentId, RegistrationId, Timestamp
from regwatch.guard import Bugs
from regwatch.web.views import NotFoundError

DAY = 86_400.0


class Engine:
    """One for the whole life of a daemon. Starting twice is starting once, and so is stopping."""

    def __init__(self, around: Surroundings) -> None:
        self.exchange = Exchange()
        self.heart = Heart(
            clock=around.clock,
            steady=around.steady,
            trouble=lambda: around.bugs.trouble or self.store_problem,
            on_bug=self._heart_is_unknown,
        )
        self._around = around
        self._care = StoreCare(
            around, on_backlog=self.heart.note_backlog, take_up=self._take_up_store
        )
        self._clock = ClockCare(around, follow=self._follow_clock)
        self._parts: Parts | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._changing = asyncio.Lock()
        """Held while parts are replaced: what would be done to one that leaves waits."""
        around.store.on_anew(self._forget_saves)

    def _heart_is_unknown(self, error: Exception) -> None:
        self.bugs.met("heart_unknown", Where.HEARTBEAT, "how regwatch is", error)

    @property
    def parts(self) -> Parts:
        """Those of the configuration that is in force."""
        if self._parts is None:
            raise RuntimeError("nothing was loaded yet")
        return self._parts

    # --- its life --------------------------------------------------------------------------------

    async def load(self, parts: Parts) -> None:
        """Take up what is stored, start nothing; raises `StoreError` and `SourceError`."""
        around = self._around
        since = Timestamp(around.clock() - DAY)
        found = await around.store.incidents.resolved(since=since, limit=RESOLVED_SHOWN)
        await _load(parts.everything)
        self.exchange.resolved.extend(found)
        self._adopt(parts)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Begin, in tasks of this group."""
        self._tasks = tasks
        self._care.start(tasks)
        self._clock.start(tasks)
        self._begin()

    async def try_out(self, coming: Parts) -> None:
        """Build what would be built in a change, and change nothing; raises `SourceError`. Who
        would be left alone is known to work.
        """
        for account in coming.keeping(self.parts).accounts:
            if account not in self.parts.accounts:
                account.try_out()
                await asyncio.sleep(0)  # many accounts do not hold up the loop together

    async def change(self, coming: Parts) -> Sequence[Part]:
        """Replace the parts whose settings differ, and leave the others alone; returns those that
        began anew. If it raises, all is as before: who was stopped begins again.
        """
        async with self._changing:
            known = set(map(id, self.parts.accounts))
            begun = await self._replace(coming)
            if known != set(map(id, self.parts.accounts)):
                release()  # here, where nothing holds those that left any more
            return begun

    async def _replace(self, coming: Parts) -> Sequence[Part]:
        former, parts = self.parts, coming.keeping(self.parts)
        self.exchange.change_begins()
        try:
            # First: they leave in the store what their successors take up from there.
            await _stop(former.without(parts))
            parts.inherit(former)
            begun = [part for stage in parts.without(former) for part in stage]
            await _load(begun)
        except BaseException:
            parts = former
            raise
        finally:
            self._adopt(parts)
            self._begin()
        return begun

    async def _take_up_store(self) -> None:
        """Go on with the database that could not be opened at the start, and with what stands in
        it; raises `StoreError` if it still cannot be, and then nothing changes.
        """
        store = self._around.store
        async with self._changing:
            if (opened := await store.try_opening()) is None:
                return
            self.exchange.change_begins()
            try:
                await _stop(self.parts.stages)  # what they hold is noted before it is merged
                await store.take_up(opened)
                self.mutes.replace_silences(await store.operations.silences())
                await _load(self.parts.everything)
            finally:
                self._adopt(self.parts)
                self._begin()

    def _forget_saves(self) -> None:
        """The store was begun anew: what the parts know goes into it."""
        if self._parts is not None:
            for account in self.parts.accounts:
                account.forget_saves()
            self.parts.self_watch.forget_saves()

    def _adopt(self, parts: Parts) -> None:
        """In one step of the loop: nobody sees the half of it."""
        self._parts = parts
        self._around.mutes.replace_maintenance(parts.maintenance)
        self.heart.look_at(parts.accounts, every=parts.beats_every)
        self.exchange.change_ends(parts)

    def _begin(self) -> None:
        """Who tells goes before who asks: what is found is told."""
        if self._tasks is not None:
            for part in reversed(self.parts.everything):
                part.start(self._tasks)

    async def stop(self) -> None:
        """No more questions, then no more decisions, then the last deliveries. A change under way
        comes to its end first: it is bounded, and leaves no part between two lives.
        """
        async with self._changing:
            self._tasks = None
            await _stop(self.parts.stages)
            await self._care.stop()
            await self._clock.stop()

    async def _follow_clock(self, look: Callable[[], float]) -> None:
        """A step that falls in a change is found after it: then all that hold times are there."""
        async with self._changing:
            if by := look():
                for account in self.parts.accounts:
                    account.clock_set(by)
                self.parts.self_watch.clock_set(by)
                self.parts.desk.clock_set(by)
                self.bugs.clock_set(by)
                self._care.clock_set(by)

    # --- what is asked of it ---------------------------------------------------------------------

    @property
    def bugs(self) -> Bugs:
        """What was set aside, and which parts died, because of bugs of ours."""
        return self._around.bugs

    @property
    def mutes(self) -> Mutes:
        """What is not to be told for now."""
        return self._around.mutes

    @property
    def known_labels(self) -> KnownLabels:
        """What the configuration's alerts can be labelled with."""
        return self.parts.known_labels

    @property
    def backlog(self) -> Backlog:
        """By receiver: how many notifications wait, and the oldest's time."""
        return {line.name: (0, None) for line in self.parts.lines} | dict(self._care.backlog)

    @property
    def store_problem(self) -> str:
        """Why nothing can be stored, in words; empty: it can."""
        return store_problem(self._around.store)

    def incidents(self) -> Sequence[Incident]:
        """Those pending and those firing."""
        held = (*(each.incidents for each in self.parts.accounts), self.parts.self_watch.incidents)
        return [incident for of_one in held for incident in of_one]

    async def acknowledge(self, incident_id: IncidentId, by: str, comment: str) -> Incident | None:
        """Somebody is at it; None if no such incident is open. During a change it waits: who was
        stopped would hear of it, and who comes instead would not.
        """
        async with self._changing:
            for account in self.parts.accounts:
                if (done := await account.acknowledge(incident_id, by, comment)) is not None:
                    return done
            return await self.parts.self_watch.acknowledge(incident_id, by, comment)

    def account(self, name: AccountName) -> AccountEngine:
        """The one of this name; raises `NotFoundError`."""
        for each in self.parts.accounts:
            if each.settings.name == name:
                return each
        raise NotFoundError(f"no account is named {name}")

    def deleting(
        self, account: AccountName, registrations: Sequence[RegistrationId], *, withdrawn: bool
    ) -> bool:
        """Somebody deletes these through us, or could not. False: no such account."""
        found = [each for each in self.parts.accounts if each.settings.name == account]
        for each in found:
            (each.not_deleting if withdrawn else each.deleting)(registrations)
        return bool(found)


async def _load(parts: Iterable[Part]) -> None:
    for part in parts:
        await part.load()


async def _stop(stages: Iterable[Iterable[Part]]) -> None:
    for stage in stages:
        await stop_all(stage)
