"""Extensions with two devices, both off at once: with the power, in a reboot, forgotten by the
registrar. Whichever comes back first was seen alive there before: it is no other device of which
one would have to wonder who it is.
"""

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from bench.life.driver import DAY, HOUR, NOON, Life
from bench.life.finding import Wanted, finding
from bench.life.judge import Verdict, Word, judged
from bench.life.lies import LEASES
from bench.life.table import line, markdown, missed_line

from regwatch.core.model import AlertName
from regwatch.simulator.life import Act, Happening, Step, Want
from regwatch.simulator.life.ground import ground
from regwatch.simulator.life.happenings import FIRST, SECOND
from regwatch.simulator.rates import REAL_LIFE, Kind
from regwatch.simulator.settings import SimulatorSettings

DOUBLED = replace(REAL_LIFE, second_device_share=0.5)
SLOT = 2 * HOUR
SECONDS = {"a reboot": 70.0, "an outage": 1200.0}
"""How long both are off."""
APART = 240.0
"""From the one that is back first to the other."""
TRIES = ("a reboot", "an outage", "a restart of the registrar")
HEAD = ("both are off by", "back first", "devices", "`device_changed`", "otherwise wrong", "missed")


@dataclass(frozen=True)
class Came:
    """What came of one try."""

    what: str
    first: str
    devices: int
    verdicts: Sequence[Verdict]
    missed: Sequence[Wanted]

    @property
    def changed(self) -> int:
        return Counter(v.saying.alert for v in self.verdicts)[AlertName.DEVICE_CHANGED]

    @property
    def wrong(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.word in {Word.FALSE, Word.AGAIN}]

    def row(self) -> tuple[object, ...]:
        others = [v for v in self.wrong if v.saying.alert is not AlertName.DEVICE_CHANGED]
        return (
            self.what, self.first, self.devices, self.changed, len(others), len(self.missed)
        )  # fmt: skip

    def faults(self) -> list[str]:
        return [*map(line, self.wrong), *map(missed_line, self.missed)]


def script(what: str, first: int, phones: int, seed: int) -> Iterator[Happening]:
    """All at the same time: it is their own, and no place's."""
    at, kind = NOON + HOUR, Kind.REBOOT if what == "a reboot" else Kind.POWER_CUT
    if what not in SECONDS:
        restart = (Step(at, Act.RESTART),)
        yield Happening(
            number="restart", at=at, kind=Kind.RESTART, want=Want.RESTART, steps=restart
        )
        return
    settings = SimulatorSettings(
        extensions=phones, seed=seed, rates=DOUBLED, leases=LEASES, site_size=40
    )
    place = ground(settings, DOUBLED, seed)
    for number, seat in enumerate(place.doubled):
        who, gone_at = place.id_of(seat), at + 20.0 * number
        back = {first: gone_at + SECONDS[what], 1 - first: gone_at + SECONDS[what] + APART}
        steps = [Step(gone_at, Act.OFF, who, device) for device in (FIRST, SECOND)]
        steps += [Step(until, Act.REBOOT, who, device) for device, until in back.items()]
        yield Happening(
            number=f"{what}/{number}",
            at=gone_at,
            kind=kind,
            want=Want.NOTHING,
            whom=(who,),
            until=max(back.values()),
            steps=tuple(steps),
        )


def came_of(job: tuple[str, int, int, int]) -> Came:
    """One of them, in a life of its own."""
    what, first, phones, seed = job
    happenings = list(script(what, first, phones, seed))
    life = Life(DOUBLED, phones=phones, seed=seed, leases=LEASES, script=happenings)
    told = life.live(2 * SLOT / DAY)
    name = ("the first", "the second")[first] if what in SECONDS else "as they refresh"
    missed = [each for each in finding(told) if each.told_at is None]
    return Came(what, name, 2 * len(told.doubled), judged(told).verdicts, missed)


def jobs(phones: int, seed: int) -> list[tuple[str, int, int, int]]:
    """Either may be first; a restart has one order, that of their refreshes."""
    tries = [(what, first) for what in SECONDS for first in (FIRST, SECOND)]
    return [(*each, phones, seed) for each in (*tries, (TRIES[2], FIRST))]


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="bench.life devices", description=__doc__)
    parser.add_argument("--phones", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        every = list(pool.map(came_of, jobs(given.phones, given.seed)))
    print(markdown(HEAD, (came.row() for came in every)))
    found = [f"{came.what}, {came.first} first: {f}" for came in every for f in came.faults()]
    print("\n".join(("", *found)))
    return 1 if found else 0
