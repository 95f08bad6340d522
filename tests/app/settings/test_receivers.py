"""From a line of the configuration to a message that the service takes: every kind, its secrets in
files, its templates from a folder."""

import sys
from pathlib import Path
from socket import gethostname

import aiohttp
import pytest
import trustme
from aiohttp import web
from fakes.chats import texts_of
from fakes.kinds import ALL, ROUTING_KEY
from fakes.notifications import NOW, mixed
from fakes.pushover import TOKEN
from fakes.pushover import USER as PUSHOVER_USER
from fakes.receivers import FakeService, serving
from fakes.smtp import PASSWORD, USER, mail_server

from regwatch.app.settings.receivers import receiver_settings
from regwatch.config import Config, ConfigError, json_schema, load_config
from regwatch.notify.http import Credentials
from regwatch.notify.receivers.alertmanager import AlertmanagerSettings
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.receivers.email import EmailSettings, Security
from regwatch.notify.receivers.kinds import KINDS
from regwatch.notify.trial import trial_notification

ACCOUNT = "accounts: [{url: 'https://pbx.example.com', access_token: t0ken}]\n"
BOT = "slack: {token_file: token, channel: '#alerts'}"
SHAPES = {
    "webhook": "webhook: {url_file: secret, secret: hooksecretkey}",
    "slack": "slack: {url_file: secret}",
    "mattermost": "mattermost: {url_file: secret, channel: town-square}",
    "telegram": "telegram: {token_file: token, chat_id: -100123, url: 'ORIGIN'}",
    "discord": "discord: {url_file: secret, thread_id: '77'}",
    "ntfy": "ntfy: {topic_file: topic, url: 'ORIGIN', token: ntfytokensecret, tags: [phone]}",
    "pushover": f"pushover: {{token_file: app-token, user: {PUSHOVER_USER}, url: 'ORIGIN'}}",
    "teams": "teams: {url_file: secret}",
    "pagerduty": f"pagerduty: {{routing_key: {ROUTING_KEY}, url: 'ORIGIN/v2/enqueue'}}",
    "alertmanager": "alertmanager: {urls: 'ORIGIN', basic_auth: {username: u, password: p}}",
    "apprise": "apprise: {url_file: secret}",
}
FILES = {"app-token": TOKEN, "token": "123456:telegramsecret", "topic": "regwatch-topicsecret"}


def configured(folder: Path, shape: str, *, more: str = "", **files: str) -> Config:
    for name, content in (FILES | files).items():
        (folder / name).write_text(content + "\n")
        (folder / name).chmod(0o600)
    file = folder / "regwatch.yml"
    routes = "routes: [{receivers: [a]}]"
    file.write_text(f"{ACCOUNT}receivers: [{{name: a, {shape}}}]\n{routes}\n{more}")
    return load_config(file, environ={})


async def tell(config: Config, *notes) -> None:
    (shape,) = config.receivers
    async with aiohttp.ClientSession() as session:
        settings = receiver_settings(config, shape)
        receiver = build_receiver(shape.name, settings, session, clock=lambda: NOW)
        assert receiver.kind == shape.kind
        for note in notes:
            await receiver.deliver(note)


def configured_for(service: FakeService, kind: str, folder: Path, more: str = "") -> Config:
    origin = "/".join(service.url.split("/", 3)[:3])
    secret = getattr(ALL[kind].settings(service.url), "url", "unused")
    return configured(folder, SHAPES[kind].replace("ORIGIN", origin), more=more, secret=secret)


class TakesAll(FakeService):
    """For the kinds whose strict fakes are elsewhere."""

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        return web.Response()


@pytest.mark.parametrize("kind", SHAPES)
async def test_every_kind_goes_from_the_file_to_its_service(kind, tmp_path):
    fake = TakesAll if kind in ("alertmanager", "apprise") else ALL[kind].fake
    async with serving(fake()) as service:
        config = configured_for(service, kind, tmp_path)
        await tell(config, *(trial_notification("a", NOW, resolves=o) for o in (False, True)))
    assert len(service.requests) == 2
    assert "secret" not in f"{config!r} {config.receivers[0].settings!r}".replace("secret=", "")


def test_every_kind_is_tried_here():
    assert {*SHAPES, "email"} == set(KINDS)


async def test_email_goes_from_the_file_to_its_server(tmp_path):
    async with mail_server(auth=True) as server:
        shape = (
            f"email: {{host: 127.0.0.1, port: {server.port}, security: none, username: {USER}, "
            "password_file: secret, from: r@example.com, to: noc@example.com}"
        )
        config = configured(tmp_path, shape, secret=PASSWORD)
        await tell(config, trial_notification("a", NOW))
    assert server.taken[0][0] == ["noc@example.com"]
    assert PASSWORD not in f"{config!r} {config.receivers[0].settings!r}"


