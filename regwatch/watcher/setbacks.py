"""Bugs of ours that were survived: each is said once, with its traceback, and not at every poll."""

from collections.abc import Collection
from traceback import extract_tb

import structlog

from regwatch.core.model import AccountName, ExtensionId
from regwatch.core.outcome import Outcome, SetAside

LISTED_IN_A_LOG_LINE = 20

log = structlog.get_logger(__name__)


class Setbacks:
    """What is set aside of one account, and which bugs were told of."""

    def __init__(self, account: AccountName) -> None:
        self._log = log.bind(account=account)
        self._aside: set[ExtensionId] = set()
        self._told: set[str] = set()

    def tell(self, outcome: Outcome, *, answered: Collection[ExtensionId] = ()) -> None:
        """Say what was set aside anew, and who of those answered is no longer so."""
        self._note_back(outcome, answered)
        by_origin: dict[str, list[SetAside]] = {}
        for each in outcome.set_aside:
            if each.extension_id is None:
                if self.is_new(each.error):
                    self._log.error("monitor_bug", exc_info=each.error)
            elif each.extension_id not in self._aside:
                self._aside.add(each.extension_id)
                by_origin.setdefault(_origin(each.error), []).append(each)
        for found in by_origin.values():
            ids = [each.extension_id for each in found]
            self._log.error(
                "extensions_set_aside",
                count=len(ids),
                extension_ids=ids[:LISTED_IN_A_LOG_LINE],
                exc_info=found[0].error,
            )

    def is_new(self, error: Exception) -> bool:
        """Whether a bug that concerns no single extension was not told of yet; from now on it
        was.
        """
        origin = _origin(error)
        is_new = origin not in self._told
        self._told.add(origin)
        return is_new

    def forget(self, ids: Collection[ExtensionId]) -> None:
        """They are watched no more."""
        self._aside.difference_update(ids)

    def _note_back(self, outcome: Outcome, answered: Collection[ExtensionId]) -> None:
        if not self._aside:
            return
        still = {each.extension_id for each in outcome.set_aside}.union(outcome.doubted)
        back = sorted(self._aside.intersection(answered).difference(still))
        if back:
            self._aside.difference_update(back)
            listed = back[:LISTED_IN_A_LOG_LINE]
            self._log.info("extensions_taken_in_again", count=len(back), extension_ids=listed)


def _origin(error: Exception) -> str:
    """Where in the code a bug was met: its text may quote a value, and differ each time."""
    frames = extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__} {place}"
