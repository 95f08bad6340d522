"""Whether the beginning of what a receiver is told ever arrived there."""

import pytest
from fakes.notifications import NEW, RESOLVED, STILL, lost
from fakes.waiting import about, entry, waiting
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.model import IncidentId, Item, ItemStatus, Notification
from regwatch.notify.delivery.hearing import (
    Beginning,
    as_it_arrives,
    is_beginning,
    left_of,
    without,
    without_bare_ends,
)

Told = list[tuple[ItemStatus, int]]


def missing(*extensions: int, line: str = "") -> set[Beginning]:
    """That these were lost never arrived."""
    return {(line, lost(each).id) for each in extensions}


def ids(*extensions: int) -> list[IncidentId]:
    return [lost(each).id for each in extensions]


def told(notification: Notification | None) -> Told | None:
    """What it says of which extensions."""
    if notification is None:
        return None
    return [(item.status, int(item.incident.id, 16)) for item in notification.items]


def in_place_of(notification: Notification, line: str) -> Notification:
    return replace(notification, in_place_of=line)


@pytest.mark.parametrize(
    ("said", "unheard", "arrives", "missing_after"),
    [
        pytest.param([(STILL, 1)], [], [(STILL, 1)], [], id="heard of: as it is"),
        pytest.param([(STILL, 1)], [1], [(NEW, 1)], [1], id="never heard of: new"),
        pytest.param([(NEW, 1)], [], [(NEW, 1)], [1], id="the beginning still waits here"),
        pytest.param([(RESOLVED, 1)], [1], [(RESOLVED, 1)], [1], id="an end begins nothing"),
        pytest.param([(STILL, 1)], [2], [(STILL, 1)], [2], id="another incident's"),
        pytest.param(
            [(NEW, 2), (STILL, 1), (STILL, 3)], [1], [(NEW, 1), (NEW, 2), (STILL, 3)], [1, 2],
            id="what became new stands among the new",
        ),
    ],
)  # fmt: skip
def test_what_fires_is_new_to_who_never_got_its_beginning(
    said: Told, unheard: list[int], arrives: Told, missing_after: list[int]
) -> None:
    beginnings = missing(*unheard)
    assert told(as_it_arrives(entry(1, "a", *said), beginnings)) == arrives
    assert beginnings == missing(*missing_after)


@pytest.mark.parametrize("said", [(NEW, 1), (STILL, 1)], ids=lambda said: said[0])
def test_in_doubt_whether_it_arrived_it_did(said: tuple[ItemStatus, int]) -> None:
    beginnings = missing(1, 2)
    in_doubt = entry(1, "a", said, (RESOLVED, 2), may_have_arrived=True)
    assert told(as_it_arrives(in_doubt, beginnings)) == [(NEW, 1), (RESOLVED, 2)]
    assert beginnings == missing(2)


def test_a_message_that_arrives_as_it_is_is_the_same_one() -> None:
    same = entry(1, "a", (NEW, 1), (RESOLVED, 2))
    assert as_it_arrives(same, set()) is same.notification


def test_an_escalation_of_what_was_never_heard_of_begins_it() -> None:
    escalated = (Item(NEW, lost(), told_before=True),)
    message = waiting(1, replace(about("a"), items=escalated))
    assert as_it_arrives(message, set()).items == escalated
    assert as_it_arrives(message, missing(101)).items == (Item(NEW, lost()),)


def test_each_line_has_beginnings_of_its_own() -> None:
    forwarded = waiting(1, in_place_of(about("a", (STILL, 1)), "pager"))
    assert told(as_it_arrives(forwarded, missing(1))) == [(STILL, 1)]
    assert told(as_it_arrives(forwarded, missing(1, line="pager"))) == [(NEW, 1)]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item(NEW, lost()), True),
        (Item(NEW, lost(), told_before=True), False),
        (Item(STILL, lost()), False),
        (Item(RESOLVED, lost()), False),
    ],
    ids=["new", "told under a milder name", "still", "resolved"],
)
def test_the_first_that_is_heard_of_an_incident_is_its_beginning(
    item: Item, *, expected: bool
) -> None:
    assert is_beginning(item) is expected


@pytest.mark.parametrize(
    ("said", "unheard", "left"),
    [
        ([(RESOLVED, 1)], [1], None),
        ([(RESOLVED, 1)], [2], [(RESOLVED, 1)]),
        ([(NEW, 1)], [1], [(NEW, 1)]),
        ([(STILL, 1)], [1], [(STILL, 1)]),
        ([(NEW, 2), (RESOLVED, 1), (RESOLVED, 3)], [1, 2], [(NEW, 2), (RESOLVED, 3)]),
    ],
    ids=["bare", "begun", "new", "still", "some of them"],
)
def test_an_end_alone_is_not_told(said: Told, unheard: list[int], left: Told | None) -> None:
    message = about("a", *said)
    assert told(without_bare_ends(message, missing(*unheard))) == left
    pager = in_place_of(message, "pager")
    assert told(without_bare_ends(pager, missing(*unheard))) == said
    assert told(without_bare_ends(pager, missing(*unheard, line="pager"))) == left


def test_of_nothing_no_end_is_bare() -> None:
    assert without_bare_ends(None, missing(1)) is None


def test_what_a_newer_message_told_is_not_said_again() -> None:
    newer = ids(1)
    assert without(None, newer) is None
    assert without(about("a", (NEW, 1)), newer) is None
    assert told(without(about("a", (NEW, 1), (STILL, 2)), newer)) == [(STILL, 2)]
    assert told(without(about("a", (NEW, 1)), ids(2))) == [(NEW, 1)]


WAITING = [entry(1, "a", (NEW, 1)), entry(2, "a", (NEW, 1), (STILL, 2)), entry(3, "b", (NEW, 3))]


@pytest.mark.parametrize(
    ("settled", "left"),
    [
        ([], {}),
        ([9], {}),
        ([1], {1: [], 2: [(STILL, 2)]}),
        ([2], {2: [(NEW, 1)]}),
        ([1, 2, 3], {1: [], 2: [], 3: []}),
    ],
    ids=["nothing", "of others", "one in two", "one in one", "all"],
)
def test_what_is_settled_is_taken_out_of_those_that_speak_of_it(
    settled: list[int], left: dict[int, Told]
) -> None:
    found = left_of(WAITING, ids(*settled), in_place_of="")
    assert {number: told(message) for number, message in found.items()} == left


def test_what_is_settled_for_another_line_leaves_this_one_alone() -> None:
    assert left_of(WAITING, ids(1), in_place_of="pager") == {}


SAID = st.lists(
    st.tuples(st.sampled_from([NEW, STILL, RESOLVED]), st.integers(1, 4)),
    max_size=4,
    unique_by=lambda item: item[1],
)


@given(SAID, st.sets(st.integers(1, 4)), st.booleans())
def test_whoever_heard_nothing_of_an_incident_is_told_that_it_began_or_nothing(
    said: Told,
    unheard: set[int],
    arrived: bool,
) -> None:
    beginnings = missing(*unheard)
    arriving = as_it_arrives(entry(1, "a", *said, may_have_arrived=arrived), beginnings)
    assert {number for _, number in told(arriving) or []} == {number for _, number in said}
    shown = told(without_bare_ends(arriving, missing(*unheard))) or []
    assert {status for status, number in shown if number in unheard} <= {NEW}
    begun = {number for status, number in shown if status is NEW}
    assert beginnings >= missing(*begun) or arrived
    assert not arrived or beginnings.isdisjoint(missing(*begun))
