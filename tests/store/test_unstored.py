"""Incidents that wait to be stored."""

from fakes.stored import incident

from regwatch.core.model import IncidentState
from regwatch.store.unstored import Unstored


def test_it_holds_what_was_handed_over_last_until_that_is_stored() -> None:
    held, begun, other = Unstored(), incident("i1"), incident("i2")
    ended = incident("i1", IncidentState.RESOLVED)
    held.note([begun, other])
    held.note([ended])
    before = held.now()
    held.drop([begun])
    assert held.now() == before == {"i1": ended, "i2": other}
    held.drop([ended, other])
    assert not held.now()
    assert before, "what was asked for before stays as it was"
