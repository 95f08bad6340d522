"""`regwatch test-alert`, as a process of its own, with one receiver of each kind whose address can
be another than the service's own."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fakes.chats import FakeDiscord, FakeMattermost, FakeNtfy, FakeTeams, FakeTelegram
from fakes.commands import config, regwatch
from fakes.daemon import free_port
from fakes.pushover import TOKEN, FakePushover
from fakes.pushover import USER as PUSHOVER_USER
from fakes.receivers import FakeHook, FakeService, FakeSlack, serving
from fakes.sink import sink
from fakes.smtp import PASSWORD, USER, mail_server

FAKES = {
    "slack": FakeSlack,
    "mattermost": FakeMattermost,
    "telegram": FakeTelegram,
    "discord": FakeDiscord,
    "ntfy": FakeNtfy,
    "pushover": FakePushover,
    "teams": FakeTeams,
    "webhook": FakeHook,
}


def receivers(services: dict[str, FakeService], smtp_port: int) -> str:
    url = {kind: service.url for kind, service in services.items()}
    shapes = {
        "slack": f"{{url: '{url['slack']}'}}",
        "mattermost": f"{{url: '{url['mattermost']}'}}",
        "telegram": "{token: '123456:telegramsecret', chat_id: -100123,"
        f" url: '{url['telegram'].removesuffix('/bot')}'}}",
        "discord": f"{{url: '{url['discord']}{FakeDiscord.token}'}}",
        "ntfy": f"{{topic: regwatch-topicsecret, url: '{url['ntfy']}'}}",
        "pushover": f"{{token: {TOKEN}, user: {PUSHOVER_USER},"
        f" url: '{url['pushover'].removesuffix('/1/')}'}}",
        "teams": f"{{url: '{url['teams']}?sig={FakeTeams.sig}'}}",
        "webhook": f"{{url: '{url['webhook']}'}}",
        "apprise": f"{{url: '{url['webhook'].replace('http:', 'json:')}'}}",
        "email": f"{{host: 127.0.0.1, port: {smtp_port}, security: none, username: {USER},"
        f" password: {PASSWORD}, from: r@example.com, to: noc@example.com}}",
    }
    lines = [f"  - {{name: my-{kind}, {kind}: {shape}}}\n" for kind, shape in shapes.items()]
    names = ", ".join(f"my-{kind}" for kind in shapes)
    return "receivers:\n" + "".join(lines) + f"routes: [{{receivers: [{names}]}}]\n"


@pytest.mark.e2e
async def test_each_kind_takes_the_test_and_takes_it_back(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        services = {
            kind: await stack.enter_async_context(serving(fake())) for kind, fake in FAKES.items()
        }
        mail = await stack.enter_async_context(mail_server(auth=True))
        file = config(tmp_path, "https://pbx.example.com", receivers(services, mail.port))
        result = await regwatch("test-alert", "-c", file)
    lines = set(result.out.splitlines())
    kinds = [*FAKES, "email"]
    assert {f"my-{kind} ({kind}): taken, and taken back" for kind in kinds} <= lines
    # The webhook's strict fake does not read Apprise's body, and says so through Apprise.
    (apprise,) = [line for line in lines if line.startswith("my-apprise")]
    assert "not taken: Apprise: Failed to send JSON POST notification" in apprise
    assert result.status == 1
    for kind, service in services.items():
        assert len(service.taken) == 2, kind
        assert "TEST: " in service.bodies[0].decode(), kind
    assert [message["Subject"] for _, message in mail.taken] == [
        "TEST: regwatch can reach you",
        "TEST: this test is over",
    ]


ANOTHER = """\
receivers:
  - {{name: hook, webhook: {{url: "{hook}"}}}}
  - {{name: gone, webhook: {{url: "http://127.0.0.1:{port}/"}}}}
routes: [{{receivers: [hook, gone]}}]
"""


@pytest.mark.e2e
async def test_test_alert_tells_what_each_receiver_answered(tmp_path: Path) -> None:
    async with sink() as hook:
        extra = ANOTHER.format(hook=hook.url, port=free_port())
        file = config(tmp_path, "https://pbx.example.com", extra)
        both = await regwatch("test-alert", "-c", file)
        one = await regwatch("test-alert", "-c", file, "hook")
        none = await regwatch("test-alert", "-c", file, "hok")
    assert both.status == 1
    assert "hook (webhook): taken, and taken back" in both.out
    assert "gone (webhook): not taken: " in both.out
    assert "regwatch would try again" in both.out
    assert (one.status, one.out) == (0, "hook (webhook): taken, and taken back\n")
    assert none.status == 1
    assert "no receiver is named `hok`; there are: hook, gone" in none.err
    summaries = [alert["annotations"]["summary"] for alert in hook.alerts]
    assert all(summary.startswith("TEST: ") for summary in summaries)
    assert [alert["status"] for alert in hook.alerts[:2]] == ["firing", "resolved"]


@pytest.mark.e2e
async def test_test_alert_without_receivers_says_so(tmp_path: Path) -> None:
    result = await regwatch("test-alert", "-c", config(tmp_path, "https://pbx.example.com"))
    assert (result.status, "has no receivers" in result.err) == (1, True)
