"""What a fallback is told in place of a receiver that will not take it."""

import pytest
from fakes.notifications import NEW, RESOLVED, STILL, lost, notification, resolved
from fakes.waiting import waiting

from regwatch.core.model import IncidentId, ItemStatus, Notification
from regwatch.notify.delivery.forwarding import copies_for, copy_for, end_for
from regwatch.notify.delivery.parcels import parcels

Told = list[tuple[ItemStatus, int]]


def message(*items: tuple[ItemStatus, int], number: int = 1) -> Notification:
    told = ((s, resolved(lost(n)) if s is RESOLVED else lost(n)) for s, n in items)
    return notification(*told, number=number, receiver="pager")


def ids(*numbers: int) -> set[IncidentId]:
    return {lost(n).id for n in numbers}


def copied(*messages: Told, heard: set[IncidentId], refused: int = 0) -> list[list[tuple]]:
    """What the copies say; so many of the messages were forwarded when they were refused first."""
    entries = [
        waiting(
            number,
            message(*items, number=number),
            refused=-60 if number < refused else None,
        )
        for number, items in enumerate(messages)
    ]
    (parcel,) = parcels(entries)
    return [
        [(i.status, i.incident.facts.extension_id, i.told_before) for i in copy.items]
        for copy in copies_for("chat", parcel, heard)
    ]


def test_a_copy_has_an_id_a_receiver_and_a_group_of_its_own() -> None:
    original = message((NEW, 1))
    copy, again, other = (copy_for(name, original) for name in ("chat", "chat", "mail"))
    assert copy == again, "stored twice it is the same"
    assert len({copy.id, other.id, original.id}) == 3
    assert (copy.receiver, copy.items) == ("chat", original.items)
    assert copy.group_key == f"for pager, {original.group_key}"


@pytest.mark.parametrize(
    ("messages", "heard", "copies"),
    [
        pytest.param([[(NEW, 1)]], ids(), [[(NEW, 1, False)]], id="news is news"),
        pytest.param([[(STILL, 1)]], ids(), [[(NEW, 1, False)]], id="a reminder is news there"),
        pytest.param([[(STILL, 1)]], ids(1), [[(STILL, 1, False)]], id="unless it heard of it"),
        pytest.param([[(NEW, 1)]], ids(1), [[(NEW, 1, True)]], id="what got worse was told before"),
        pytest.param([[(RESOLVED, 1)]], ids(1), [[(RESOLVED, 1, False)]], id="the end of it"),
        pytest.param([[(RESOLVED, 1)]], ids(), [], id="no end of what it never heard of"),
        pytest.param(
            [[(NEW, 1)], [(STILL, 1)], [(RESOLVED, 1)], [(RESOLVED, 1)]], ids(),
            [[(NEW, 1, False)], [(STILL, 1, False)], [(RESOLVED, 1, False)]],
            id="one after the other, and no end twice",
        ),
        pytest.param(
            [[(STILL, 2), (NEW, 1)]], ids(1), [[(NEW, 1, True), (NEW, 2, False)]],
            id="in the order of a notification",
        ),
    ],
)  # fmt: skip
def test_what_the_other_one_is_told(
    messages: list[Told], heard: set[IncidentId], copies: list[list[tuple]]
) -> None:
    assert copied(*messages, heard=heard) == copies


def test_what_was_refused_before_went_there_before() -> None:
    assert copied([(NEW, 1)], [(NEW, 2)], heard=ids(1), refused=1) == [[(NEW, 2, False)]]


def test_the_end_is_of_those_only_whose_beginning_was_told_there() -> None:
    (parcel,) = parcels([waiting(1, message((RESOLVED, 1), (RESOLVED, 2), (NEW, 3)))])
    end = end_for("chat", parcel, ids(2, 3))
    assert [(i.status, i.incident.id) for i in end.items] == [(RESOLVED, lost(2).id)]
    assert end.id != copy_for("chat", parcel.entries[-1].notification).id
