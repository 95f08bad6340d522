"""What was told, judged by what truly happened: never by what the monitor thought of it.

| told | is true if |
|---|---|
| `extension_lost` | each device of it was away then, and one without a word; else *good-bye* |
| `registration_lost` | one of its two devices was away then without a word; else *good-bye* |
| `signed_off` | one of its devices was away then, with a good-bye; else *milder* |
| `refresh_overdue` | one of its devices was off then without a good-bye |
| `site_lost` | so much of the place was dark when it was told |
| `address_changed` | its line had got a new address, or it had begun to roam |
| `device_changed` | another device had taken over (not: its own one came back) |
| `flapping` | it came and went often enough |
| `never_registered` | it never did |
| of the account | that happened then: a restart, an API down or frozen, a glitch of many, … |

What is true is *again* if the same was told before: of the same stay away, move, outage. Who was
told alone before its place was is not told again, nor who was warned of before it was lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.life.driver import Saying, Told
from bench.life.truth import Away, Truth

from regwatch.core.model import Severity
from regwatch.simulator.life import Happening
from regwatch.simulator.rates import Kind

LATE_SECONDS = 120.0
"""A sweep, a confirmation, the wait of a group: who is back may be told of for so much longer."""
SLOW_SECONDS = 1200.0
"""The same in groups of what is for reading only."""
SOONER_SECONDS = 60.0
"""By how much what is told may have begun before: leases are guessed in whole seconds."""
SHARE = 0.5
"""Of a place, that must be dark to call it out; as by default."""
FLAPS, FLAP_SECONDS = 5, 3600.0
RESTART_SECONDS = 7200.0
"""In which phones return after a restart: two of the longest leases."""
LISTED_SECONDS = 3600.0
"""In which a list is believed again."""


class Word(StrEnum):
    """Of one saying."""

    TRUE = "true"
    GOODBYE = "good-bye"
    """True, but for that who went had said good-bye."""
    MILDER = "milder"
    """True, but for that nobody had said good-bye."""
    AGAIN = "again"
    FALSE = "false"


@dataclass(frozen=True)
class Verdict:
    """What is to be said of something told."""

    saying: Saying
    word: Word
    cause: Happening | None = None

    @property
    def kind(self) -> str:
        """Of what happened."""
        return self.cause.kind.value if self.cause is not None else ""


Cause = tuple[Happening | None, Word, object]
"""What happened, and what the same thing would be known by."""
NOTHING: Cause = (None, Word.FALSE, None)
Rule = Callable[["Judge", Saying], Cause]
ACCOUNT: Mapping[str, tuple[Sequence[Kind], float]] = {
    "api_unavailable": ((Kind.API_DOWN, Kind.FROZEN, Kind.MASS_GLITCH), LATE_SECONDS),
    "registrar_restarted": ((Kind.RESTART,), RESTART_SECONDS),
    "account_lost": ((Kind.MASS_GLITCH,), LATE_SECONDS),
    "unanswered": ((Kind.MASS_GLITCH,), LATE_SECONDS),
    "list_shrank": ((Kind.LIST_SHRUNK,), LISTED_SECONDS),
}
"""What they are true of, the first of these that is found, and how long after it."""
FAMILY = {"registration_lost": "lost", "extension_lost": "lost", "signed_off": "lost"}
"""One thing under several names."""


class Judge:
    """Judges all that was told in a life, in order."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.truth = Truth(told.truth, told.doubled)
        self._known: set[object] = set()

    def verdicts(self) -> list[Verdict]:
        """Of each saying."""
        found = [(saying, self._verdict(saying)) for saying in self.told.sayings]
        return [verdict for saying, verdict in found if saying.at >= self.told.begins]

    def untold(self, aways: Sequence[Away], name: str) -> Away:
        """The latest that was not told under this name; else the latest. Two devices that go
        together are two.
        """
        fresh = [each for each in aways if (name, each.sight) not in self._known]
        return (fresh or aways)[-1]

    def _verdict(self, saying: Saying) -> Verdict:
        name = saying.alert.value
        rule = RULES.get(name, _of_account if name in ACCOUNT else _never)
        cause, word, same = rule(self, saying)
        known_by = (FAMILY.get(name, name), same)
        if word is not Word.FALSE and known_by in self._known:
            word = Word.AGAIN
        self._known.add(known_by)
        return Verdict(saying, word, cause)


def _aways(judge: Judge, saying: Saying, slack: float = LATE_SECONDS) -> list[Away]:
    """Those of the extension that may be meant."""
    if saying.who is None:
        return []
    since = saying.incident.started_at - slack
    return judge.truth.aways(saying.who, since, saying.at)


def _lost(judge: Judge, aways: Sequence[Away], at: float) -> Cause:
    """By the last device that went silently; who is listed still is not lost."""
    gone = [each for each in aways if each.sight.gone_at <= at + 1]
    silent = [each for each in gone if each.is_silent]
    if not gone:
        return NOTHING
    away = judge.untold(silent or gone, "lost")
    return away.happening, Word.TRUE if silent else Word.GOODBYE, away.sight


