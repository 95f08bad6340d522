"""`regwatch routes test`: who would be told of an alert, and who would not."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.asked import ask
from fakes.web import NOW, FakeDaemon, FakeOperations, incident

from regwatch.cli import main
from regwatch.cli.errors import RemoteError
from regwatch.cli.routes import ask_routes
from regwatch.core.dispatch.forecast import Fit, Forecast, Look, Telling
from regwatch.core.model import AlertName, NotifyReason, Timestamp

CONFIG = """
accounts: [{name: acme, url: "https://pbx.example.com", access_token: t0ken}]
sites: [{name: riga, extensions: ["000*1??"]}]
alerts: {extension_lost: {for: 30s}, signed_off: false}
receivers:
  - {name: chat, webhook: {url: "https://chat.example.com"}}
  - {name: pager, webhook: {url: "https://pager.example.com"}}
schedules: {office: {days: mon-fri, hours: "08:00-18:00", timezone: UTC}}
routes:
  - {match: {severity: info}, receivers: [chat]}
  - {active: office, receivers: [chat], repeat: [1m]}
  - {receivers: [pager]}
"""


def run(folder: Path, *arguments: str) -> Result:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG)
    return CliRunner().invoke(main, ["routes", "test", "-c", str(file), *arguments])


def words(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_who_is_told_and_why_the_others_are_not(tmp_path: Path) -> None:
    at = "2026-11-27T12:00+00:00"
    text = words(run(tmp_path, "alert=extension_lost", "site=riga", "--at", at))
    assert text.startswith("alertname=RegwatchExtensionLost severity=critical account=acme site=")
    assert "once it has lasted long enough." in text
    assert "chat routes[1] first message" in text
    assert "routes[0] severity=info chat does not match: severity" in text
    assert "routes[1] all during office chat matches" in text
    assert "routes[2] all pager not looked at: routes[1] matched first" in text


def test_outside_of_hours_it_says_when_they_begin(tmp_path: Path) -> None:
    text = words(run(tmp_path, "alert=extension_lost", "--at", "2026-11-28T12:00+00:00"))
    assert "outside of its hours (they begin 2026-11-30" in text


def test_that_nobody_is_told_is_said_with_the_reason(tmp_path: Path) -> None:
    text = words(run(tmp_path, "alert=signed_off"))
    assert "Nobody is told: the alert signed_off is off." in text


def test_as_json_it_is_what_the_api_says(tmp_path: Path) -> None:
    result = run(tmp_path, "alert=extension_lost", "--json", "--at", "2026-11-27T12:00+00:00")
    found = json.loads(result.output)
    assert found["at"] == "2026-11-27T12:00:00Z"
    assert found["tellings"][0] == {
        "at": "2026-11-27T12:00:40Z",
        "receiver": "chat",
        "route": 1,
        "reason": "first_seen",
        "unacknowledged_seconds": 0.0,
    }
    assert [each["fit"] for each in found["routes"]] == ["other_labels", "matches", "not_reached"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sit=riga"], 1, "no alert has a label `sit` (did you mean `site`?)"),
        (["site=rga"], 1, "no `site` matches `rga` (did you mean `riga`?)"),
        (["site"], 2, "`site` is no label: write LABEL=VALUE"),
        (["site=riga", "site=x"], 2, "`site` stands twice"),
    ],
)
def test_what_is_no_label(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == code
    assert message in " ".join(result.output.split())


TRIAL = Forecast(
    at=Timestamp(NOW),
    labels={"alertname": "RegwatchExtensionLost"},
    fires_at=Timestamp(NOW),
    why_not=("silenced by silence ab12",),
    told_from=Timestamp(NOW + 60),
    looks=[Look(0, "all", ("chat",), Fit.MATCHES)],
    tellings=[Telling(Timestamp(NOW + 960), "pager", 0, NotifyReason.FIRST_SEEN, 900.0)],
)


async def test_the_running_daemon_is_asked_with_its_outages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outage = incident(AlertName.SITE_LOST, number=None)
    daemon = FakeDaemon(open_incidents=[incident(), outage])
    operations = FakeOperations(trial=TRIAL)
    labels = {"site": "riga & co", "alert": "extension_lost"}
    await ask(ask_routes, daemon, operations, labels=labels, at=None, as_json=False)
    assert operations.tried == [(labels, [outage.id], NOW)]
    text = " ".join(capsys.readouterr().out.split())
    assert "Nobody is told until " in text
    assert "silenced by silence ab12." in text
    assert "pager routes[0] not acknowledged for 15 min" in text


async def test_what_the_daemon_says_of_wrong_labels_is_said() -> None:
    operations = FakeOperations(unmatched="no alert has a label `sit`")
    with pytest.raises(RemoteError, match="no alert has a label `sit`"):
        await ask(ask_routes, None, operations, labels={"sit": "x"}, at=None, as_json=False)
