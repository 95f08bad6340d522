"""Alertmanager knows alerts by their labels alone: two subjects must not share them."""

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from fakes.values import ACME, EVERY_ALERT, at, extension, registration
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.alerts import conditions, phone_conditions, place_conditions
from regwatch.core.alerts.conditions import Condition
from regwatch.core.alerts.open_incidents import OpenIncidents
from regwatch.core.alerts.rules import AlertRules, Rules
from regwatch.core.model import AlertName, FailureReason, Incident, Registration, Timestamp, Watched
from regwatch.core.phones.flapping import Flaps
from regwatch.core.phones.lateness import Lateness
from regwatch.core.phones.memory import Loss
from regwatch.core.phones.moves import Move
from regwatch.core.phones.outages import Evidence
from regwatch.notify.words.alert_shape import labels

DEVICES = ["Yealink SIP-T46G 28.72.14.5", "Linphone/5.2", ""]
NOW = at(0)
NUMBERS = st.integers(1, 3)
IDS = st.sampled_from(["uloc-1", "uloc-2", "uloc 1", "1/uloc-1"])
PLACES = st.sampled_from(["riga", "tallinn", "203.0.113.2", "203.0.113.3", "2001:db8:1:2::/64"])
SITES = {"riga": {"place": "203.0.113.2", "team": "ops"}, "tallinn": {"device": DEVICES[0]}}
HELD = st.builds(registration, IDS, device=st.sampled_from(DEVICES))


ABOUT_ONE: dict[AlertName, Callable[[Watched, Registration], Condition]] = {
    AlertName.EXTENSION_LOST: lambda who, held: conditions.extension_lost(ACME, who, lost(held)),
    AlertName.SIGNED_OFF: lambda who, held: conditions.signed_off(ACME, who, lost(held)),
    AlertName.REGISTRATION_LOST: lambda who, held: conditions.registration_lost(
        ACME, who, lost(held)
    ),
    AlertName.NEVER_REGISTERED: lambda who, _: conditions.never_registered(ACME, who, NOW),
    AlertName.FLAPPING: lambda who, _: phone_conditions.flapping(
        ACME, who, Flaps(NOW, 6, NOW), NOW
    ),
    AlertName.ADDRESS_CHANGED: lambda who, held: phone_conditions.address_changed(
        ACME, who, Move(held, held), NOW
    ),
    AlertName.DEVICE_CHANGED: lambda who, held: phone_conditions.device_changed(
        ACME, who, Move(held, held), NOW
    ),
    AlertName.FOREIGN_NETWORK: lambda who, held: phone_conditions.foreign_network(
        ACME, who, held, NOW
    ),
}
ABOUT_MANY = {
    AlertName.API_UNAVAILABLE: conditions.api_unavailable(
        ACME, since=NOW, reason=FailureReason.TIMEOUT, stale=0
    ),
    AlertName.CREDENTIALS_REFUSED: conditions.credentials_refused(
        ACME, since=NOW, reason=FailureReason.ACCESS_DENIED, detail="403"
    ),
    AlertName.QUOTA_EXHAUSTED: conditions.quota_exhausted(
        ACME, since=NOW, until=at(60), answer_age=60.0
    ),
    AlertName.ACCOUNT_LOST: conditions.account_lost(ACME, since=NOW, gone=90, of=100, returned=0),
    AlertName.LIST_SHRANK: conditions.list_shrank(ACME, [extension(1)], of=9, since=NOW),
    AlertName.UNANSWERED: conditions.unanswered(ACME, [extension(1)], since=NOW),
    AlertName.REGISTRAR_RESTARTED: conditions.registrar_restarted(
        ACME, since=NOW, forgotten=9, back_by=at(60)
    ),
}


def lost(held: Registration) -> Loss:
    return Loss(held, "expired", NOW, NOW)


def overdue(who: Watched, held: Registration, *, is_alone: bool) -> Condition:
    subject = (
        conditions.extension_subject(who.extension.id)
        if is_alone
        else conditions.registration_subject(who.extension.id, held)
    )
    return conditions.refresh_overdue(ACME, who, Lateness(held, NOW, NOW, "late"), subject)