@pytest.mark.parametrize(
    ("more", "port", "security"),
    [
        ("", 587, Security.STARTTLS),
        (", security: tls", 465, Security.TLS),
        (", security: none", 25, Security.NONE),
        (", port: 2525", 2525, Security.STARTTLS),
    ],
)
def test_the_port_follows_from_the_security(more, port, security, tmp_path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    shape = f"email: {{host: h, from: a@b.c, to: [d@e.f, 'G <g@h.i>'], ca_file: ca.pem{more}}}"
    config = configured(tmp_path, shape)
    settings = receiver_settings(config, config.receivers[0])
    assert isinstance(settings, EmailSettings)
    assert (settings.port, settings.security) == (port, security)
    assert settings.to == ("d@e.f", "G <g@h.i>")
    assert settings.ca_file == tmp_path / "ca.pem"


async def test_the_bot_has_a_token_and_a_channel(tmp_path):
    config = configured(tmp_path, BOT, more="http: {external_url: 'https://r'}", token="xoxb-1")
    settings = receiver_settings(config, config.receivers[0])
    assert (settings.token, settings.channel) == ("xoxb-1", "#alerts")
    assert (settings.url, settings.external_url) == ("https://slack.com/api", "https://r")


def test_a_webhook_s_templates_are_told_from_fixed_headers(tmp_path):
    shape = (
        "webhook: {url: 'https://h', bearer_token: b, body: '{{ title }}',"
        " headers: {X-A: fixed, X-B: '{{ status }}'}}"
    )
    config = configured(tmp_path, shape)
    settings = receiver_settings(config, config.receivers[0])
    assert settings.headers == {"X-A": "fixed"}
    assert settings.header_templates.keys() == {"X-B"}
    assert settings.body is not None
    assert settings.credentials == Credentials(bearer_token="b")


# --- the folder of templates ------------------------------------------------------------


def folder(tmp_path: Path, files: dict[str, str]) -> str:
    made = tmp_path / "words"
    made.mkdir()
    for name, text in files.items():
        (made / name).write_text(text, encoding="utf-8")
    return "templates: words\n"


async def test_a_receiver_s_own_file_wins_over_that_of_its_kind(tmp_path):
    files = {
        "mattermost.title.j2": "by kind",
        "mattermost.body.j2": "{{ new[2].words.who }}",
        "a.title.j2": "by name",
        "notes.txt": "no template: {{",
    }
    async with serving(ALL["mattermost"].fake()) as service:
        config = configured_for(service, "mattermost", tmp_path, folder(tmp_path, files))
        await tell(config, mixed())
    texts = list(texts_of(service.taken[0]))
    assert "**by name**" in texts
    assert "305 (Lab)" in texts


def test_everything_wrong_with_the_templates_is_told_at_once(tmp_path):
    files = {
        "slack.title.j2": "fine",
        "slack.body.j2": "one\n{{ alert }}",
        "telegram.body.j2": "one\ntwo\n{% if %}",
        "slak.body.j2": "x",
        "webhook.body.j2": "x",
        "slack.footer.j2": "x",
    }
    more, words = folder(tmp_path, files), tmp_path / "words"
    (words / "discord.title.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, "slack: {url: 'https://h'}", more=more)
    nowhere = "belongs to no receiver whose words can be changed"
    found = {str(problem).partition(" (")[0] for problem in caught.value.problems}
    assert found == {
        f"{words}/slack.body.j2:2: there is no variable `alert`",
        f"{words}/telegram.body.j2:3: Expected an expression, got 'end of statement block'",
        f"{words}/slak.body.j2: {nowhere}",
        f"{words}/webhook.body.j2: {nowhere}",
        f"{words}/slack.footer.j2: {nowhere}",
        f"{words}/discord.title.j2: cannot be read: it is not UTF-8 text",
    }
    advice = [problem.suggestion for problem in caught.value.problems if problem.suggestion]
    assert "did you mean `slack.body.j2`?" in advice
    assert "did you mean `alerts`?" in advice


def test_without_a_folder_there_are_no_words_of_ones_own(tmp_path):
    config = configured(tmp_path, "slack: {url: 'https://h'}")
    assert config.own_words("a").title is config.own_words("a").body is None


def test_the_schema_offers_a_file_for_each_secret():
    shapes = json_schema()["$defs"]
    for shape, secret in [
        ("TelegramShape", "token"), ("NtfyShape", "topic"), ("EmailShape", "password"),
        ("SlackShape", "token"), ("AppriseShape", "url"), ("TeamsShape", "url"),
    ]:  # fmt: skip
        assert {secret, f"{secret}_file"} <= shapes[shape]["properties"].keys()


def test_without_apprise_the_configuration_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, "apprise: {url: 'json://h'}")
    message = "Apprise is not installed (pip install 'regwatch[apprise]')"
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("given", "instance"), [("", gethostname()), (", instance: branch", "branch")]
)
def test_a_watchdog_is_that_of_its_host_unless_told_otherwise(tmp_path, given, instance):
    config = configured(tmp_path, f"alertmanager: {{urls: 'http://127.0.0.1:9093'{given}}}")
    settings = receiver_settings(config, config.receivers[0])
    assert isinstance(settings, AlertmanagerSettings)
    assert settings.instance == instance
