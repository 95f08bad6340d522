"""Who would be told of an alert: the very same whom a replay of recorded answers tells."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from fakes.values import ACME, START, answer, at, batch, listing, registration

from regwatch.app.replay import Replay
from regwatch.app.route_trial import RouteTrial, WrongLabelError
from regwatch.config import Config, load_config
from regwatch.core.alerts.mutes import Silence
from regwatch.core.dispatch.forecast import Fit, Forecast
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Severity,
    Timestamp,
)
from regwatch.core.recording import Recorded

HOUR, DAY = 3600.0, 86_400.0
SECONDS = 6 * HOUR
"""That are compared."""
RECEIVERS = ("chat", "pager", "mail")
LABELS = {"extension": "000*101", "extension_id": "1", "account": "acme"}
Told = tuple[float, str, str, float]
"""When (from the loss on), to whom, why, and for how long nobody acknowledged."""


def loaded(folder: Path, shape: Mapping[str, object]) -> Config:
    receivers = [
        {"name": name, "webhook": {"url": f"https://{name}.example.com"}} for name in RECEIVERS
    ]
    account = {"name": "acme", "url": "https://pbx.example.com", "access_token": "t0ken"}
    whole = {"accounts": [account], "receivers": receivers, **shape}
    file = folder / "regwatch.yml"
    file.write_text(yaml.safe_dump(whole))
    return load_config(file, environ={}, clock=lambda: Timestamp(START - DAY))


# --- against what a replay sends -----------------------------------------------------------------


class Chance:
    """A configuration that somebody might write."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.lost_at = self._random.randrange(0, 7 * 86_400, 300)
        """Seconds from a Friday, 08:00 UTC, on."""

    def maybe(self, share: float) -> bool:
        return self._random.random() < share

    def one(self, *values: object) -> object:
        return self._random.choice(values)

    def shape(self) -> Mapping[str, object]:
        alerts: dict[str, object] = {
            "extension_lost": self._alert() if self.maybe(0.95) else False,
            "overrides": [{"match": {"site": "riga"}, "extension_lost": self._alert()}]
            if self.maybe(0.3)
            else [],
        }
        site = {"name": "riga", "labels": {"team": "ops"}}
        site["extensions"] = [self.one("000*1??", "000*2??")]
        account = {"name": "acme", "url": "https://pbx.example.com", "access_token": "t0ken"}
        expected = self.one("always", "always", "always", "office", "night")
        return {
            "accounts": [{**account, "extensions": {"expected": expected}}],
            "sites": [site],
            "alerts": alerts,
            "schedules": {"office": self._schedule(), "night": self._schedule()},
            "maintenance": [self._window() for _ in range(self._random.choice((0, 0, 1, 2)))],
            "routes": [*(self._route() for _ in range(self._random.randrange(4))), self._last()],
        }

    def _alert(self) -> Mapping[str, object]:
        severity = self.one("critical", "critical", "warning", "info")
        return {"severity": severity, "for": self.one("0s", "30s", "5m")}

    def _schedule(self) -> Mapping[str, object]:
        shape = {
            "days": self.one("daily", "daily", "mon-fri", "sat, sun"),
            "hours": self.one("08:00-18:00", "22:00-06:00", "00:00-12:00", "13:00-14:00"),
            "timezone": self.one("UTC", "Europe/Riga", "America/New_York"),
        }
        days = [f"2027-01-{day}" for day in range(15, 22) if self.maybe(0.2)]
        return {**shape, "except": days}

    def _window(self) -> Mapping[str, object]:
        return {"schedule": self.one("office", "night"), "match": self._match()}

    def _match(self) -> Mapping[str, object]:
        return dict(
            self._random.sample(
                [
                    ("severity", self.one("critical", "warning", "info", ["critical", "warning"])),
                    ("site", "riga"),
                    ("account", "acme"),
                    ("alert", self.one("extension_lost", "*_lost", "site_lost")),
                    ("extension", self.one("101", "000*1??", "102")),
                    ("team", "ops"),
                ],
                self._random.choice((0, 1, 1, 2)),
            )
        )

    def _last(self) -> dict[str, object]:
        receivers = self._random.sample(RECEIVERS, self._random.choice((1, 1, 2)))
        route: dict[str, object] = {"receivers": receivers}
        if self.maybe(0.5):
            labels = ["account", "site", "alert", "severity", "extension_id"]
            route["group_by"] = self._random.sample(labels, self._random.randrange(3))
        for key, *values in (
            ("group_wait", "5s", "10s", "1m"),
            ("group_interval", "1m", "20m"),
            ("repeat", [], ["20m"], ["30m", "2h"]),
            ("digest", "15m"),
            ("send_resolved", False),
        ):
            if self.maybe(0.3):
                route[key] = self.one(*values)
        others = [name for name in RECEIVERS if name not in receivers]
        if self.maybe(0.4):
            called = self._random.sample(others, self._random.randrange(1, len(others) + 1))
            route["escalate"] = {"after": self.one("5m", "15m", "2h"), "receivers": called}
        return route

    def _route(self) -> Mapping[str, object]:
        route = {**self._last(), "match": self._match(), "continue": self.maybe(0.3)}
        if self.maybe(0.5):
            route["active"] = self.one("office", "night")
        if not route["match"] and "active" not in route:
            route["continue"] = True
        return route


