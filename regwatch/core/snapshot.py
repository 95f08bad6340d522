"""All that is known at one moment, and what is not: which ids were answered, which were not.

The monitor keeps its snapshot extension by extension; this value is the whole of it, for those who
compare two at once: a sweep printed as a table, a recording replayed, the laws of the difference.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, structs

from regwatch.core.diff import ENDS, Change, Past, diff_extension
from regwatch.core.model import Answer, BatchAnswer, ExtensionId, Registration


class Snapshot(Struct, frozen=True, gc=False):
    """The last answer of each extension, and those that did not answer this time."""

    answers: Mapping[ExtensionId, Answer] = {}
    unanswered: frozenset[ExtensionId] = frozenset()
    refused: frozenset[ExtensionId] = frozenset()

    def after(self, batch: BatchAnswer) -> "Snapshot":
        """The snapshot with a batch's answers in it. What it did not answer keeps its old one."""
        unanswered = self.unanswered.difference(batch.answers).union(batch.unanswered)
        refused = self.refused.difference(batch.answers).union(batch.refused)
        return Snapshot({**self.answers, **batch.answers}, unanswered - refused, refused)


def diff(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """The changes from one to the other, of extensions that both have an answer of."""
    for extension_id, answer in after.answers.items():
        old = before.answers.get(extension_id)
        if old is not None and old is not answer:
            yield from diff_extension(Past(old.registrations), answer)


def apply(before: Snapshot, changes: Iterable[Change]) -> Snapshot:
    """The snapshot that the changes lead to."""
    answers = dict(before.answers)
    for change in changes:
        old = answers[change.extension_id]
        answers[change.extension_id] = _applied(old, change)
    return structs.replace(before, answers=answers)


def _applied(answer: Answer, change: Change) -> Answer:
    held: dict[str, Registration] = {r.id: r for r in answer.registrations}
    if change.before is not None and change.kind in ENDS:
        held.pop(change.before.id, None)
    elif change.after is not None:
        held[change.after.id] = change.after
    return structs.replace(
        answer,
        registrations=tuple(held.values()),
        registered=bool(held),
        answered_at=change.at,
    )
