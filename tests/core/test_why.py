"""Why somebody was told of an incident, or nobody was: one story for each reason."""

import pytest
from fakes.notifications import NOW, lost, resolved
from msgspec.structs import replace

from regwatch.core.alerts.incidents import Decision
from regwatch.core.history import Happening, Kind
from regwatch.core.model import Incident, IncidentId, IncidentState
from regwatch.core.why import Reason, verdict

FIRING = lost()
PENDING = replace(FIRING, state=IncidentState.PENDING, fired_at=None)
SITE = IncidentId("00000000000000aa")
BY_SITE = "inhibited by site_lost: 8 of 40 phones behind 203.0.113.2 silent"
MUTE = "silenced by maintenance window new switch"


def decided(decision: Decision, because: str = "") -> Happening:
    return Happening(at=NOW, kind=Kind.INCIDENT, event=decision.value, because=because)


def told(receiver: str, event: str = "new") -> Happening:
    return Happening(at=NOW, kind=Kind.NOTIFICATION, event=event, receiver=receiver)


FIRED, SEEN = decided(Decision.FIRED), decided(Decision.FIRST_SEEN)
INHIBITED, RELEASED = decided(Decision.INHIBITED, BY_SITE), decided(Decision.RELEASED)
SILENCED, UNSILENCED = decided(Decision.SILENCED, MUTE), decided(Decision.UNSILENCED)


@pytest.mark.parametrize(
    ("incident", "story", "reason", "words"),
    [
        pytest.param(
            FIRING, [FIRED, told("pager"), told("chat"), told("chat", "still")], Reason.TOLD,
            "pager and chat were told.", id="told to two",
        ),
        pytest.param(
            replace(FIRING, inhibited_by=SITE), [FIRED, told("pager"), INHIBITED], Reason.TOLD,
            f"pager was told. Since then: Nobody is told: {BY_SITE}.", id="then quiet",
        ),
        pytest.param(
            PENDING, [SEEN], Reason.HELD,
            "Nobody is told yet: it has not lasted long enough.", id="pending",
        ),
        pytest.param(
            replace(FIRING, inhibited_by=SITE), [FIRED, INHIBITED], Reason.INHIBITED,
            f"Nobody is told: {BY_SITE}.", id="its place says it",
        ),
        pytest.param(
            replace(FIRING, inhibited_by=SITE), [FIRED], Reason.INHIBITED,
            f"Nobody is told: inhibited by incident {SITE}.", id="its history is lost",
        ),
        pytest.param(
            replace(resolved(FIRING), inhibited_by=SITE), [FIRED, INHIBITED], Reason.INHIBITED,
            f"Nobody was told: {BY_SITE}.", id="over while its place said it",
        ),
        pytest.param(
            FIRING, [FIRED, INHIBITED, RELEASED], Reason.WAITING,
            "It fires, and nobody is told yet: the message of its group is not due.",
            id="its place is back, it is not",
        ),
        pytest.param(
            replace(FIRING, silenced_by="window new switch"), [FIRED, SILENCED], Reason.MUTED,
            f"Nobody is told: {MUTE}.", id="muted",
        ),
        pytest.param(
            resolved(FIRING), [FIRED, SILENCED, UNSILENCED], Reason.OVER,
            "Nobody was told: it was over before the message of its group was due.",
            id="over right after it was muted",
        ),
        pytest.param(
            replace(resolved(PENDING), fired_at=None), [SEEN, decided(Decision.DROPPED)],
            Reason.DROPPED, "Nobody was told: it was over before it had lasted long enough.",
            id="over before it was long enough",
        ),
    ],
)  # fmt: skip
def test_the_first_reason_that_fits(
    incident: Incident, story: list[Happening], reason: Reason, words: str
) -> None:
    found = verdict(incident, story)
    assert (found.reason, found.words) == (reason, words)
    assert found.is_told is (reason is Reason.TOLD)


def test_a_history_that_is_lost_is_no_error() -> None:
    assert verdict(FIRING, []).reason is Reason.WAITING
