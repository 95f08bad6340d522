"""A bug of ours, met by one extension: it is set aside, and all else goes on as if it had none."""

from collections.abc import Mapping

import pytest
from fakes.clocks import both
from fakes.observing import observed
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, listing, registration

from regwatch.core.account import Account
from regwatch.core.alerts.mutes import Mute, Mutes
from regwatch.core.expectations import Expectations
from regwatch.core.model import (
    AlertName,
    Answer,
    Extension,
    ExtensionId,
    ExtensionState,
    IncidentState,
    Instant,
    Timestamp,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.phones.roster import SET_ASIDE
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy, Wait
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites

ONE, TWO = ExtensionId(1), ExtensionId(2)
BUGGY = "sip:198.51.100.66:5060"
LATE = "sip:198.51.100.67:5060"


class BugError(Exception):
    """What nobody has thought of."""


class BuggyExpectations(Expectations):
    """Fails at the so manieth question about the first extension; 0: not at all."""

    failing_at = 0

    def since(self, extension: Extension, *, now: Timestamp) -> Timestamp | None:
        if extension.id == ONE and self.failing_at:
            self.failing_at -= 1
            if not self.failing_at:
                raise BugError("the hours")
        return super().since(extension, now=now)


class BuggySites(Sites):
    """Cannot take one address, nor another one when all but the moves are judged."""

    def of_address(self, real_address: str) -> str:
        if real_address == BUGGY:
            raise BugError(real_address)
        return super().of_address(real_address)

    def is_outside(self, name: str, real_address: str) -> bool:
        if real_address == LATE:
            raise BugError(real_address)
        return super().is_outside(name, real_address)

    def of_extension(self, extension: Extension) -> str:
        if extension.label == "buggy":
            raise BugError(extension.label)
        return super().of_extension(extension)


class BuggyMutes(Mutes):
    """Cannot tell of the first extension."""

    def of(self, labels: Mapping[str, str], *, kept: str = "", now: Timestamp) -> Mute | None:
        if labels.get("extension_id") == "1":
            raise BugError("the mutes")
        return super().of(labels, kept=kept, now=now)


def monitor(*numbers: int) -> tuple[Monitor, BuggyExpectations]:
    expectations = BuggyExpectations()
    policy = MonitorPolicy(EVERY_ALERT, outages=OutagePolicy(), flapping=FlappingPolicy())
    made = Monitor(ACME, policy, BuggySites(), expectations=expectations)
    made.watch(listing(*numbers).extensions, now=at(0))
    return made, expectations


def see(watching: Monitor, *answers: Answer) -> Outcome:
    return observed(watching, *answers)


def told(outcome: Outcome) -> list[AlertName]:
    return [step.incident.alert for step in outcome.steps if step.incident]


def aside(outcome: Outcome) -> list[tuple[ExtensionId | None, type[Exception]]]:
    return [(each.extension_id, type(each.error)) for each in outcome.set_aside]


def known(watching: Monitor) -> Mapping[str, object]:
    """All that the next answer is judged by, and all that is told."""
    return {
        "watched": [repr(each) for each in watching.roster.by_id.values()],
        "memory": [watching.memory(i) for i in watching.roster.by_id],
        "states": {key: n for key, n in watching.roster.states.items() if n},
        "registrations": {key: n for key, n in watching.roster.registrations.items() if n},
        "unanswered": watching.roster.unanswered,
        "incidents": {(i.subject, i.alert, i.state) for i in watching.incidents},
    }


def test_the_others_of_the_answer_are_taken_in() -> None:
    watching, expectations = monitor(1, 2, 3)
    see(watching, *(answer(n, registration(), when=0) for n in (1, 2, 3)))
    expectations.failing_at = 2
    still = answer(3, registration(), when=60)
    outcome = see(watching, answer(1, when=60), answer(2, when=60), still)
    assert aside(outcome) == [(ONE, BugError)]
    assert [i.facts.extension_id for i in outcome.incidents] == [TWO]
    assert watching.roster.by_id[still.extension_id].answered_at == at(60)


def test_it_is_unknown_and_says_why_until_an_answer_is_taken_in() -> None:
    watching, expectations = monitor(1)
    see(watching, answer(1, registration(), when=0))
    for when in (60, 120):
        expectations.failing_at = 1
        outcome = see(watching, answer(1, registration(ends=900), when=when))
        assert outcome.touched == {ONE: None}, "stored as unknown, too"
        assert outcome.changes == []
    one = watching.roster.by_id[ONE]
    assert (one.state, one.reason, one.since) == (ExtensionState.UNKNOWN, SET_ASIDE, at(60))
    assert one.answered_at == at(0), "the last answer that was taken in"
    see(watching, answer(1, registration(ends=900), when=180))
    assert one.state is ExtensionState.REGISTERED


@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "failed",
    [
        pytest.param(answer(1, registration("uloc-2", ends=900), when=60), id="comes back anew"),
        pytest.param(answer(1, registration(ends=900), when=60), id="refreshes"),
        pytest.param(answer(1, when=60), id="is lost"),
    ],
)
def test_half_an_answer_leaves_nothing_for_the_next_one(call: int, failed: Answer) -> None:
    """Wherever the bug strikes, the next answers bring what they bring where it never came."""
    (buggy, expectations), (sound, _) = monitor(1, 2), monitor(1, 2)
    for watching in (buggy, sound):
        see(watching, *(answer(n, registration(ends=59), when=0) for n in (1, 2)))
    expectations.failing_at = call
    outcome = see(buggy, failed)
    assert aside(outcome) == [(ONE, BugError)]
    for after in (answer(1, when=120), answer(1, registration("uloc-3", ends=900), when=180)):
        mended, clean = see(buggy, after), see(sound, after)
        assert [c.kind for c in mended.changes] == [c.kind for c in clean.changes]
        assert known(buggy) == known(sound)


