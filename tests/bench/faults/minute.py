"""A minute of it: what is told meanwhile and after, and how soon is seen again."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from random import Random

import looptime
from bench.faults.case import Case
from fakes.scene import Scene, scene
from fakes.values import EVERY_ALERT

from regwatch.core.model import AlertName, IncidentState
from regwatch.core.monitor import MonitorPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.watches.list_watch import ListPolicy
from regwatch.sources.source import SUCCESS

PHONES, LEASES, QUOTA = 100, "60,120", 6000
SETTLING, FAULT, AFTER = 400.0, 60.0, 400.0
LOSS_EVERY = 20.0
"""Seconds between two losses, from a minute before the fault to a minute after it."""
QUIET_CYCLES = 200
POLICY = MonitorPolicy(
    EVERY_ALERT, outages=OutagePolicy(), listing=ListPolicy(), account=AccountPolicy()
)
LOST = {AlertName.EXTENSION_LOST, AlertName.SIGNED_OFF}


@dataclass
class Result:
    """What came of it."""

    case: Case
    blind: float = 0.0
    """Seconds from the end of the fault to the next answer."""
    lost: int = 0
    missed: int = 0
    false: int = 0
    told_of_all: set[str] = field(default_factory=set)
    """Alerts of the account."""


def play(case: Case) -> Result:
    """The case, from begin to end."""
    with closing(looptime.new_event_loop(start=0.0, noop_cycles=QUIET_CYCLES)) as loop:
        return loop.run_until_complete(_play(case))


async def _play(case: Case) -> Result:
    result, random = Result(case), Random(case.name)
    async with scene(PHONES, leases=LEASES, quota=QUOTA, policy=POLICY) as at:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(SETTLING)
        lost: dict[int, float] = {}
        losing = loop.create_task(_lose(at, lost, random))
        await asyncio.sleep(60)
        at.pbx.set_faults(case.faults)
        await asyncio.sleep(FAULT)
        at.pbx.clear_faults()
        well_at, before = loop.time(), len(at.requests)
        while not _has_answer(at, before) and loop.time() < well_at + AFTER:
            await asyncio.sleep(0.5)
        result.blind = loop.time() - well_at
        await losing
        await asyncio.sleep(AFTER)
        one_by_one = [i for i in at.told if i.alert in LOST and i.inhibited_by is None]
        told = {i.facts.extension_id for i in one_by_one}
        result.lost = len(lost)
        result.missed = len(lost.keys() - {i.facts.extension_id for i in at.told})
        result.false = len(told - lost.keys())
        firing = [i for i in at.told if i.state is IncidentState.FIRING]
        result.told_of_all = {i.alert.value for i in firing if i.facts.extension_id is None}
    return result


async def _lose(at: Scene, lost: dict[int, float], random: Random) -> None:
    """One phone after the other goes for good: silently, or with a good-bye."""
    for number in range(round((FAULT + 120) / LOSS_EVERY)):
        there = sorted(set(at.pbx.registered_ids()) - lost.keys())
        extension_id = random.choice(there)
        with suppress(LookupError):
            at.pbx.act(extension_id, ("die", "unregister")[number % 2])
            lost[extension_id] = asyncio.get_running_loop().time()
        await asyncio.sleep(LOSS_EVERY)


def _has_answer(at: Scene, before: int) -> bool:
    made = at.requests[before:]
    return any(each.outcome == SUCCESS and each.endpoint == "registrations" for each in made)


# --- the table -----------------------------------------------------------------------------------


def markdown(results: Sequence[Result]) -> str:
    """A line for each."""
    lines = [
        "| for a minute | blind after it | lost | missed | false | of the account |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in results:
        alerts = ", ".join(f"`{name}`" for name in sorted(each.told_of_all)) or "–"
        lines.append(
            f"| {each.case.name} | {each.blind:.1f} s | {each.lost} | {each.missed} "
            f"| {each.false} | {alerts} |"
        )
    return "\n".join(lines)


def exceeded(results: Sequence[Result]) -> Iterator[str]:
    """What is not as it is to be."""
    for each in results:
        if each.blind > each.case.most_blind:
            yield f"{each.case.name}: blind for {each.blind:.0f} s after it"
        if each.missed:
            yield f"{each.case.name}: {each.missed} of {each.lost} losses not told"
        if each.false:
            yield f"{each.case.name}: {each.false} told that are there"