def records(lost_at: float) -> Iterator[Recorded]:
    """A phone is there, and does not refresh; then it is looked at every five minutes."""
    yield Recorded(at=at(lost_at - 700), account=ACME, listing=listing(1))
    held = registration(ends=lost_at - 1)
    for when in (lost_at - 600, lost_at - 2):
        yield Recorded(at=at(when), account=ACME, batch=batch(answer(1, held, when=when)))
    for number in range(int(SECONDS) // 300 + 1):
        when = lost_at + 300.0 * number
        yield Recorded(at=at(when), account=ACME, batch=batch(answer(1, when=when)))


def replayed(config: Config, lost_at: float) -> list[Told]:
    told = [
        (
            round(message.created_at - at(lost_at)),
            message.receiver,
            message.reason.value,
            round(message.unacknowledged_for),
        )
        for message in Replay(config).play(records(lost_at))
        if message.items[0].alert is AlertName.EXTENSION_LOST
    ]
    return sorted(each for each in told if each[0] <= SECONDS)


def foretold(config: Config, lost_at: float) -> list[Told]:
    trial = RouteTrial(config).of({**LABELS, "alert": "extension_lost"}, now=at(lost_at))
    told = [
        (
            round(each.at - at(lost_at)),
            each.receiver,
            each.reason.value,
            round(each.unacknowledged_for),
        )
        for each in trial.tellings
    ]
    return sorted(each for each in told if each[0] <= SECONDS)


def compare(folder: Path, seeds: Sequence[int]) -> int:
    """How many configurations told anybody."""
    telling = 0
    for seed in seeds:
        chance = Chance(seed)
        config = loaded(folder, chance.shape())
        expected = replayed(config, chance.lost_at)
        assert foretold(config, chance.lost_at) == expected, f"seed {seed}"
        telling += bool(expected)
    return telling


def test_what_is_foretold_is_what_a_replay_sends(tmp_path: Path) -> None:
    assert compare(tmp_path, range(10)) > 4


@pytest.mark.long
def test_what_is_foretold_is_what_a_replay_sends_for_two_hundred_configurations(
    tmp_path: Path,
) -> None:
    assert compare(tmp_path, range(10, 210)) > 120


# --- why not -------------------------------------------------------------------------------------

SHIFTS: Mapping[str, object] = {
    "sites": [{"name": "riga", "extensions": ["000*1??"], "labels": {"team": "ops"}}],
    "alerts": {"signed_off": False, "extension_lost": {"for": "30s"}},
    "schedules": {
        "office": {"days": "mon-fri", "hours": "08:00-18:00", "timezone": "UTC"},
        "lunch": {"hours": "12:00-13:00", "timezone": "UTC"},
    },
    "maintenance": [{"schedule": "lunch", "match": {"team": "ops"}}],
    "routes": [
        {"match": {"severity": "info"}, "receivers": ["mail"]},
        {"active": "office", "receivers": ["chat"], "escalate": {"receivers": ["pager"]}},
        {"receivers": ["mail"]},
    ],
}


def tried(
    folder: Path, seconds: float, *, changes: Mapping[str, object] = {}, **labels: str
) -> Forecast:
    """So many seconds after a Friday, 08:00."""
    return RouteTrial(loaded(folder, {**SHIFTS, **changes})).of(labels, now=at(seconds))


def told_first(trial: Forecast) -> list[tuple[float, str, int, float]]:
    """Reminders left out."""
    return [
        (each.at - START, each.receiver, each.route, each.unacknowledged_for)
        for each in trial.tellings
        if each.reason.value == "first_seen"
    ]


def test_who_is_told_when_by_which_route(tmp_path: Path) -> None:
    trial = tried(tmp_path, 0, alert="extension_lost", site="riga")
    assert trial.fires_at == trial.told_from == at(30)
    assert told_first(trial) == [
        (40, "chat", 1, 0),
        (940, "pager", 1, 900),
        (10 * HOUR + 10, "mail", 2, 0),
    ]
    assert [(look.fit, look.labels, look.ended_by) for look in trial.looks] == [
        (Fit.OTHER_LABELS, ("severity",), None),
        (Fit.MATCHES, (), None),
        (Fit.NOT_REACHED, (), 1),
    ]
    assert not trial.why_not


def test_outside_of_its_hours_a_route_says_when_they_begin(tmp_path: Path) -> None:
    trial = tried(tmp_path, 11 * HOUR, alert="extension_lost")
    assert [each[1] for each in told_first(trial)] == ["mail"]
    assert (trial.looks[1].fit, trial.looks[1].begins_at) == (Fit.OUTSIDE_OF_HOURS, at(3 * DAY))


def test_what_is_silenced_is_told_when_that_is_over(tmp_path: Path) -> None:
    trial = tried(tmp_path, 4.5 * HOUR, alert="extension_lost", extension="000*101")
    assert trial.why_not == ("silenced by maintenance lunch",)
    assert trial.told_from == at(5 * HOUR)
    assert told_first(trial)[0] == (5 * HOUR + 10, "chat", 1, 0)


def test_silences_of_people_count_too(tmp_path: Path) -> None:
    silence = Silence(
        id="ab12", matchers=Matchers.of({"site": "riga"}), starts_at=at(0), ends_at=at(7200),
        author="anna", comment="new router", created_at=at(0),
    )  # fmt: skip
    trial = RouteTrial(loaded(tmp_path, SHIFTS)).of(
        {"alert": "extension_lost", "site": "riga"}, silences=[silence], now=at(60)
    )
    assert trial.why_not == ("silenced by silence ab12",)
    assert trial.told_from == at(7200)


def test_an_alert_that_is_off_is_told_to_nobody(tmp_path: Path) -> None:
    trial = tried(tmp_path, 0, alert="RegwatchSignedOff")
    assert trial.why_not == ("the alert signed_off is off",)
    assert (trial.told_from, trial.tellings) == (None, [])


def test_who_is_not_expected_is_missed_once_they_are(tmp_path: Path) -> None:
    account = {"name": "acme", "url": "https://pbx.example.com", "access_token": "t0ken"}
    changes = {"accounts": [{**account, "extensions": {"expected": "office"}}]}
    labels = {"alert": "extension_lost", "extension": "000*201"}
    trial = tried(tmp_path, -HOUR, changes=changes, **labels)
    (why,) = trial.why_not
    assert why == "000*201 is not expected to be registered now by the schedule office"
    assert trial.told_from == at(30)
    other = tried(tmp_path, -HOUR, changes=changes, alert="api_unavailable")
    assert not other.why_not


def test_labels_are_filled_in_as_far_as_they_follow(tmp_path: Path) -> None:
    trial = tried(tmp_path, 0, extension="000*101")
    assert trial.labels == {
        "alertname": "RegwatchExtensionLost",
        "severity": "critical",
        "account": "acme",
        "site": "riga",
        "team": "ops",
        "extension": "000*101",
    }
    assert trial.notes == (
        "no `alert` was given: taken for extension_lost",
        "no `extension_id` was given: what matches one does not match",
    )
    mild = tried(tmp_path, 0, alert="extension_lost", severity="info", account="acme")
    assert mild.notes == ("extension_lost is critical by this configuration",)
    assert [each[1] for each in told_first(mild)] == ["mail"]


def test_an_open_outage_of_its_site_may_say_it_all(tmp_path: Path) -> None:
    outage = Incident(
        id=IncidentId("ab12"),
        account=AccountName("acme"),
        alert=AlertName.SITE_LOST,
        severity=Severity.CRITICAL,
        subject="site:riga",
        state=IncidentState.FIRING,
        started_at=at(0),
        summary="8 of 40 phones silent",
        facts=Facts(account=AccountName("acme"), site="riga"),
    )
    trial = RouteTrial(loaded(tmp_path, SHIFTS))
    for site, notes in (("riga", 1), ("", 0)):
        labels = {"alert": "extension_lost", **({"site": site} if site else {})}
        found = trial.of(labels, open_incidents=[outage], now=at(60))
        assert sum("inhibited by incident ab12" in note for note in found.notes) == notes


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"sit": "riga"}, r"no alert has a label `sit` \(did you mean `site`\?\)"),
        ({"site": "rga"}, r"no `site` matches `rga` \(did you mean `riga`\?\)"),
        ({"alert": "extension_lst"}, r"did you mean `extension_lost`\?"),
        ({"alert": "*_lost"}, r"no alert is named `\*_lost`"),
        ({"extension_id": "many"}, "`many` is no extension's id"),
    ],
)
def test_what_no_alert_has_is_an_error(
    tmp_path: Path, labels: dict[str, str], message: str
) -> None:
    with pytest.raises(WrongLabelError, match=message):
        tried(tmp_path, 0, **labels)
