"""When the wall clock is set, all that stands by it moves along, and nothing else does."""

import ast
import importlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_type_hints

import pytest
from fakes.values import (
    ACME,
    EVERY_ALERT,
    START,
    answer,
    at,
    batch,
    extension,
    registration,
)
from figures import house
from msgspec import Struct

from regwatch.core.account import Account
from regwatch.core.clock_steps import PIECE, answers_by_now, back_to, move_all, move_of, moved
from regwatch.core.dispatch.grouping import Grouping
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import (
    Answer,
    ExtensionId,
    FailureReason,
    IncidentState,
    Instant,
    Now,
    Timestamp,
    Watched,
)
from regwatch.core.monitor import Monitor, MonitorPolicy
from regwatch.core.outcome import Outcome
from regwatch.core.phones.flapping import FlappingPolicy
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.lateness import LatenessPolicy
from regwatch.core.phones.memory import Loss, Memory
from regwatch.core.phones.outages import OutagePolicy
from regwatch.core.phones.vanished import AccountPolicy
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy
from regwatch.core.polling.selection import Selection
from regwatch.core.sites import Sites
from regwatch.core.steps import Failure
from regwatch.core.watches.api_health import Shortage

BY = 1e6
"""Further than anything in these tests lies apart."""
STEADY_BEGINS_AT = 1000.0
"""So far from the wall clock that a value tells by which of the clocks it stands."""
STANDS_BY_ITSELF = {
    "Gathered.changes": "made within a step, and gone with it",
    "Gathered.losses": "likewise",
    "Gathered.remarks": "likewise",
    "Gathered.steps": "likewise",
    "Intake._memories": "each moved with its extension",
    "Intake.doubts": "likewise",
    "Mutes._since": "of hours that a clock on the wall shows",
    "Mutes._turns_at": "likewise",
    "RouteHours._since": "likewise",
    "RouteHours.turns_at": "likewise",
    "OpenIncidents._timers": "run on a clock of their own, that `_put_off` sets",
    "Roster._fresh_since": "ages on a clock of its own, that `_put_off` sets",
    "Roster.by_id": "moved by the monitor, each extension with its memory",
    "Grouping._agenda": "worked out anew for each group that moved",
    "Group.due_at": "likewise",
    "Grouping.unsaid": "of ends: that they are over is all that counts",
    "Place.phones": "moved by the places, all phones at once",
    "Place.silent": "likewise",
    "Place._some": "likewise",
    "_Tally._latest_at": "made within a step, and gone with it",
    "_Tally._moment_began": "likewise",
}
"""What holds points in time and has no part in a `clock_set` of its class, and why."""


def now(seconds: float) -> Now:
    return Now(Instant(STEADY_BEGINS_AT + seconds), at(seconds))


OF_PEOPLE = ("regwatch.core.alerts.mutes", "regwatch.core.schedules")
"""Hours that a clock on the wall shows: they do not move."""


# --- values ---------------------------------------------------------------------------------------


def structs() -> list[type[Struct]]:
    """All values of the core."""
    for module in house():
        if module.name.startswith("core/"):
            importlib.import_module(module.dotted)
    found, left = [], [Struct]
    while left:
        kinds = left.pop().__subclasses__()
        left += kinds
        found += [kind for kind in kinds if kind.__module__.startswith("regwatch.core.")]
    return [kind for kind in found if kind.__module__ not in OF_PEOPLE]


def test_a_value_moves_with_all_that_it_holds() -> None:
    held = registration(ends=100)
    memory = Memory(
        habits={held.id: Habit(refreshes=3, usual=1800.0)},
        loss=Loss(held, "expired", at(90), at(101)),
    )
    later = moved(memory, 3600.0)
    assert later.loss == Loss(registration(ends=3700), "expired", at(3690), at(3701))
    assert later.habits == memory.habits, "how long something lasts does not move"
    assert (later.tracks, later.former) == ({}, None)
    assert moved(later, -3600.0) == memory


def test_one_that_can_be_changed_is_changed() -> None:
    watched = Watched(extension(1), answered_at=at(5), registrations=(registration(ends=9),))
    assert moved(watched, 10.0) is watched
    assert (watched.answered_at, watched.since) == (at(15), None)
    assert watched.registrations == (registration(ends=19),)


def test_what_holds_no_time_stays_the_same() -> None:
    assert moved("a word", 5.0) == "a word"
    assert moved(None, 5.0) is None
    empty = registration(ends=None)
    assert moved(empty, 5.0) == empty


