"""Deleting for a person: announced before, taken back where the PBX refused, looked at after."""

from collections.abc import Sequence
from typing import cast

import pytest
from fakes.values import answer, registration

from regwatch.app.unregistering import IN_DOUBT, NotRegisteredError, Unregistering
from regwatch.core.model import Answer, ExtensionId, FailureReason, RegistrationId
from regwatch.sources.source import SourceError

DESK, MOBILE = RegistrationId("desk"), RegistrationId("mobile")


class Pbx:
    """Registrations of one extension; it refuses for a reason."""

    def __init__(self, *held: RegistrationId, refuses: FailureReason | None = None) -> None:
        self.held = list(held)
        self.refuses = refuses
        self.doings: list[object] = []

    async def registration(self, extension_id: ExtensionId) -> Answer:
        return answer(extension_id, *(registration(each) for each in self.held), when=0)

    async def unregister_all(self, extension_id: ExtensionId) -> None:
        self.delete("all", list(self.held))

    async def unregister(self, extension_id: ExtensionId, registration_id: RegistrationId) -> None:
        self.delete(registration_id, [registration_id])

    def delete(self, what: str, gone: Sequence[RegistrationId]) -> None:
        if self.refuses:
            raise SourceError("no", reason=self.refuses)
        self.doings.append(what)
        self.held = [each for each in self.held if each not in gone]

    async def announce(self, ids: Sequence[RegistrationId], withdrawn: bool) -> None:
        self.doings.append(("withdrawn" if withdrawn else "announced", *ids))


async def unregister(pbx: Pbx, which: RegistrationId | None = None) -> list[str]:
    """Whose registrations are left."""
    it = Unregistering(pbx, ExtensionId(1), which, pbx.announce)
    after = await it.delete(await it.before())
    return [cast("str", each.id) for each in after.registrations]


async def test_it_is_announced_before_it_is_done() -> None:
    pbx = Pbx(DESK, MOBILE)
    assert await unregister(pbx) == []
    assert pbx.doings == [("announced", DESK, MOBILE), "all"]


async def test_one_of_several_is_announced_alone() -> None:
    pbx = Pbx(DESK, MOBILE)
    assert await unregister(pbx, MOBILE) == [DESK]
    assert pbx.doings == [("announced", MOBILE), MOBILE]


@pytest.mark.parametrize(
    ("held", "which", "message"),
    [((), None, "nothing is registered"), ((DESK,), MOBILE, "no registration `mobile`")],
)
async def test_what_is_not_there_is_not_deleted(
    held: tuple[RegistrationId, ...], which: RegistrationId | None, message: str
) -> None:
    pbx = Pbx(*held)
    with pytest.raises(NotRegisteredError, match=message):
        await unregister(pbx, which)
    assert pbx.doings == []


@pytest.mark.parametrize("reason", list(FailureReason))
async def test_a_refusal_is_taken_back_unless_it_may_have_been_done(reason: FailureReason) -> None:
    pbx = Pbx(DESK, refuses=reason)
    with pytest.raises(SourceError):
        await unregister(pbx)
    taken_back = [] if reason in IN_DOUBT else [("withdrawn", DESK)]
    assert pbx.doings == [("announced", DESK), *taken_back]
