"""What a receiver must remember of a group between two messages, over restarts: which message of
the service the next one belongs to.
"""

from typing import Protocol

import structlog

from regwatch.core.model import Notification, NotifyReason, Timestamp

log = structlog.get_logger(__name__)


class Memo(Protocol):
    """One text per receiver and group."""

    async def recall(self, receiver: str, group_key: str) -> str | None:
        """What was noted last; None if nothing was."""

    async def remember(self, receiver: str, group_key: str, text: str, *, at: Timestamp) -> None:
        """Note it in place of what was noted; may be dropped some weeks later."""


class MemoryMemo:
    """Remembers until the process ends."""

    def __init__(self) -> None:
        self._notes: dict[tuple[str, str], str] = {}

    async def recall(self, receiver: str, group_key: str) -> str | None:
        """What was noted last; None if nothing was."""
        return self._notes.get((receiver, group_key))

    async def remember(self, receiver: str, group_key: str, text: str, *, at: Timestamp) -> None:
        """Note it in place of what was noted."""
        del at  # nothing is ever dropped here
        self._notes[receiver, group_key] = text


class GroupNotes:
    """A receiver's view of the memo. A memo that fails costs the thread, never the message."""

    def __init__(self, receiver: str, memo: Memo) -> None:
        self._receiver = receiver
        self._memo = memo

    async def recall(self, notification: Notification) -> str | None:
        """What was noted of the group."""
        try:
            return await self._memo.recall(self._receiver, notification.group_key)
        except Exception:
            log.exception("memo_failed", receiver=self._receiver)
            return None

    async def remember(self, notification: Notification, text: str, *, at: Timestamp) -> None:
        """Note it for the group's next message."""
        try:
            await self._memo.remember(self._receiver, notification.group_key, text, at=at)
        except Exception:
            log.exception("memo_failed", receiver=self._receiver)


def begins_anew(notification: Notification) -> bool:
    """Whether this is the first message of a group's life, whatever is still noted of a former
    one.
    """
    if notification.reason is NotifyReason.TEST:
        return not notification.is_resolved
    return notification.reason is NotifyReason.FIRST_SEEN
