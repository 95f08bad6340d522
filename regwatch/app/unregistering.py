"""Deleting registrations for a person, so that their absence is not taken for a loss."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from regwatch.core.model import Answer, ExtensionId, FailureReason, RegistrationId
from regwatch.sources.source import Deleting, SourceError

IN_DOUBT = frozenset(
    {
        FailureReason.NETWORK,
        FailureReason.TIMEOUT,
        FailureReason.SERVER_ERROR,
        FailureReason.BAD_ANSWER,
    }
)
"""After these the PBX may have deleted all the same."""


class NotRegisteredError(Exception):
    """There is nothing to delete; says what is not there."""


@dataclass(frozen=True, slots=True)
class Unregistering:
    """One extension's registrations, or the one with this id."""

    pbx: Deleting
    extension_id: ExtensionId
    registration_id: RegistrationId | None
    announce: Callable[[Sequence[RegistrationId], bool], Awaitable[None]]
    """Says whose absence will be our doing; or, with True, that it will not."""

    async def before(self) -> Answer:
        """What is registered now; raises `SourceError`, and `NotRegisteredError`."""
        before = await self.pbx.registration(self.extension_id)
        if not before.registrations:
            raise NotRegisteredError("nothing is registered: nothing to delete")
        if not self._of(before):
            raise NotRegisteredError(f"it has no registration `{self.registration_id}`")
        return before

    async def delete(self, before: Answer) -> Answer:
        """Delete it, and look again; raises `SourceError`. Never sent twice."""
        ids = self._of(before)
        await self.announce(ids, False)
        try:
            if self.registration_id is None:
                await self.pbx.unregister_all(self.extension_id)
            else:
                await self.pbx.unregister(self.extension_id, self.registration_id)
        except SourceError as error:
            if error.reason not in IN_DOUBT:
                await self.announce(ids, True)
            raise
        return await self.pbx.registration(self.extension_id)

    def _of(self, before: Answer) -> Sequence[RegistrationId]:
        wanted = self.registration_id
        return [each.id for each in before.registrations if wanted in (None, each.id)]