def test_a_warning_says_what_it_is_concluded_from_and_how_often_that_was_right() -> None:
    who, held = Watched(extension(1)), registration(ends=1800)
    story, record = "usually refreshes at 50-53 % of 3600 s, 3 min late", "Of 20, 19."
    basis = "learned from 38 of its refreshes, warned from 58 % on"
    late = Lateness(held, NOW, NOW, story, basis)
    told = conditions.refresh_overdue(ACME, who, late, "extension:1", record)
    assert told.explanation == (
        "Usually refreshes at 50-53 % of 3600 s, 3 min late, lease ends in 30 min. Learned from 38 "
        "of its refreshes, warned from 58 % on. Of 20, 19. The PBX still shows it as "
        "registered."
    )
    fixed = conditions.refresh_overdue(ACME, who, replace(late, basis=""), "extension:1", record)
    assert record not in fixed.explanation, "that is said of habits"


def site_lost(place: str) -> Condition:
    found = Evidence(began_at=NOW, latest_at=NOW, members=3, heard=0, not_due=6)
    site = place if place in SITES else ""
    return place_conditions.site_lost(ACME, place, found, site=site, cause="line", detected=NOW)


def receiver_broken(name: str) -> Condition:
    return conditions.receiver_broken(name, since=NOW, error="403", fallback="")


WATCHED = st.builds(
    lambda number, site: Watched(extension(number), site, first_answered_at=NOW),
    NUMBERS,
    st.sampled_from(["", *SITES]),
)
CONDITIONS = st.one_of(
    st.builds(lambda make, *of: make(*of), st.sampled_from([*ABOUT_ONE.values()]), WATCHED, HELD),
    st.builds(overdue, WATCHED, HELD, is_alone=st.booleans()),
    st.builds(site_lost, PLACES),
    st.builds(receiver_broken, st.sampled_from(["chat", "pager"])),
    st.sampled_from([*ABOUT_MANY.values()]),
)


def opened(found: list[Condition]) -> Iterator[Incident]:
    """The incidents that these make, one after the other; some turn into worse ones."""
    incidents = OpenIncidents(ACME, AlertRules(Rules(EVERY_ALERT)), site_labels=SITES)
    for condition in found:
        incidents.apply(condition.subject, condition, now=Timestamp(NOW + 7200))
    yield from incidents


@pytest.mark.parametrize(
    ("remaining", "pause", "what", "how"),
    [
        (0, None, "is used up", "Nothing but a probe now and then is asked for 50 min"),
        (
            56,
            130.0,
            "is down to 56, kept for other",
            "one request in 2 min 10 s",
        ),
        (56, None, "is down to 56, kept for other", "Nothing is asked for 50 min"),
    ],
)
def test_what_is_left_of_a_quota_and_what_is_asked_all_the_same_is_said_as_it_is(
    remaining: int, pause: float | None, what: str, how: str
) -> None:
    found = conditions.quota_exhausted(
        ACME, since=NOW, until=at(3000), answer_age=60.0, remaining=remaining, pause=pause
    )
    assert what in found.summary
    assert how in found.explanation


def test_the_law_is_about_every_alert() -> None:
    others = {AlertName.REFRESH_OVERDUE, AlertName.SITE_LOST, AlertName.RECEIVER_BROKEN}
    of_the_store = {AlertName.MEMORY_LOST, AlertName.STORE_DAMAGED}
    assert {*ABOUT_ONE, *ABOUT_MANY} | others | of_the_store == set(AlertName)


@settings(deadline=None)
@given(st.lists(CONDITIONS, max_size=20))
def test_no_two_open_incidents_have_equal_labels(found: list[Condition]) -> None:
    for one, other in combinations(opened(found), 2):
        assert labels(one) != labels(other)


@pytest.mark.parametrize(
    ("condition", "apart"),
    [
        (site_lost("203.0.113.2"), {"place": "203.0.113.2"}),
        (site_lost("riga"), {"site": "riga", "place": "203.0.113.2"}),
        (
            receiver_broken("chat"),
            {"receiver": "chat"},
        ),
        (
            conditions.registration_lost(
                ACME,
                Watched(extension(1)),
                lost(registration("uloc-7", device="Linphone/5.2")),
            ),
            {"device": "Linphone/5.2", "registration_id": "uloc-7"},
        ),
        (
            conditions.extension_lost(
                ACME,
                Watched(extension(1)),
                lost(registration("uloc-7", device="Linphone/5.2")),
            ),
            {"device": "Linphone/5.2"},
        ),
    ],
    ids=[
        "a place that no site names, by its address",
        "a site, by its name and its own labels",
        "a receiver, by its name",
        "one of several devices, by its registration too",
        "a phone, with its device",
    ],
)
def test_what_it_is_about_stands_in_its_labels(condition: Condition, apart: dict[str, str]) -> None:
    (incident,) = opened([condition])
    names = ("site", "place", "receiver", "device", "registration_id")
    assert {n: v for n, v in labels(incident).items() if n in names} == apart
