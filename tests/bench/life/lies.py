"""An API that says what is not so: for one answer, for a sweep, for ten minutes; alone, after an
outage of two minutes, and before ten minutes without any answer. Phones are truly lost before it,
in it and after it. At most one message is to be about the account, and none about a phone that is
well; each true loss is told, at the latest when the API speaks the truth again.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from random import Random

from bench.life.driver import DAY, HOUR, NOON, WARM_UP, Life, Told
from bench.life.finding import Finding
from bench.life.judge import Judge, Verdict, Word
from bench.life.table import line, markdown

from regwatch.core.model import AlertName
from regwatch.simulator.life import Act, Happening, Step, Want
from regwatch.simulator.life.ground import ground
from regwatch.simulator.rates import REAL_LIFE, Kind
from regwatch.simulator.settings import SimulatorSettings

MINUTE = 60.0
SLOT = 2 * HOUR
"""Between two of them."""
BEGINS, BACK = 0.5 * HOUR, 1.7 * HOUR
"""Within a slot: when the lie does, and when those who were lost return."""
LEASES = "60,120,300,600"
LENGTHS = (6.0, 65.0, 600.0)
NO_ANSWER: Mapping[str, object] = {"http_503": 1.0}
ROUND: Mapping[str, tuple[float, float]] = {
    "alone": (0.0, 0.0),
    "after 2 min without answers": (2 * MINUTE, 0.0),
    "before 10 min without answers": (0.0, 10 * MINUTE),
}
"""How long no answer came before, and comes after."""
LIES: Mapping[str, tuple[Kind, Mapping[str, object]]] = {
    "all down": (Kind.MASS_GLITCH, {"all_unregistered": True}),
    "half down": (Kind.MASS_GLITCH, {"unregistered_share": 0.5}),
    "nobody, and no entries": (Kind.MASS_GLITCH, {"empty_entries": True}),
    "all, and no entries": (Kind.MASS_GLITCH, {"registered_without_entries": True}),
    "empty answers": (Kind.MASS_GLITCH, {"left_out_share": 1.0}),
    "flags contradicting": (Kind.MASS_GLITCH, {"flags_contradict": 1.0}),
    "frozen": (Kind.FROZEN, {"frozen_answers": True}),
    "empty list": (Kind.LIST_SHRUNK, {"list_missing": 1.0}),
}
HEALTHY: Mapping[str, Mapping[str, object]] = {
    "`expires` as a date": {"expires_format": "datetime"},
    "`expires` as the lease granted": {"expires_format": "granted"},
}
HEAD = (
    "what the API says", "for", "", "of the account", "false", "false warnings", "losses told",
    "as a good-bye", "latest after it",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One lie, and the time that is its own."""

    lie: str
    length: float
    around: str
    since: float

    @property
    def at(self) -> float:
        return self.since + BEGINS

    @property
    def over_at(self) -> float:
        """When the API speaks the truth again."""
        return self.at + self.length + ROUND[self.around][1]

    def holds(self, at: float) -> bool:
        return self.since <= at < self.since + SLOT


def cells(lie: str, lengths: Sequence[float] = LENGTHS) -> list[Cell]:
    """One after the other."""
    pairs = [(length, around) for length in lengths for around in ROUND]
    return [Cell(lie, *pair, NOON + number * SLOT) for number, pair in enumerate(pairs)]


def script(of: Sequence[Cell], phones: int, seed: int) -> Iterator[Happening]:
    """The lies, and who is truly lost meanwhile: others each time."""
    settings = SimulatorSettings(
        extensions=phones, seed=seed, rates=REAL_LIFE, leases=LEASES, site_size=40
    )
    place, random = ground(settings, REAL_LIFE, seed), Random(seed)
    singles = [place.id_of(seat) for seat in place.wired if not seat.has_second]
    for number, cell in enumerate(of):
        kind, faults = LIES[cell.lie]
        before, after = ROUND[cell.around]
        yield fault(kind, f"lie/{number}", cell.at, cell.length, faults)
        if before:
            yield fault(Kind.API_DOWN, f"before/{number}", cell.at - before, before, NO_ANSWER)
        if after:
            yield fault(Kind.API_DOWN, f"after/{number}", cell.at + cell.length, after, NO_ANSWER)
        whom = random.sample(singles, 5)
        times = (-1500.0, -20.0, cell.length / 3, cell.length * 2 / 3)
        for who, at in zip(
            whom, (*(cell.at + t for t in times), cell.over_at + 300.0), strict=True
        ):
            yield death(who, at, cell.since + BACK)


def fault(
    kind: Kind, number: str, at: float, length: float, faults: Mapping[str, object]
) -> Happening:
    return Happening(
        number=number,
        at=at,
        kind=kind,
        want=Want.ACCOUNT,
        until=at + length,
        faults=faults,
        steps=(Step(at, Act.FAULTS), Step(at + length, Act.HEAL)),
    )


def death(who: int, at: float, until: float) -> Happening:
    return Happening(
        number=f"death/{who}/{at:.0f}",
        at=at,
        kind=Kind.SILENT_DEATH,
        want=Want.LOSS,
        whom=(who,),
        until=until,
        steps=(Step(at, Act.OFF, who), Step(until, Act.ON, who)),
    )


