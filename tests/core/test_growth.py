"""Extensions, registrations, devices and addresses come and go for days: nothing of them stays."""

from collections import Counter
from collections.abc import Iterator

from fakes.clocks import both
from fakes.holdings import grown, holdings
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, listing, registration

from regwatch.core.account import Account
from regwatch.core.expectations import Expectation, Expectations
from regwatch.core.model import Answer, Registration
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.phones.crowds import MOST_REGISTRATIONS
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites

HOUR, DAY = 3600, 86_400
EVERY = 25
"""Seconds between two looks at what time alone brings."""
STAYING, COMING = 30, 6
"""Extensions that are always there, and those that come and go each hour, under new ids."""


class Life:
    """An account whose phones change all the time."""

    def __init__(self) -> None:
        policy = MonitorPolicy(EVERY_ALERT, flapping=FlappingPolicy(), outages=OutagePolicy())
        hours = Expectations(True, [Expectation(("000*1000",), True)])
        monitor = Monitor(ACME, policy, Sites(), expectations=hours)
        planner = Planner(PollingPolicy(batch_size=100))
        self.account = Account(monitor, planner, Selection())
        self.hour = 0

    def live(self, hours: int) -> None:
        for _ in range(hours):
            self.hour += 1
            self._list()
            for quarter in range(4):
                self._poll(self.hour * HOUR + quarter * 900)

    def _ids(self) -> list[int]:
        first = 1000 + self.hour * COMING
        return [*range(1, STAYING + 1), *range(first, first + COMING)]

    def _list(self) -> None:
        for _ in range(3):  # what is missing from several lists is removed
            for _outcome in self.account.listed(
                listing(*self._ids()), now=both(at(self.hour * HOUR))
            ):
                pass

    def _poll(self, when: int) -> None:
        for moment in range(when - 900 + EVERY, when, EVERY):  # else it would seem to have slept
            self.account.tick(now=both(at(moment)))
        given = batch(*(self._answer(number, when) for number in self._ids()))
        outcome = self.account.answered(given, now=both(at(when)))
        assert list(outcome.set_aside) == []
        again = batch(*(self._answer(i, when + 1) for i in outcome.doubted))
        self.account.answered(again, now=both(at(when + 1)))
        self.account.tick(now=both(at(when + 2)))
        while isinstance(self.account.next(now=both(at(when + 3))), Ask):
            """What is due is asked for; the answers come with the next quarter of an hour."""

    def _answer(self, number: int, when: int) -> Answer:
        quarter = when // 900
        if (number + quarter) % 9 == 0:  # away, now this one and now that one
            return answer(number, when=when)
        return answer(number, *self._held(number, when), when=when)

    def _held(self, number: int, when: int) -> Iterator[Registration]:
        is_crowded = self.hour % 5 == 2 and number == self._ids()[-1]
        crowd = MOST_REGISTRATIONS + 5 if is_crowded else 1
        for each in range(crowd):
            yield registration(
                f"uloc-{number}-{self.hour}-{each}",
                ends=when + 1800,
                device=f"Phone {number % 7}.{each}",
                real=f"sip:203.0.{self.hour % 200}.{number % 250}:5060",
            )


def test_nothing_of_what_comes_and_goes_stays() -> None:
    life = Life()
    life.live(30)
    before = holdings(life.account)
    life.live(45)  # who is away when repeats itself by then
    assert grown(before, holdings(life.account)) == {}, "it grows"


def test_what_grows_is_named() -> None:
    assert grown(Counter({".a": 100}), Counter({".a": 103, ".b": 9})) == {".b": "0 -> 9"}
