"""What a poll's answers, or their absence, mean for the API and what is told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, extension

from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import (
    AlertName,
    BatchAnswer,
    ExtensionId,
    FailureReason,
    Incident,
    Watched,
)
from regwatch.core.phones.roster import Roster
from regwatch.core.watches.api_health import ApiHealth, Shortage
from regwatch.core.watches.api_watch import ApiWatch

ONE, TWO = ExtensionId(1), ExtensionId(2)


@dataclass
class Scene:
    """An account with two extensions; the second was answered before."""

    health: ApiHealth = field(default_factory=lambda: ApiHealth(ACME))
    roster: Roster = field(default_factory=Roster)
    incidents: Iterable[Incident] = ()

    def __post_init__(self) -> None:
        rules = AlertRules(Rules(EVERY_ALERT))
        self.incidents = OpenIncidents(ACME, rules, incidents=self.incidents)
        self.watch = ApiWatch(ACME, self.health, self.roster, self.incidents)
        self.roster.add(Watched(extension(1)), now=at(0))
        self.roster.add(Watched(extension(2), answered_at=at(-60)), now=at(0))

    def answered(self, given: BatchAnswer, *, when: float = 1.0) -> None:
        self.watch.answered(given, now=at(when))

    def told(self, when: float) -> dict[str, AlertName]:
        """What fires after a judgement then, by subject."""
        list(self.watch.judge(now=at(when)))
        return {i.subject: i.alert for i in self.incidents if i.fired_at is not None}

    def grow_stale(self, when: float = 1000.0) -> None:
        """No answer is fresh any more."""
        self.roster.age(before=at(when), most=100)


@pytest.mark.parametrize(
    ("given", "is_up"),
    [
        pytest.param(batch(answer(1, when=1)), True, id="an answer"),
        pytest.param(batch(refused=[1]), True, id="a refusal to speak of one is an answer"),
        pytest.param(batch(answer(1, when=1), asked=[2]), True, id="part of an answer"),
        pytest.param(batch(asked=[1, 2]), False, id="none of many"),
        pytest.param(batch(asked=[1]), None, id="one alone may not exist: that says nothing"),
    ],
)
def test_whether_the_api_answers(given: BatchAnswer, is_up: bool | None) -> None:
    scene = Scene()
    scene.answered(given)
    assert scene.health.is_up is is_up


def test_an_answer_without_anything_asked_for_is_told_with_its_number_of_ids() -> None:
    scene = Scene()
    scene.answered(batch(asked=[1, 2]))
    assert scene.health.trouble is not None
    assert scene.health.trouble.reason is FailureReason.BAD_ANSWER
    assert scene.health.trouble.detail == "None of the 2 ids asked for was in the answer."


def test_answers_that_grow_stale_are_told_and_their_end_too() -> None:
    scene = Scene()
    scene.answered(batch(answer(1, when=1), answer(2, when=1)))
    scene.grow_stale()
    assert scene.told(1000) == {}, "not before it lasts"
    assert scene.told(1121) == {"api": AlertName.API_UNAVAILABLE}
    for watched in scene.roster.by_id.values():
        scene.roster.answer(watched, (), "", at(1130))
    assert scene.told(1130) == {}


@pytest.mark.parametrize(
    "given", [batch(answer(2, when=1), asked=[1]), batch(answer(2, when=1), refused=[1])]
)
def test_one_of_which_the_pbx_never_speaks_is_told_as_that_and_no_outage(
    given: BatchAnswer,
) -> None:
    scene = Scene()
    scene.answered(given)
    scene.roster.answer(scene.roster.by_id[TWO], (), "", at(1))
    scene.grow_stale(500.0)
    scene.roster.answer(scene.roster.by_id[TWO], (), "", at(1000))
    assert list(scene.roster.stale) == [ONE]
    assert scene.told(1000) == {}
    assert scene.told(2000) == {"unanswered": AlertName.UNANSWERED}


def test_one_that_was_answered_before_and_is_left_out_now_is_told_as_that_too() -> None:
    scene = Scene()
    scene.answered(batch(answer(1, when=1), asked=[2]))
    scene.grow_stale()
    scene.roster.answer(scene.roster.by_id[ONE], (), "", at(1000))
    assert list(scene.roster.stale) == [TWO]
    scene.told(1000)
    assert scene.told(2000) == {"unanswered": AlertName.UNANSWERED}
    scene.answered(batch(answer(2, when=2001)))
    assert scene.told(2001) == {}


@pytest.mark.parametrize(
    ("spoken", "subject"),
    [
        pytest.param(batch(answer(1, when=2)), "api", id="answered since"),
        pytest.param(batch(answer(2, when=2), asked=[1]), "unanswered", id="left out again"),
    ],
)
def test_once_it_is_spoken_of_its_silence_counts(spoken: BatchAnswer, subject: str) -> None:
    scene = Scene()
    scene.answered(batch(answer(2, when=1), asked=[1]))
    scene.answered(spoken)
    scene.grow_stale()
    scene.roster.answer(scene.roster.by_id[TWO], (), "", at(1000))
    scene.told(1000)
    assert list(scene.told(2000)) == [subject]


def test_one_answer_without_it_is_no_matter() -> None:
    scene = Scene()
    scene.answered(batch(answer(1, when=1), asked=[2]))
    scene.told(50)
    assert scene.incidents.get("unanswered") is None


def test_left_out_by_a_failure_it_was_not_passed_over() -> None:
    scene = Scene()
    scene.answered(batch(answer(2, when=1), asked=[1], failure=FailureReason.TIMEOUT))
    scene.grow_stale()
    scene.roster.answer(scene.roster.by_id[TWO], (), "", at(1000))
    scene.told(1000)
    assert scene.told(2000) == {"api": AlertName.API_UNAVAILABLE}


def test_one_that_is_watched_anew_begins_anew() -> None:
    scene = Scene()
    scene.answered(batch(answer(2, when=1), asked=[1]))
    scene.watch.forget(ONE)
    scene.grow_stale()
    scene.told(1000)
    assert scene.told(2000) == {"api": AlertName.API_UNAVAILABLE}


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        (FailureReason.TIMEOUT, "api"),
        (FailureReason.ACCESS_DENIED, "credentials"),
        (FailureReason.QUOTA_EXHAUSTED, "quota"),
    ],
)
def test_a_start_in_the_midst_of_it_neither_ends_nor_repeats_it(
    reason: FailureReason, subject: str
) -> None:
    before = Scene()
    before.health.failed(reason, "", at(0))
    if reason is FailureReason.QUOTA_EXHAUSTED:
        before.health.quota(Shortage(at(0), at(900), 60.0))
    before.told(0)
    (held,) = before.told(200)
    assert held == subject
    after = Scene(incidents=tuple(before.incidents))
    assert set(after.told(210)) == {subject}, "nothing was asked yet"
    after.health.failed(reason, "", at(220))
    assert set(after.told(220)) == {subject}, "and no answer came"
    assert [i.id for i in after.incidents] == [i.id for i in before.incidents]
    after.answered(batch(answer(1, when=230)), when=230)
    assert after.told(230) == {}