@dataclass(frozen=True)
class Came:
    """What came of one of them."""

    cell: Cell
    verdicts: Sequence[Verdict]
    delays: Sequence[float | None]
    """Of each true loss: seconds from when it could be known to when it was told."""

    @property
    def of_account(self) -> list[Verdict]:
        """What was told of more than a phone."""
        return [v for v in self.verdicts if v.saying.who is None]

    @property
    def wrong(self) -> list[Verdict]:
        """What was told of single phones and was not so, or once more."""
        mine = (v for v in self.verdicts if v.saying.who is not None)
        return [v for v in mine if v.word in {Word.FALSE, Word.AGAIN}]

    @property
    def false(self) -> list[Verdict]:
        """Of these what says that somebody is gone, or came, or is another."""
        return [v for v in self.wrong if v.saying.alert is not AlertName.REFRESH_OVERDUE]

    @property
    def milder(self) -> int:
        """How many of the losses were told as if a good-bye had been said."""
        return sum(verdict.word is Word.MILDER for verdict in self.verdicts)

    def faults(self) -> list[str]:
        """What is not as it should be. Not answered for ten minutes is another thing to tell."""
        outage = [
            v for v in self.of_account
            if v.saying.alert.value == "api_unavailable" and v.kind == Kind.API_DOWN.value
        ]  # fmt: skip
        found = list(map(line, self.wrong))
        if len(self.of_account) - min(1, len(outage)) > 1:
            found += map(line, self.of_account)
        if None in self.delays:
            found.append(f"{self.delays.count(None)} true losses were not told")
        return found

    def row(self) -> tuple[object, ...]:
        told = [each for each in self.delays if each is not None]
        names = [v.saying.alert.value for v in self.of_account]
        said = ", ".join(f"`{n}`" + f" × {names.count(n)}" * (names.count(n) > 1)
                         for n in dict.fromkeys(names))  # fmt: skip
        latest = f"{max(told):.0f} s" if told else "–"
        cell = self.cell
        length = f"{cell.length:.0f} s" if cell.length < 120 else f"{cell.length / 60:.0f} min"
        losses = f"{len(told)} of {len(self.delays)}"
        warnings = len(self.wrong) - len(self.false)
        words = (cell.lie, length, cell.around, said or "–")
        return *words, len(self.false), warnings, losses, self.milder, latest


def came_of(lie: str, phones: int = 120, seed: int = 1) -> list[Came]:
    """All nine, in one life."""
    tried = cells(lie)
    return list(judged(tried, live(tried, phones, seed)))


def live(tried: Sequence[Cell], phones: int, seed: int, warm_up: float = WARM_UP) -> Told:
    happenings = list(script(tried, phones, seed))
    life = Life(
        REAL_LIFE, phones=phones, seed=seed, leases=LEASES, script=happenings, warm_up=warm_up
    )
    return life.live(len(tried) * SLOT / DAY)


def judged(tried: Sequence[Cell], told: Told) -> Iterator[Came]:
    verdicts, wanted = Judge(told).verdicts(), list(Finding(told).wanted())
    for cell in tried:
        losses = [w for w in wanted if w.what == "lost" and cell.holds(w.happening.at)]
        yield Came(
            cell,
            [v for v in verdicts if cell.holds(v.saying.at)],
            [each.seconds for each in losses],
        )


def healthy(name: str, phones: int = 120, seed: int = 1) -> list[Verdict]:
    """What is told of a day on which all is well, and the API writes in another way."""
    life = Life(REAL_LIFE, phones=phones, seed=seed, faults=HEALTHY[name], script=())
    return Judge(life.live(1.0)).verdicts()


def left_out(seconds: float, phones: int = 120, seed: int = 1) -> list[Verdict]:
    """What is told if one phone is left out of answers for a moment, every ten minutes."""
    settings = SimulatorSettings(extensions=phones, seed=seed, rates=REAL_LIFE, leases=LEASES)
    place, random = ground(settings, REAL_LIFE, seed), Random(seed)
    happenings = [
        replace(
            fault(Kind.GLITCH, f"glitch/{n}", NOON + n * 600.0, seconds, {}),
            faults={"left_out_ids": str(place.id_of(random.choice(place.wired)))},
        )
        for n in range(60)
    ]
    life = Life(REAL_LIFE, phones=phones, seed=seed, leases=LEASES, script=happenings)
    return Judge(life.live(0.5)).verdicts()


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="bench.life lies", description=__doc__)
    parser.add_argument("--lies", nargs="*", default=list(LIES), choices=list(LIES))
    given = parser.parse_args(arguments)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        well = {name: pool.submit(healthy, name) for name in HEALTHY}
        well |= {f"one left out, {s:.0f} s": pool.submit(left_out, s) for s in LENGTHS[:2]}
        every = [came for nine in pool.map(came_of, given.lies) for came in nine]
        others = {name: each.result() for name, each in well.items()}
    print(markdown(HEAD, (came.row() for came in every)))
    print("\n" + markdown(("all is well, but", "told"), ((n, len(v)) for n, v in others.items())))
    found = [f"{c.cell.lie}, {c.cell.length:.0f} s {c.cell.around}: {f}"
             for c in every for f in c.faults()]  # fmt: skip
    found += [f"{name}: {line(verdict)}" for name, told in others.items() for verdict in told]
    print("\n".join(("", *found)))
    return 1 if found else 0
