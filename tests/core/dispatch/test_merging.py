"""What is said in place of several messages that nobody has seen."""

import pytest
from fakes.notifications import NEW, RESOLVED, STILL, escalated, lost, notification, resolved
from msgspec.structs import replace

from regwatch.core.dispatch.merging import merged
from regwatch.core.model import ItemStatus, NotifyReason

Told = list[tuple[ItemStatus, int]]


def said(*messages: Told) -> Told | None:
    """By extension: what is left to say."""
    made = [
        notification(
            *((s, resolved(lost(n)) if s is RESOLVED else lost(n)) for s, n in message),
            number=number,
        )
        for number, message in enumerate(messages)
    ]
    result = merged(made)
    if result is None:
        return None
    assert result.id == made[-1].id
    return [(item.status, item.incident.facts.extension_id or 0) for item in result.items]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param([[(NEW, 1)]], [(NEW, 1)], id="one message is itself"),
        pytest.param([[(NEW, 1)], [(STILL, 1)]], [(NEW, 1)], id="what nobody saw is new"),
        pytest.param([[(NEW, 1)], [(NEW, 2), (STILL, 1)]], [(NEW, 1), (NEW, 2)], id="more"),
        pytest.param([[(NEW, 1)], [(RESOLVED, 1)]], None, id="over before anybody saw it"),
        pytest.param(
            [[(NEW, 1), (NEW, 2)], [(STILL, 2), (RESOLVED, 1)]], [(NEW, 2)], id="one of two over"
        ),
        pytest.param(
            [[(STILL, 1), (NEW, 2)], [(RESOLVED, 1), (RESOLVED, 2)]],
            [(RESOLVED, 1)],
            id="the end of what was told before",
        ),
        pytest.param(
            [[(RESOLVED, 1)], [(NEW, 2)]], [(NEW, 2), (RESOLVED, 1)], id="an end is not forgotten"
        ),
        pytest.param([[(STILL, 1), (NEW, 2)], [(STILL, 2)]], [(NEW, 2)], id="no reminder of old"),
        pytest.param([[(NEW, 1)], [(NEW, 2)]], [(NEW, 1), (NEW, 2)], id="one that is silenced now"),
        pytest.param([[(NEW, 1)], [(NEW, 1)]], [(NEW, 1)], id="news again"),
        pytest.param(
            [[(NEW, 1)], [(STILL, 1)], [(STILL, 1)], [(RESOLVED, 1)]], None, id="with reminders"
        ),
    ],
)
def test_what_is_left_to_say(messages: list[Told], expected: Told | None) -> None:
    assert said(*messages) == expected


def test_what_was_told_before_under_a_milder_name_is_told_to_its_end() -> None:
    known = notification((NEW, escalated(1)))
    known = replace(known, items=(replace(known.items[0], told_before=True),))
    over = notification((RESOLVED, resolved(escalated(1))), number=2)
    result = merged([known, notification((STILL, escalated(1)), number=3), over])
    assert result is not None
    assert [item.status for item in result.items] == [RESOLVED]


def test_what_was_never_told_though_it_escalated_is_not() -> None:
    over = notification((RESOLVED, resolved(escalated(1))), number=2)
    assert merged([notification((NEW, escalated(1))), over]) is None


def test_the_first_message_of_a_group_stays_the_first() -> None:
    first = notification((NEW, lost(1)), reason=NotifyReason.FIRST_SEEN)
    second = notification((STILL, lost(1)), number=2, reason=NotifyReason.REPEAT_DUE)
    result = merged([first, second])
    assert result is not None
    assert result.reason is NotifyReason.FIRST_SEEN
    later = merged([replace(first, reason=NotifyReason.NEW_INCIDENTS), second])
    assert later is not None
    assert later.reason is NotifyReason.REPEAT_DUE