@pytest.mark.parametrize(
    ("kind", "value", "later"),
    [
        (Timestamp, 1.0, 6.0),
        (Timestamp | None, None, None),
        (tuple[Timestamp, ...], (1.0, 2.0), (6.0, 7.0)),
        (tuple[str, Timestamp], ("a", 1.0), ("a", 6.0)),
        (Sequence[Timestamp], [], []),
        (Mapping[str, Timestamp], {"a": 1.0}, {"a": 6.0}),
        (dict[str, tuple[int, Timestamp | None]], {"a": (1, 1.0)}, {"a": (1, 6.0)}),
    ],
    ids=str,
)
def test_its_annotation_tells_what_of_a_value_moves(kind: Any, value: Any, later: Any) -> None:
    move = move_of(kind)
    assert move is not None
    assert move(value, 5.0) == later


@pytest.mark.parametrize("kind", [float, Instant, str | None, tuple[str, ...], dict[str, float]])
def test_other_numbers_do_not(kind: Any) -> None:
    assert move_of(kind) is None


@pytest.mark.parametrize("kind", [Timestamp | str, dict[Timestamp, str], Answer | Watched])
def test_what_cannot_be_told_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError):
        move_of(kind)


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: kind.__name__)
def test_no_time_in_a_value_of_the_core_is_forgotten(kind: type[Struct]) -> None:
    """By its words, apart from how the annotations are read."""
    hints = get_type_hints(kind)
    named = {name for name in kind.__struct_fields__ if "Timestamp" in repr(hints[name])}
    assert {name for name in named if move_of(hints[name]) is None} == set()


def test_what_is_no_struct_holds_no_time() -> None:
    """It would not be moved with the value that it stands in."""
    found = [
        a_class.name
        for module in house()
        if module.name.startswith("core/")
        for a_class in module.classes
        if a_class.decorator_list
        if any(isinstance(e, ast.AnnAssign) and "Timestamp" in ast.unparse(e) for e in a_class.body)
    ]
    assert found == []


def test_a_mapping_is_moved_in_pieces() -> None:
    held = {number: Timestamp(float(number)) for number in range(2 * PIECE + 1)}
    moving = move_all(held, Timestamp, 0.5)
    next(moving)
    assert (held[0], held[PIECE - 1], held[PIECE]) == (0.5, PIECE - 0.5, float(PIECE))
    assert len(list(moving)) == 2
    assert list(held.values()) == [number + 0.5 for number in range(2 * PIECE + 1)]


def test_nothing_to_move_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        list(move_all({1: 2.0}, float, 0.5))


@pytest.mark.parametrize("by", [-86_400.0, -45.0, 3600.0])
def test_of_a_poll_what_was_stamped_before_the_clock_was_set_moves(by: float) -> None:
    """It was asked at 0, the clock was set at 2, and the last part came at 3."""
    stamped = batch(answer(1, registration(ends=600), when=1), answer(2, when=3 + by))
    present = Now(Instant(STEADY_BEGINS_AT + 3), at(3 + by))
    result = answers_by_now(stamped, by, asked=now(0), now=present)
    assert [each.answered_at for each in result.answers.values()] == [at(1 + by), at(3 + by)]
    (held,) = result.answers[ExtensionId(1)].registrations
    assert held.lease_ends_at == at(600 + by)


# --- what an account holds ------------------------------------------------------------------------


def test_whoever_holds_times_moves_them() -> None:
    """By what stands where a class makes its attributes, and in its `clock_set`."""
    words = {"Timestamp", *(kind.__name__ for kind in structs() if move_of(kind) is not None)}
    forgotten = {
        f"{a_class.name}.{attribute}"
        for module in house()
        if module.name.startswith("core/")
        for a_class in module.classes
        for attribute in held_times(a_class, words)
        if not moves(a_class, attribute)
    }
    assert forgotten == set(STANDS_BY_ITSELF)


def held_times(a_class: ast.ClassDef, words: set[str]) -> Iterator[str]:
    for node in ast.walk(a_class):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        for target in targets:
            is_own = isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            # Values handed over, and those worked out for a moment, are not annotated.
            is_made = isinstance(node, ast.AnnAssign) or "Timestamp" in names
            if is_own and is_made and words & names:
                yield target.attr


