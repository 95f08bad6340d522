"""A test is marked as one wherever one looks, and is taken back by the same name."""

import pytest
from fakes.notifications import NOW

from regwatch.core.model import ItemStatus, Notification, NotifyReason, Severity, Timestamp
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.trial import Trial, trial_notification, tried

FIRING = trial_notification("chat", NOW)
OVER = trial_notification("chat", NOW, resolves=True)


@pytest.mark.parametrize("made", [FIRING, OVER], ids=["firing", "over"])
def test_it_is_marked_wherever_one_looks(made) -> None:
    (item,) = made.items
    assert item.incident.summary.startswith("TEST: ")
    assert "nothing is to be done" in item.incident.explanation
    assert item.incident.labels["regwatch_test"] == "true"
    assert made.group_labels == {"regwatch_test": "true"}
    assert made.reason is NotifyReason.TEST
    assert item.incident.severity is Severity.INFO, "nobody is woken"


def test_what_takes_it_back_is_about_the_same_and_another_message() -> None:
    ((first,), (last,)) = FIRING.items, OVER.items
    assert (first.status, last.status) == (ItemStatus.NEW, ItemStatus.RESOLVED)
    assert first.incident.id == last.incident.id
    assert FIRING.group_key == OVER.group_key
    assert FIRING.id != OVER.id
    assert (FIRING.is_resolved, OVER.is_resolved) == (False, True)
    assert last.incident.resolved_at == NOW


def test_the_next_test_and_that_of_another_receiver_are_others() -> None:
    next_one = trial_notification("chat", Timestamp(NOW + 1))
    other = trial_notification("mail", NOW)
    assert len({FIRING.id, next_one.id, other.id}) == 3
    assert FIRING.items[0].incident.id != next_one.items[0].incident.id
    assert other.group_key != FIRING.group_key


def test_it_is_of_the_account_that_is_named() -> None:
    (item,) = trial_notification("chat", NOW, account="acme").items
    assert item.incident.labels["account"] == item.incident.facts.account == "acme"


class Chat:
    """Takes so many messages, and no more."""

    name, kind = "chat", "slack"

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.taken: list[Notification] = []

    async def deliver(self, notification: Notification) -> None:
        if len(self.taken) == self.takes:
            raise ReceiverRefusedError("no channel")
        self.taken.append(notification)


@pytest.mark.parametrize("takes", [0, 1])
async def test_a_refusal_of_either_message_is_said(takes: int) -> None:
    assert await tried(Chat(takes), now=NOW) == Trial("chat", "slack", "no channel")


async def test_what_was_taken_is_taken_back() -> None:
    chat = Chat(takes=2)
    assert await tried(chat, now=NOW) == Trial("chat", "slack")
    assert [each.is_resolved for each in chat.taken] == [False, True]
