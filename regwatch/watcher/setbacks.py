"""What bugs of ours kept of one account from being taken in, and when that is over."""

from collections.abc import Collection

import structlog

from regwatch.core.bugs import SetAside, Where, why
from regwatch.core.model import AccountName, ExtensionId
from regwatch.core.outcome import Outcome
from regwatch.guard import Bugs

LISTED_IN_A_LOG_LINE = 20

log = structlog.get_logger(__name__)


class Setbacks:
    """What is set aside of one account."""

    def __init__(self, account: AccountName, bugs: Bugs) -> None:
        self._account = account
        self._bugs = bugs
        self._log = log.bind(account=account)
        self._aside: set[ExtensionId] = set()
        self._incidents: set[str] = set()
        """Subjects of those."""

    def tell(self, outcome: Outcome, *, answered: Collection[ExtensionId] = ()) -> None:
        """Say what was set aside anew, and who of those answered is no longer so."""
        self._note_back(outcome, answered)
        if self._incidents:
            self._note_incidents(outcome)
        by_origin: dict[str, list[SetAside]] = {}
        for each in outcome.set_aside:
            if each.extension_id is None:
                self._tell_other(each)
            elif self._note(each.extension_id, each.error):
                by_origin.setdefault(why(each.error), []).append(each)
        for found in by_origin.values():
            ids = [each.extension_id for each in found]
            self._log.error(
                "extensions_set_aside",
                count=len(ids),
                extension_ids=ids[:LISTED_IN_A_LOG_LINE],
                why=why(found[0].error),
                **self._bugs.trace(found[0].error),
            )

    def forget(self, ids: Collection[ExtensionId]) -> None:
        """They are watched no more."""
        for extension_id in self._aside.intersection(ids):
            self._mended(extension_id)

    def _note(self, extension_id: ExtensionId, error: Exception) -> bool:
        """Whether it was not set aside before."""
        self._bugs.note(Where.ANSWER, self._name(extension_id), error)
        is_new = extension_id not in self._aside
        self._aside.add(extension_id)
        return is_new

    def _tell_other(self, each: SetAside) -> None:
        # Silences and windows are those of all accounts.
        is_shared = each.where is Where.SILENCE
        what = each.what if is_shared else f"{self._account} {each.what}".rstrip()
        if each.where is Where.INCIDENT:
            self._incidents.add(each.what)
        self._bugs.met("monitor_bug", each.where, what, each.error, account=self._account)

    def _note_incidents(self, outcome: Outcome) -> None:
        """Those taken further are well again."""
        for incident in outcome.incidents:
            if incident.subject in self._incidents:
                self._incidents.discard(incident.subject)
                self._bugs.mended(Where.INCIDENT, f"{self._account} {incident.subject}")

    def _mended(self, extension_id: ExtensionId) -> None:
        self._aside.discard(extension_id)
        self._bugs.mended(Where.ANSWER, self._name(extension_id))

    def _name(self, extension_id: ExtensionId) -> str:
        return f"{self._account}/{extension_id}"

    def _note_back(self, outcome: Outcome, answered: Collection[ExtensionId]) -> None:
        if not self._aside:
            return
        still = {each.extension_id for each in outcome.set_aside}.union(outcome.doubted)
        back = sorted(self._aside.intersection(answered).difference(still))
        if back:
            for extension_id in back:
                self._mended(extension_id)
            listed = back[:LISTED_IN_A_LOG_LINE]
            self._log.info("extensions_taken_in_again", count=len(back), extension_ids=listed)
