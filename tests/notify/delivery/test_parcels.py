"""What of the waiting messages is sent together, and which parcel's turn it is."""

from collections.abc import Sequence

import pytest
from fakes.notifications import NEW, NOW, RESOLVED, STILL, lost
from fakes.waiting import entry
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import FAR_OFF, ItemStatus, Timestamp
from regwatch.notify.delivery.deliveries import Entry
from regwatch.notify.delivery.parcels import REFUSED_PAUSE, Parcel, next_turn, parcels

HOUR = 3600.0


@pytest.mark.parametrize(
    ("entries", "together"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(
            [entry(1, "a", (NEW, 1)), entry(2, "a", (NEW, 2))], [(1, 2)], id="one group, one parcel"
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1)), entry(2, "b", (NEW, 2)), entry(3, "a", (NEW, 3))],
            [(1, 3), (2,)], id="the later one joins its group, whatever stands between",
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1)), entry(2, "b", (NEW, 1)), entry(3, "a", (RESOLVED, 1))],
            [(1,), (2,), (3,)], id="but not past a message about the same incident",
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1), may_have_arrived=True), entry(2, "a", (RESOLVED, 1))],
            [(1,), (2,)], id="what may have arrived goes again as it was",
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1), (NEW, 2), may_have_arrived=True, refused=-9),
             entry(2, "a", (RESOLVED, 1), may_have_arrived=True, refused=-9)],
            [(1,), (2,)], id="and is not taken back by an end that may have arrived, too",
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1), may_have_arrived=True, refused=-9),
             entry(2, "a", (NEW, 2), may_have_arrived=True)],
            [(1,), (2,)], id="what was tried after one that was refused goes again alone",
        ),
        pytest.param(
            [entry(1, "a", (NEW, 1), may_have_arrived=True),
             entry(2, "a", (NEW, 2), may_have_arrived=True)],
            [(1, 2)], id="what was sent as one goes again as one",
        ),
    ],
)  # fmt: skip
def test_what_is_sent_together(entries: list[Entry], together: list[tuple[int, ...]]) -> None:
    assert [parcel.ids for parcel in parcels(entries)] == together


def test_what_was_under_way_as_one_goes_again_as_that_one_with_its_id() -> None:
    """Sent apart, the end of 1 would come under another id, and 2 though nothing was owed of it."""
    waiting = [
        entry(n, "a", item, may_have_arrived=True)
        for n, item in enumerate([(RESOLVED, 1), (NEW, 2), (RESOLVED, 2)], 1)
    ]
    (parcel,) = parcels(waiting)
    message = parcel.notification
    assert message is not None
    assert message.id == waiting[-1].notification.id
    assert [(item.status, item.incident.id) for item in message.items] == [(RESOLVED, lost(1).id)]


GROUPS = st.sampled_from("abc")
ITEMS = st.lists(
    st.tuples(st.sampled_from([NEW, STILL, RESOLVED]), st.integers(1, 4)), min_size=1, max_size=3
)
MESSAGES = st.lists(st.tuples(GROUPS, ITEMS, st.booleans()), max_size=8)


@given(MESSAGES)
def test_each_goes_once_and_nothing_of_an_incident_overtakes_what_came_before(
    messages: list[tuple[str, list[tuple[ItemStatus, int]], bool]],
) -> None:
    entries = [
        entry(number, group, *items, may_have_arrived=arrived)
        for number, (group, items, arrived) in enumerate(messages)
    ]
    packed = parcels(entries)
    order = [number for parcel in packed for number in parcel.ids]
    assert sorted(order) == list(range(len(messages)))
    for incident in {i for parcel in packed for i in parcel.incidents}:
        of_it = [
            n for n in order if any(k == incident for k in Parcel((entries[n],), None).incidents)
        ]
        assert of_it == sorted(of_it)


