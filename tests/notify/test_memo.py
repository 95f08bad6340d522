"""What is noted of a group between two messages; a memo that fails costs no message."""

import pytest
from fakes.notifications import NOW, RESOLVED, all_new, lost, notification, resolved
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.core.model import NotifyReason, Timestamp
from regwatch.notify.memo import GroupNotes, MemoryMemo, begins_anew

NOTE = all_new([lost()])
OTHER_GROUP = replace(NOTE, group_key="another")


class BrokenMemo:
    """On a full disk."""

    async def recall(self, receiver: str, group_key: str) -> str | None:
        raise OSError(receiver, group_key)

    async def remember(self, receiver: str, group_key: str, text: str, *, at: Timestamp) -> None:
        raise OSError(receiver, group_key, text, at)


async def test_each_receiver_and_group_has_one_note_the_last() -> None:
    memo = MemoryMemo()
    chat, mail = GroupNotes("chat", memo), GroupNotes("mail", memo)
    assert await chat.recall(NOTE) is None
    await chat.remember(NOTE, "first", at=NOW)
    await chat.remember(NOTE, "thread-7", at=NOW)
    await chat.remember(OTHER_GROUP, "thread-8", at=NOW)
    assert await chat.recall(NOTE) == "thread-7"
    assert await chat.recall(OTHER_GROUP) == "thread-8"
    assert await mail.recall(NOTE) is None


async def test_a_memo_that_fails_is_said_and_costs_nothing_else() -> None:
    notes = GroupNotes("chat", BrokenMemo())
    with capture_logs() as logs:
        assert await notes.recall(NOTE) is None
        await notes.remember(NOTE, "thread-7", at=NOW)
    assert [(each["event"], each["receiver"]) for each in logs] == [("memo_failed", "chat")] * 2


@pytest.mark.parametrize("reason", NotifyReason)
def test_a_group_begins_anew_with_its_first_message_or_a_test(reason: NotifyReason) -> None:
    begins = reason in (NotifyReason.FIRST_SEEN, NotifyReason.TEST)
    assert begins_anew(replace(NOTE, reason=reason)) is begins


def test_the_end_of_a_test_belongs_to_its_beginning() -> None:
    assert not begins_anew(notification((RESOLVED, resolved(lost())), reason=NotifyReason.TEST))