def test_a_bug_met_by_what_could_not_be_asked_again_comes_to_an_end() -> None:
    watching, expectations = monitor(1)
    see(watching, answer(1, registration(), when=0))
    watching.observe(batch(answer(1, when=60)), now=at(60))
    expectations.failing_at = 1
    assert aside(watching.tick(now=at(200))) == [(ONE, BugError)]
    assert told(watching.tick(now=at(201))) == [AlertName.SIGNED_OFF]


def test_what_was_told_before_the_bug_struck_stays_told() -> None:
    """The loss was decided on, and is stored: its end must be told as well."""
    watching, expectations = monitor(1)
    see(watching, answer(1, registration(), when=0))
    expectations.failing_at = 3  # after the judgement
    assert told(see(watching, answer(1, when=60))) == [AlertName.SIGNED_OFF]
    outcome = see(watching, answer(1, registration(ends=900), when=120))
    assert [i.state for i in outcome.incidents] == [IncidentState.RESOLVED]


def test_a_bug_that_stays_is_no_flapping() -> None:
    """The changes of an answer that is never taken in are found anew at each poll."""
    watching, _ = monitor(1)
    see(watching, answer(1, registration(), when=0))
    other = registration(
        "uloc-2", ends=5000, device="Zoiper 5", contact="sip:1@10.0.0.9", real=LATE
    )
    for n in range(1, 30):
        outcome = see(watching, answer(1, other, when=10 * n))
        assert aside(outcome) == [(ONE, BugError)]
    assert AlertName.FLAPPING not in told(see(watching, answer(1, when=300)))


def test_it_is_asked_in_its_turn_and_not_at_once_again() -> None:
    watching, expectations = monitor(1)
    account = Account(watching, Planner(PollingPolicy(interval=60.0)), Selection(frozenset({ONE})))
    list(account.begin(now=both(at(0))))
    about_to_end = batch(answer(1, registration(ends=5), when=0))
    when, polled = Instant(at(0)), 0
    while when < at(600):
        step = account.next(now=both(when))
        if isinstance(step, Ask):
            expectations.failing_at = int(polled > 0)
            account.answered(about_to_end, now=both(when))
            polled += 1
        else:
            assert isinstance(step, Wait)
            assert step.until is not None
            when = step.until
    assert watching.roster.by_id[ONE].reason == SET_ASIDE
    assert polled <= 12


def test_a_list_with_one_that_cannot_be_taken_over_brings_the_others() -> None:
    watching, _ = monitor()
    buggy = Extension(ONE, "000*101", "buggy")
    outcome = watching.watch([buggy, *listing(2).extensions], now=at(0))
    assert aside(outcome) == [(ONE, BugError)]
    assert list(watching.roster.by_id) == [TWO]


def test_what_time_brings_comes_although_one_incident_meets_a_bug() -> None:
    watching, _ = monitor(1, 2)
    see(watching, answer(1, when=0), answer(2, when=0))
    watching.incidents._mutes = BuggyMutes()
    outcomes = [watching.tick(now=at(when)) for when in (3600, 3601)]
    assert {each for outcome in outcomes for each in aside(outcome)} == {(None, BugError)}
    fired = [i for outcome in outcomes for i in outcome.incidents if i.facts.extension_id]
    assert [i.facts.extension_id for i in fired] == [TWO]


def test_one_that_cannot_be_weighed_is_set_aside_and_the_others_are_taken_in() -> None:
    watching, _ = monitor(1, 2)
    see(watching, answer(1, registration(), when=0), answer(2, registration(), when=0))
    watching.roster.by_id[ONE].registrations = (None,)  # type: ignore[assignment]
    outcome = see(watching, answer(1, when=60), answer(2, when=60))
    assert aside(outcome) == [(ONE, AttributeError)]
    assert watching.roster.by_id[ONE].reason == SET_ASIDE
    assert watching.roster.by_id[TWO].state is ExtensionState.SIGNED_OFF


def test_who_is_said_to_be_there_without_any_entry_is_there_and_never_late() -> None:
    """A PBX that lost the entries and kept its flags: nobody's refresh can be seen."""
    watching, _ = monitor(*range(1, 7))
    for when in (0, 150, 300, 450, 600, 750, 900):
        ends = registration(ends=when + 300)
        see(watching, *(answer(n, ends, when=when) for n in range(1, 7)))
    for when in (1100, 1160, 1220, 1500):
        bare = (answer(n, when=when, registered=True) for n in range(1, 7))
        assert told(see(watching, *bare)) == []
    assert watching.roster.by_id[ONE].state is ExtensionState.REGISTERED
    assert watching.roster.by_id[ONE].answered_at == at(1500)
    gone = see(watching, *(answer(n, when=1560) for n in range(1, 7)))
    assert AlertName.EXTENSION_LOST in told(gone), "it is told when they are said to be gone"