def moves(a_class: ast.ClassDef, attribute: str) -> bool:
    bodies = (node for node in a_class.body if isinstance(node, ast.FunctionDef))
    own = [ast.unparse(node) for node in bodies if node.name == "clock_set"]
    return any(f"self.{attribute}" in text for text in own)


ELSEWHERE = "sip:198.51.100.4:5060"
OTHERS = range(21, 29)
SMALL = {**dict.fromkeys((31, 32, 33, 34), "sip:203.0.113.98:5060")}
SMALL |= dict.fromkeys((35, 36, 37), "sip:203.0.113.99:5060")
"""Phones of two small places."""


def eventful() -> tuple[Account, Grouping]:
    """An account that has seen a lot, and who is told of it."""
    policy = MonitorPolicy(
        EVERY_ALERT,
        account=AccountPolicy(0.1, 3),
        recover_after=45.0,
        outages=OutagePolicy(share=0.3),
        flapping=FlappingPolicy(changes=2),
        lateness=LatenessPolicy(learn_after=3),
    )
    account = Account(
        Monitor(ACME, policy, Sites()),
        Planner(PollingPolicy()),
        Selection(ids=frozenset(map(ExtensionId, range(1, 38)))),
    )
    grouping = Grouping([Route(key="all", receivers=("chat",), group_by=("extension_id",))])
    story = Story(account, grouping)
    story.live()
    return account, grouping


class Story:
    """What happened."""

    def __init__(self, account: Account, grouping: Grouping) -> None:
        self.account, self.grouping = account, grouping

    def take(self, outcome: Outcome, when: float, *, is_told: bool = True) -> None:
        for incident in outcome.incidents:
            self.grouping.take(incident, now=at(when))
        for message in self.grouping.due(now=at(when)) if is_told else ():
            self.grouping.queued(message, now=at(when))

    def said(self, when: float, *answers: Answer, is_told: bool = True) -> None:
        outcome = self.account.answered(batch(*answers), now=now(when))
        self.take(outcome, when, is_told=is_told)

    def live(self) -> None:
        account = self.account
        list(account.begin(now=now(0)))
        for when in range(1, 5002, 100):
            ends = when // 900 * 900 + 1800  # refreshed at half of the lease
            held = {i: registration(f"r{i}", ends=ends) for i in range(1, 29)}
            self.said(when, *(answer(i, each, when=when) for i, each in held.items()))
        self.said(5010, *(answer(i, when=5010) for i in (1, 2, 3, 4, 5)))  # all at once: doubted
        self.said(5020, *(answer(i, when=5020) for i in (1, 2, 3, 4, 5)))  # the registrar forgot
        again = registration("r6b", ends=6000, real=ELSEWHERE)
        for when, held in ((5030, ()), (5040, (again,)), (5050, ()), (5060, (again,))):
            for moment in (when, when + 1):
                self.said(moment, answer(6, *held, when=moment))  # flaps, elsewhere
        self.said(5070, answer(28, registration("r28", ends=6300), when=5070))
        for when in (5075, 5076):
            self.said(when, answer(28, when=when))  # says good-bye
        many = range(7, 20)
        late = [answer(i, registration(f"r{i}", ends=6300), when=6295) for i in many]
        self.said(6295, *late)
        gone = [answer(i, when=6310) for i in many]
        well = [answer(i, registration(f"w{i}", ends=6700), when=6310) for i in (20, *OTHERS)]
        self.said(6310, *gone, answer(6, again, when=6310), *well)  # their place is out
        self.said(6345, answer(6, again, when=6345))  # nobody else was answered in time
        back = {i: registration(f"n{i}", ends=6700) for i in many}
        self.said(6350, *(answer(i, each, when=6350) for i, each in back.items() if i < 18))
        late = [answer(i, registration(f"w{i}", ends=6700), when=6695) for i in OTHERS]
        self.said(6695, *late)
        self.said(6710, *(answer(i, when=6710) for i in OTHERS))  # out again
        self.said(6760, answer(30, when=6760))  # was never there
        fired = next(i for i in account.monitor.incidents if i.state is IncidentState.FIRING)
        done = account.acknowledge(fired.id, "ann", "", now=now(6770))
        assert done is not None
        self.take(done, 6770)
        self.take(account.tick(now=now(6780)), 6780)  # who is not back with its place is told
        most = {i: registration(f"m{i}", ends=9000) for i in OTHERS if i < 28}
        self.said(6910, *(answer(i, each, when=6910) for i, each in most.items()))  # it is back
        for i, real in SMALL.items():
            ends = 9000 if i == 34 else 6934
            self.said(6920, answer(i, registration(f"s{i}", ends=ends, real=real), when=6920))
        well = [answer(i, registration(f"n{i}", ends=9000), when=6930) for i in (9, 19)]
        self.said(6930, answer(20, when=6930), *well, is_told=False)  # news, and ends
        held = {i: registration(f"s{i}", ends=6934, real=real) for i, real in SMALL.items()}
        late = [answer(i, each, when=6933.6) for i, each in held.items() if i != 34]
        self.said(6933.6, *late, is_told=False)
        gone = [answer(i, when=6936) for i in SMALL if i != 34]
        self.said(6936, *gone, is_told=False)  # one is out, the other may be
        asked = account.next(now=now(6940))
        assert isinstance(asked, Ask)
        account.failed(asked, Failure(FailureReason.TIMEOUT), now=now(6941))
        account.monitor.quota_exhausted(Shortage(at(6942), at(7000), 60.0), now=at(6942))
        self.take(account.tick(now=now(6960)), 6960, is_told=False)  # it is over for good


