"""What is believed of the PBX's list of extensions."""

import pytest
from fakes.values import ACME, EVERY_ALERT, answer, at, batch, extension

from regwatch.core.alerts.incidents import Decision
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import ExtensionId, Watched
from regwatch.core.phones.roster import Roster
from regwatch.core.watches.list_watch import ListPolicy, ListWatch

ALL = range(1, 21)


class Scene:
    """Twenty extensions, and lists of them."""

    def __init__(self, policy: ListPolicy | None = ListPolicy()) -> None:  # noqa: B008 - frozen
        self.roster = Roster()
        for number in ALL:
            self.roster.add(Watched(extension(number)), now=at(0))
        self.incidents = OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)))
        self.watch = ListWatch(ACME, policy, self.roster, self.incidents)

    def listed(self, *numbers: int, named: range | None = None, when: float = 0) -> list[int]:
        ids = {ExtensionId(n) for n in numbers}
        for each in ids:
            self.watch.watched(each)
        names = ids if named is None else {ExtensionId(n) for n in named}
        return self._removed(self.watch.listed(ids, names, now=at(when)))

    def asked(self, *numbers: int, answered: tuple[int, ...] = (1,)) -> list[int]:
        found = batch(*(answer(n, when=1) for n in answered), asked=numbers)
        return self._removed(self.watch.answered(found))

    def _removed(self, removed: object) -> list[int]:
        for each in (found := sorted(removed)):  # type: ignore[type-var]
            self.watch.forget(each)
            self.roster.retire(self.roster.by_id[each], now=at(0))
        return found

    def judged(self, when: float = 1) -> Decision | None:
        step = self.watch.judge(now=at(when))
        return None if step is None else step.decision


def test_few_are_removed_after_two_lists_without_them_and_told_to_nobody() -> None:
    scene = Scene()
    assert scene.listed(*range(5, 21)) == []
    assert scene.judged() is Decision.NOTHING
    assert scene.listed(*range(5, 21)) == [1, 2, 3, 4]


@pytest.mark.parametrize("left", [(), tuple(range(6, 21))], ids=["an empty list", "a quarter less"])
def test_many_are_doubted_told_as_one_and_watched_on(left: tuple[int, ...]) -> None:
    scene = Scene()
    for _ in range(5):
        assert scene.listed(*left) == []
    assert scene.judged() is Decision.FIRED
    count = 20 - len(left)
    assert f"{count} of 20 extensions" in scene.incidents.get("list").summary  # type: ignore[union-attr]
    assert scene.listed(*ALL) == []
    assert scene.judged() is Decision.RESOLVED


def test_who_is_answered_by_id_is_there_and_of_whom_nothing_is_said_twice_is_removed() -> None:
    scene = Scene()
    scene.listed(*range(6, 21))
    assert scene.asked(1, 2, 3, answered=(3, 6)) == []
    assert scene.asked(1, 2, 3, answered=(2, 6)) == [1], "the other was answered in between"
    assert scene.asked(2, 3, 4, 5, answered=()) == [], "an empty answer says nothing of them"
    assert scene.judged() is Decision.FIRED
    for _ in range(2):
        scene.asked(2, 3, 4, 5, answered=(6,))
    assert scene.judged() is Decision.RESOLVED


def test_a_refusal_by_id_counts_like_silence() -> None:
    scene = Scene()
    scene.listed(*range(6, 21))
    for expected in ([], [1]):
        found = batch(answer(6, when=1), refused=[1])
        assert scene._removed(scene.watch.answered(found)) == expected


def test_whom_the_configuration_does_not_want_is_removed_as_ever() -> None:
    scene = Scene()
    assert scene.listed(1, named=ALL) == []
    assert scene.listed(1, named=ALL) == list(range(2, 21))
    assert scene.judged() is Decision.NOTHING


def test_where_the_alert_is_off_the_list_is_believed() -> None:
    scene = Scene(None)
    scene.listed()
    assert scene.listed() == list(ALL)


def test_before_the_list_was_read_nothing_is_concluded() -> None:
    assert Scene().judged() is None
