"""Most of an answer's registrations are gone at once: ask again before believing it.

* One that is gone after its lease ended surprises nobody: only those gone *before* count.
* If so many of an answer's extensions, and most of those registered, are gone like that, none of
  what vanished in it is believed. It is asked again, and what is gone still is believed then.
* What was believed in that way is told apart: phones do not leave all at once, the registrar
  forgets them.

Where the second request fails too, the doubt lasts until something is answered. It is not kept over
a restart of ours: then the answer before is still the registered one, and is doubted anew.
"""

from collections.abc import Mapping

from msgspec import Struct

from regwatch.core.model import Answer, ExtensionId, Timestamp, Watched
from regwatch.core.phones.diff import lease_has_ended

AT_LEAST, SHARE = 3, 0.5
"""So many must be gone, and more than this share of those registered: two may leave by chance."""


class Verdict(Struct, frozen=True):
    """What is to be thought of an answer."""

    doubted: frozenset[ExtensionId] = frozenset()
    """Not to be believed yet."""
    confirmed: frozenset[ExtensionId] = frozenset()
    """Gone before their leases ended, all at once, and twice in a row."""
    unweighed: Mapping[ExtensionId, Exception] = {}
    """Those in whose answers a bug was met, and which one."""


class MassDoubt:
    """What of an account is doubted at present."""

    def __init__(self) -> None:
        self._doubted: dict[ExtensionId, bool] = {}
        """And whether its lease had not ended when it vanished."""

    def weigh(
        self, answers: Mapping[ExtensionId, Answer], watched: Mapping[ExtensionId, Watched]
    ) -> Verdict:
        """Judge an answer by what was known before it."""
        held, vanished, unweighed = 0, dict[ExtensionId, bool](), dict[ExtensionId, Exception]()
        for i in answers:
            if i not in watched or not watched[i].registrations:
                continue
            try:
                if not answers[i].registered:
                    vanished[i] = _is_early(watched[i], answers[i].answered_at)
                held += 1
            except Exception as error:  # noqa: BLE001 - a guard: the others are weighed
                unweighed[i] = error
        believed = {i: self._doubted[i] for i in vanished if i in self._doubted}
        asked_again = sum(1 for i in answers if self._doubted.pop(i, None) is not None)
        early = sum(is_early for i, is_early in vanished.items() if i not in believed)
        if _is_mass(early, of=held - len(believed)):
            new = {i: is_early for i, is_early in vanished.items() if i not in believed}
            self._doubted.update(new)
        else:
            new = {}
        confirmed = frozenset(i for i, is_early in believed.items() if is_early)
        if not _is_mass(len(confirmed), of=asked_again):
            confirmed = frozenset()
        return Verdict(frozenset(new), confirmed, unweighed)

    def forget(self, extension_id: ExtensionId) -> None:
        """It is watched no more."""
        self._doubted.pop(extension_id, None)


def _is_mass(count: int, *, of: int) -> bool:
    return count >= AT_LEAST and count > SHARE * of


def _is_early(watched: Watched, now: Timestamp) -> bool:
    """Whether all its leases went on."""
    return not any(lease_has_ended(r, now) for r in watched.registrations)