def times_in(
    value: Any, path: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, float]]:
    """Every point in time of the wall clock below a value, and where it stands."""
    seen = set() if seen is None else seen
    if isinstance(value, float):
        if START / 2 < value < 2 * START:
            yield path, value
        return
    if isinstance(value, (str, int, type(None))) or callable(value) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        parts = {f"{path}[{getattr(key, 'key', key)}]": each for key, each in value.items()}
    elif isinstance(value, (list, tuple, deque, set, frozenset)):
        parts = {f"{path}[{number}]": each for number, each in enumerate(value)}
    else:
        names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        names += getattr(value, "__struct_fields__", ())
        parts = {f"{path}.{name}": getattr(value, name, None) for name in dict.fromkeys(names)}
    for name, part in parts.items():
        yield from times_in(part, name, seen)


def kinds_of(paths: Mapping[str, float]) -> set[str]:
    """The attributes on the way to them."""
    return {word.split("[")[0] for path in paths for word in path.split(".")}


OF_THEIR_OWN = ("_fresh_since", "_timers", "_agenda", "_mutes")
"""Moved otherwise, as `STANDS_BY_ITSELF` says."""


def held_by(value: object) -> dict[str, float]:
    found = dict(times_in(value))
    return {path: when for path, when in found.items() if not any(o in path for o in OF_THEIR_OWN)}


def test_every_point_in_time_that_an_account_holds_moves() -> None:
    account, _ = eventful()
    before = held_by(account)
    assert kinds_of(before) >= {
        *(
            "_last",
            "_memories",
            "_members",
            "_since",
            "_awaited",
            "_began_at",
            "_records",
            "_events",
        ),
        *("heard_at", "due_at", "silent_from", "found_at", "outage", "ended_at", "departed"),
        *("_supposed", "_stragglers", "_open", "trouble", "shortage", "tracks"),
        *("loss", "awaited_until", "acknowledged_at", "cleared_at", "fired_at", "lease_ends_at"),
        *("answered_at", "first_answered_at", "last_registered_at", "since"),
    }, "what was not seen, was not tried"
    outcomes = list(account.clock_set(BY))
    after = held_by(account)
    assert after == {path: pytest.approx(when + BY, abs=1e-3) for path, when in before.items()}
    touched = {i for outcome in outcomes for i in outcome.touched}
    assert touched == set(account.monitor.roster.by_id), "all of it is stored anew"
    told = [incident for outcome in outcomes for incident in outcome.incidents]
    assert told == list(account.monitor.incidents)


def test_every_point_in_time_that_a_grouping_holds_moves() -> None:
    _, grouping = eventful()
    grouping.next_due_at()
    before = held_by(grouping)
    assert kinds_of(before) >= {"_incidents", "_rows", "fresh", "gone", "spoken_at"}
    for _ in grouping.clock_set(BY):
        pass
    grouping.next_due_at()
    after = held_by(grouping)
    assert {path: after[path] for path in before} == {
        path: pytest.approx(when + BY, abs=1e-3) for path, when in before.items()
    }


def test_the_latest_of_what_was_stamped_ahead_is_of_now() -> None:
    assert back_to(at(0), [at(-5), None, at(0)]) == 0.0
    assert back_to(at(0), [at(-5), at(3600), at(3500)]) == -3600.0
    assert back_to(at(0), []) == 0.0
