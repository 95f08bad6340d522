"""What an open incident tells of its phone."""

import pytest
from fakes.stored import incident
from fakes.values import at
from msgspec.structs import replace

from regwatch.core.model import AlertName, ExtensionState, IncidentState
from regwatch.core.phones.presence import is_lost
from regwatch.core.phones.recollection import recalled

TOLD = incident()


def test_who_was_told_as_lost_is_lost() -> None:
    found = recalled(TOLD)
    assert found is not None
    watched, memory = found
    assert is_lost(watched)
    assert memory.loss is not None
    assert (memory.loss.registration.device, memory.loss.last_seen_at) == ("Yealink", at(0))
    assert (watched.extension.id, watched.state) == (3, ExtensionState.LOST)
    assert (watched.last_registered_at, watched.since) == (at(0), at(0))


def test_without_a_time_it_was_seen_until_it_began() -> None:
    found = recalled(replace(TOLD, facts=replace(TOLD.facts, last_seen=None)))
    assert found is not None
    assert found[0].last_registered_at == TOLD.started_at


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(TOLD, alert=AlertName.SITE_LOST), id="another alert"),
        pytest.param(replace(TOLD, state=IncidentState.RESOLVED), id="over"),
        pytest.param(replace(TOLD, facts=replace(TOLD.facts, extension_id=None)), id="nobody"),
    ],
)
def test_others_tell_nothing_of_a_phone(other) -> None:
    assert recalled(other) is None
