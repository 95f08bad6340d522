"""What a record says up to a moment: of each extension, the last that was said of it. Pure."""

from collections.abc import Sequence

from regwatch.core.model import Answer, BatchAnswer, ExtensionId, FailureReason, Listing
from regwatch.core.recording import Recorded
from regwatch.sources.source import SourceError


class Standing:
    """As it stood when the last record taken was made."""

    def __init__(self) -> None:
        self._answers: dict[ExtensionId, Answer] = {}
        self._refused: set[ExtensionId] = set()
        self._failed: dict[ExtensionId, FailureReason] = {}
        """Who was asked for last in a request that failed, and why it did."""
        self._listing: Listing | None = None
        self._trouble: Recorded | None = None
        """The last poll, if it brought nothing at all."""

    def take(self, recorded: Recorded) -> None:
        """The next record in turn."""
        if recorded.listing is not None:
            self._listing = recorded.listing
        if recorded.batch is not None:
            self._take_batch(recorded.batch)
            self._trouble = None
        if recorded.failure is not None:
            self._trouble = recorded

    def _take_batch(self, batch: BatchAnswer) -> None:
        # What was said before of who was asked for now is not true any more, answered or not.
        for extension_id in batch.asked:
            self._answers.pop(extension_id, None)
            self._failed.pop(extension_id, None)
        self._refused.difference_update(batch.asked)
        self._answers.update(batch.answers)
        self._refused.update(batch.refused)
        if batch.failure is not None:
            self._failed.update(dict.fromkeys(batch.unanswered, batch.failure))

    def registrations(self, ids: Sequence[ExtensionId]) -> BatchAnswer:
        """What was said of these; raises `SourceError` if it was nothing, for a failure."""
        if self._trouble is not None and self._trouble.failure is not None:
            raise SourceError(self._trouble.detail, reason=self._trouble.failure)
        asked = tuple(dict.fromkeys(ids))
        batch = BatchAnswer(
            asked,
            {i: self._answers[i] for i in asked if i in self._answers},
            frozenset(self._refused.intersection(asked)),
            next((self._failed[i] for i in asked if i in self._failed), None),
        )
        if batch.failure is not None and not batch.answers and not batch.refused:
            raise SourceError("the record holds no answer", reason=batch.failure)
        return batch

    def extensions(self) -> Listing:
        """The list as it was last read; raises `SourceError` if it was not yet."""
        if self._listing is None:
            raise SourceError("the record holds no list yet", reason=FailureReason.NOT_FOUND)
        return self._listing
