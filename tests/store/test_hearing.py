"""What receivers were told, as long as one of them has still to hear of it."""

from fakes.stored import notification, told
from fakes.values import at

from regwatch.core.model import Consequences, IncidentId
from regwatch.store.hearing import Hearing

I1, I2 = IncidentId("i1"), IncidentId("i2")


def test_an_incident_whose_end_all_heard_is_forgotten() -> None:
    known = Hearing()
    known.told([told("i1"), told("i1", "mail"), told("i2")])
    known.told([told("i1", resolved_at=at(9))])
    assert len(known.notified()) == 3, "one has still to hear of it"
    known.told([told("i1", "mail", resolved_at=at(9))])
    assert [row.incident_id for row in known.notified()] == ["i2"]


def test_what_is_known_of_no_incident_any_more_is_forgotten_and_the_rest_is_not() -> None:
    known = Hearing()
    known.forward(notification("n1"), receiver="pager")
    known.follow(Consequences(receiver="mail", in_place_of="", unheard=[I1, I2]))
    noted = known.incidents_noted()
    assert {I1, I2} <= noted
    known.forget_incidents(noted - {I2})
    assert known.incidents_noted() == {I2}
    assert known.forwarded([I1, I2], "pager") == []
    assert known.unheard("mail") == {("", I2)}
    known.forget_receivers(["pager"])
    assert known.incidents_noted() == set()
