"""What one step of the monitor brought: what is kept of it, set aside, and taken back."""

import pytest
from fakes.notifications import lost
from fakes.values import at, registration

from regwatch.core.alerts.incidents import Decision, Step
from regwatch.core.model import ChangeKind, ExtensionId
from regwatch.core.outcome import UNCHANGED, Gathered, Outcome
from regwatch.core.phones.diff import Change
from regwatch.core.phones.memory import Loss

ONE, TWO = ExtensionId(1), ExtensionId(2)


def change(extension_id: ExtensionId) -> Change:
    return Change(ChangeKind.EXPIRED, extension_id, at(0), registration())


def loss(name: str) -> Loss:
    return Loss(registration(name), "expired", at(-60), at(0))


@pytest.mark.parametrize("decision", Decision)
def test_only_decisions_that_change_an_incident_are_kept(decision: Decision) -> None:
    gathered = Gathered()
    gathered.add([Step(lost(), decision)])
    kept = decision not in {Decision.NOTHING, Decision.HELD_DOWN, Decision.STILL}
    assert bool(gathered.outcome().steps) is kept
    assert (decision in UNCHANGED) is not kept


def test_what_was_dropped_before_anybody_heard_of_it_is_no_incident() -> None:
    steps = [Step(None, Decision.DROPPED), Step(lost(101), Decision.FIRED)]
    assert Outcome(steps=steps).incidents == [lost(101)]


def test_a_bug_sets_one_thing_aside_and_what_was_decided_before_it_stays() -> None:
    gathered = Gathered()
    bug = ZeroDivisionError("nobody thought of that")
    with gathered.guarding(ONE):
        gathered.touched[ONE] = None
        raise bug
    with gathered.guarding():
        gathered.touched[TWO] = None
    outcome = gathered.outcome()
    assert [(each.extension_id, each.error) for each in outcome.set_aside] == [(ONE, bug)]
    assert list(outcome.touched) == [ONE, TWO]


def test_a_signal_to_stop_is_no_bug() -> None:
    with pytest.raises(KeyboardInterrupt), Gathered().guarding(ONE):
        raise KeyboardInterrupt


def test_what_one_extension_did_is_taken_back_and_of_the_others_nothing() -> None:
    gathered = Gathered()
    gathered.changes += [change(ONE), change(TWO), change(ONE)]
    gathered.losses += [loss("a"), loss("b")]
    gathered.add([Step(lost(1), Decision.FIRED)])
    gathered.put_aside(ONE, [loss("a")], ZeroDivisionError())
    outcome = gathered.outcome()
    assert outcome.changes == [change(TWO)]
    assert outcome.losses == [loss("b")]
    assert len(outcome.steps) == 1, "an incident that was kept is told"


def test_all_that_was_gathered_stands_under_its_own_name() -> None:
    gathered = Gathered()
    gathered.removed.append(ONE)
    gathered.crowded.append(TWO)
    gathered.touched[ExtensionId(3)] = None
    outcome = gathered.outcome()
    assert (list(outcome.removed), list(outcome.crowded)) == ([1], [2])
    assert list(outcome.touched) == [3]
