"""From what the daemon holds to what the API answers."""

import msgspec
import pytest
from fakes.web import NOW, account, incident, registration, watched

from regwatch.core.alerts.mutes import Silence
from regwatch.core.history import Happening, Kind
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    ExtensionState,
    IncidentId,
    IncidentState,
    Quota,
    Timestamp,
)
from regwatch.web.api.answers import (
    account_body,
    extension_body,
    happening_body,
    incident_body,
    moment,
    silence_body,
)
from regwatch.web.api.bodies import QuotaBody
from regwatch.web.times import iso

ACME = AccountName("acme")


def test_a_time_is_rfc_3339_and_none_stays_none() -> None:
    assert (moment(Timestamp(0.9)), moment(None)) == ("1970-01-01T00:00:00Z", None)


def test_an_account_counts_every_state_over_its_sites() -> None:
    held = [
        watched(1, site="riga"), watched(2, ExtensionState.LOST, site="riga"),
        watched(3, ExtensionState.LOST),
    ]  # fmt: skip
    body = account_body(account(*held, api_up=None))
    assert body.extensions == {
        "unknown": 0, "registered": 1, "overdue": 0, "lost": 2, "signed_off": 0, "unregistered": 0,
        "removed": 0,
    }  # fmt: skip
    assert (body.name, body.api_up, body.quota) == ("acme", None, None)
    (riga,) = body.sites
    assert riga.name == "riga"
    assert {state: n for state, n in riga.extensions.items() if n} == {"registered": 1, "lost": 1}


def test_a_quota_says_when_it_is_whole_again() -> None:
    quota = Quota(1000, 990, Timestamp(NOW + 60), NOW)
    body = account_body(account(quota=quota))
    assert body.quota == QuotaBody(1000, 990, iso(Timestamp(NOW + 60)))


@pytest.mark.parametrize("state", ExtensionState)
def test_an_extension_says_its_state_in_the_apis_words(state: ExtensionState) -> None:
    body = extension_body(ACME, watched(1, state), expected=True)
    assert msgspec.to_builtins(body)["state"] == state.value


def test_an_extension_shows_its_registrations_and_when_their_leases_end() -> None:
    held = (registration(1), registration(2, ends_in=None))
    body = extension_body(ACME, watched(7, registrations=held), expected=False)
    assert [(each.id, each.lease_ends_at) for each in body.registrations] == [
        ("uloc-1", iso(Timestamp(NOW + 600))), ("uloc-2", None),
    ]  # fmt: skip
    assert (body.account, body.id, body.name, body.expected) == ("acme", 7, "000*7", False)


def test_an_incident_says_whom_it_is_about_and_how_it_ended() -> None:
    found = incident(state=IncidentState.RESOLVED, resolved_at=NOW, site="riga", label="Front")
    body = incident_body(found)
    assert (body.extension_id, body.extension, body.site, body.label) == (
        101, "000*101", "riga", "Front",
    )  # fmt: skip
    assert (body.state, body.resolved_at) == ("resolved", iso(NOW))
    assert body.labels == found.labels


def test_a_line_of_the_history_keeps_what_it_has() -> None:
    line = Happening(
        at=NOW, kind=Kind.NOTIFICATION, event="new", text="first seen", account=ACME,
        incident_id=IncidentId("i1"), alert="extension_lost", receiver="chat",
    )  # fmt: skip
    body = happening_body(line)
    assert msgspec.to_builtins(body) == {
        "at": iso(NOW), "kind": "notification", "event": "new", "text": "first seen",
        "account": "acme", "extension_id": None, "extension": "", "incident_id": "i1",
        "alert": "extension_lost", "receiver": "chat", "because": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param(-1, "pending", id="before it begins"),
        pytest.param(0, "active", id="from its first moment on"),
        pytest.param(10, "expired", id="at its end"),
    ],
)
def test_a_silence_is_to_come_in_force_or_over(now: float, state: str) -> None:
    silence = Silence(
        id="ab12", matchers=Matchers.of({"site": ["riga", "t*"]}), starts_at=NOW,
        ends_at=Timestamp(NOW + 10), author="anna", comment="router", created_at=NOW,
    )  # fmt: skip
    body = silence_body(silence, now=Timestamp(NOW + now))
    assert (body.state, body.matchers) == (state, {"site": ["riga", "t*"]})