def test_a_parcel_is_as_old_as_its_oldest_and_due_with_its_latest() -> None:
    first = entry(1, "a", (NEW, 1), (RESOLVED, 2), due=5, attempts=3, refused=-50)
    second = entry(2, "a", (NEW, 1), (NEW, 3), due=9, attempts=1, refused=-20)
    (parcel,) = parcels([first, second])
    assert (parcel.created_at, parcel.due_at) == (NOW + 1, NOW + 9)
    assert (parcel.attempts, parcel.refused_at) == (3, NOW - 20)
    assert list(parcel.incidents) == [lost(n).id for n in (1, 2, 3)]
    assert parcel.resolved == (lost(2).id,)


def test_the_end_of_what_came_to_nothing_is_known_all_the_same() -> None:
    (parcel,) = parcels([entry(1, "a", (NEW, 1)), entry(2, "a", (RESOLVED, 1))])
    assert parcel.notification is None
    assert parcel.resolved == (lost(1).id,)


def turn(
    *entries: Entry, when: float = 0.0, longest: float = FAR_OFF
) -> tuple[Sequence[int] | None, float, list[Sequence[int]]]:
    """Whose turn it is, when, and who was passed by."""
    found = next_turn(parcels(entries), longest_pause=longest, now=Timestamp(NOW + when))
    ids = None if found.parcel is None else found.parcel.ids
    return ids, found.at - NOW, [each.ids for each in found.behind]


FRESH = entry(1, "a", (NEW, 1))
LATER = entry(2, "b", (NEW, 2), due=30)
REFUSED = entry(3, "c", (NEW, 3), due=HOUR, refused=-10)
AFTER = entry(4, "d", (NEW, 4))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], (None, FAR_OFF, []), id="nothing waits"),
        pytest.param([FRESH, AFTER], ((1,), 0, []), id="the oldest first"),
        pytest.param([LATER, AFTER], (None, 30, []), id="one that waits holds up the others"),
        pytest.param(
            [REFUSED], (None, HOUR, []), id="one that was refused is tried again in an hour"
        ),
        pytest.param(
            [REFUSED, AFTER], ((4,), 0, [(3,)]), id="a refused one holds up nobody for a minute"
        ),
        pytest.param(
            [REFUSED, LATER], (None, 30, []), id="nothing fresh is due: the refused one waits too"
        ),
        pytest.param([FRESH, REFUSED], ((1,), 0, []), id="behind a fresh one, it has no turn"),
    ],
)
def test_whose_turn_it_is(entries: list[Entry], expected: tuple[object, ...]) -> None:
    assert turn(*entries) == expected


def test_before_anything_fresh_a_refused_one_is_tried_again_after_a_minute() -> None:
    assert turn(REFUSED, AFTER, when=REFUSED_PAUSE - 11)[0] == (4,)
    assert turn(REFUSED, AFTER, when=REFUSED_PAUSE - 10)[0] == (3,)


def test_what_comes_to_nothing_is_settled_at_once() -> None:
    nothing = [entry(1, "a", (NEW, 1), due=90), entry(2, "a", (RESOLVED, 1), due=90)]
    assert turn(*nothing)[0] == (1, 2)


def test_what_waits_for_longer_than_any_pause_was_put_off_by_a_wrong_clock() -> None:
    assert turn(LATER, longest=30)[0] is None
    assert turn(LATER, longest=29)[0] == (2,)


@given(
    st.lists(
        st.tuples(st.floats(-100, 7200), st.none() | st.floats(-100, 0)), min_size=1, max_size=6
    )
)
def test_there_is_a_turn_now_or_a_time_to_look_again(
    waits: list[tuple[float, float | None]],
) -> None:
    entries = [
        entry(n, f"g{n}", (NEW, n), due=due, refused=refused)
        for n, (due, refused) in enumerate(waits)
    ]
    ids, when, behind = turn(*entries)
    assert (ids is None) is (when > 0)
    assert when < FAR_OFF
    assert all(entries[n].refused_at is not None for (n,) in behind)