def _extension_lost(judge: Judge, saying: Saying) -> Cause:
    aways = _aways(judge, saying)
    if saying.who is None or not judge.truth.is_all_away(saying.who, aways):
        return NOTHING
    return _lost(judge, aways, saying.at)


def _registration_lost(judge: Judge, saying: Saying) -> Cause:
    return _lost(judge, _aways(judge, saying), saying.at)


def _signed_off(judge: Judge, saying: Saying) -> Cause:
    gone = _aways(judge, saying, SLOW_SECONDS)
    said = [each for each in gone if not each.is_silent]
    if not gone:
        return NOTHING
    away = judge.untold(said or gone, "lost")
    return away.happening, Word.TRUE if said else Word.MILDER, away.sight


def _overdue(judge: Judge, saying: Saying) -> Cause:
    silent = [each for each in _aways(judge, saying) if each.is_silent]
    if not silent:
        return NOTHING
    away = judge.untold(silent, saying.alert.value)
    return away.happening, Word.TRUE, away.sight


def _site_lost(judge: Judge, saying: Saying) -> Cause:
    """One place is out again only after a while."""
    if saying.census is None or saying.census.share < SHARE:
        return NOTHING
    since, until = saying.incident.started_at - SOONER_SECONDS, saying.at
    found = [each for each in judge.truth.during(frozenset(Kind), since, until) if each.sights]
    place = [each for each in found if each.place]
    cause = max(place or found, key=lambda each: len(each.sights), default=None)
    return cause, Word.TRUE, (saying.incident.facts.place, cause and cause.number)


def _address_changed(judge: Judge, saying: Saying) -> Cause:
    """Of a line once; of who roams when it goes, not when it comes back."""
    began, who = saying.incident.started_at, saying.who
    found = [
        each
        for each in judge.truth.happenings
        if each.kind in {Kind.NEW_ADDRESS, Kind.ROAMING}
        and (who is None or who in each.whom)
        and each.at - SOONER_SECONDS <= began
        and (each.kind is Kind.NEW_ADDRESS or began < (each.until or began))
    ]
    cause = max(found, key=lambda each: each.at, default=None)
    return (cause, Word.TRUE, cause.number) if cause else NOTHING


def _device_changed(judge: Judge, saying: Saying) -> Cause:
    began = saying.incident.started_at
    for each in judge.truth.during(frozenset({Kind.TAKE_OVER}), began, began + SOONER_SECONDS):
        if saying.who in each.whom and began < (each.until or began):
            return each, Word.TRUE, each.number
    return NOTHING


def _flapping(judge: Judge, saying: Saying) -> Cause:
    since = saying.incident.started_at - FLAP_SECONDS
    aways = judge.truth.aways(saying.who or 0, since, saying.at)
    edges = sum(1 + (each.sight.back_at <= saying.at) for each in aways)
    return (aways[-1].happening, Word.TRUE, saying.who) if edges >= FLAPS else NOTHING


def _never_registered(judge: Judge, saying: Saying) -> Cause:
    is_true = saying.who in judge.told.never
    return None, Word.TRUE if is_true else Word.FALSE, saying.who


def _of_account(judge: Judge, saying: Saying) -> Cause:
    kinds, slack = ACCOUNT[saying.alert.value]
    since = saying.incident.started_at - slack
    for kind in kinds:
        if found := judge.truth.during(frozenset({kind}), since, saying.at):
            return found[-1], Word.TRUE, found[-1].number
    return NOTHING


def _never(_judge: Judge, _saying: Saying) -> Cause:
    """No such thing happens in these lives."""
    return NOTHING


RULES: Mapping[str, Rule] = {
    "extension_lost": _extension_lost,
    "registration_lost": _registration_lost,
    "signed_off": _signed_off,
    "refresh_overdue": _overdue,
    "site_lost": _site_lost,
    "address_changed": _address_changed,
    "device_changed": _device_changed,
    "flapping": _flapping,
    "never_registered": _never_registered,
}


@dataclass(frozen=True)
class Judgement:
    """All that is to be said of a life."""

    verdicts: Sequence[Verdict]

    def of(self, *words: Word) -> list[Verdict]:
        return [each for each in self.verdicts if each.word in words]

    def wrong(self) -> Mapping[tuple[str, str], int]:
        """How often what is not simply true was told: by alert, and by what is wrong with it."""
        found = Counter((v.saying.alert.value, v.word.value) for v in self.verdicts)
        return {key: n for key, n in sorted(found.items()) if key[1] != Word.TRUE}

    def loud(self) -> Iterator[Verdict]:
        """What is critical."""
        return (v for v in self.verdicts if v.saying.incident.severity is Severity.CRITICAL)


def judged(told: Told) -> Judgement:
    return Judgement(Judge(told).verdicts())
