"""Every kind of receiver that posts to a web service, with its fake and what people see of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import aiohttp
from fakes.chats import (
    FakeDiscord,
    FakeMattermost,
    FakeNtfy,
    FakeSlackApi,
    FakeTeams,
    FakeTelegram,
    telegram_text,
)
from fakes.notifications import NOW
from fakes.pushover import TOKEN, USER, FakePushover, shown_by_pushover
from fakes.receivers import FakeHook, FakePagerDuty, FakeService, FakeSlack, serving

from regwatch.notify.http import Credentials
from regwatch.notify.receivers.alertmanager import AlertmanagerSettings
from regwatch.notify.receivers.apprise import AppriseSettings
from regwatch.notify.receivers.build import build_receiver
from regwatch.notify.receivers.discord import DiscordSettings
from regwatch.notify.receivers.kind import RestOfFile
from regwatch.notify.receivers.mattermost import MattermostSettings
from regwatch.notify.receivers.ntfy import NtfySettings
from regwatch.notify.receivers.pagerduty import PagerDutySettings
from regwatch.notify.receivers.pushover import PushoverSettings
from regwatch.notify.receivers.slack import SlackSettings
from regwatch.notify.receivers.slack_bot import SlackBotSettings
from regwatch.notify.receivers.teams import TeamsSettings
from regwatch.notify.receivers.telegram import TelegramSettings
from regwatch.notify.receivers.webhook import WebhookSettings
from regwatch.notify.words.templates import NO_TEMPLATES

ROUTING_KEY = "pagerdutysecret00000000000000000"
REST = RestOfFile(external_url="https://r", zone=UTC, own=NO_TEMPLATES, path=lambda _: None)
"""What a receiver's settings take from outside its own mapping of the file."""


@dataclass(frozen=True)
class Kind:
    fake: Callable[[], FakeService]
    settings: Callable[..., Any]
    """From the fake's URL and further settings."""
    secrets: tuple[str, ...]
    shown: Callable[[Any], str] | None = None
    """As the service shows the first line and, below an empty line, the rest."""


async def deliver(kind: Kind, service: FakeService, *notes: Any, **settings: Any) -> None:
    async with aiohttp.ClientSession() as session:
        chosen = kind.settings(service.url, **settings)
        receiver = build_receiver("chat", chosen, session, clock=lambda: NOW)
        for note in notes:
            await receiver.deliver(note)


async def sent(kind: str, note: Any, **settings: Any) -> Any:
    """The one message that its service took."""
    async with serving(SPOKEN[kind].fake()) as service:
        await deliver(SPOKEN[kind], service, note, **settings)
    (message,) = service.taken
    return message


def shown_by_slack(message: Mapping[str, Any]) -> str:
    """Header, then the attachment beside its coloured bar."""
    (attachment,) = message["attachments"]
    lines = [message["blocks"][0]["text"]["text"], ""]
    for block in attachment["blocks"]:
        lines += [f"{attachment['color']} | {line}" for line in block["text"]["text"].split("\n")]
    return "\n".join(lines) + "\n"


def shown_by_mattermost(message: Mapping[str, Any]) -> str:
    (attachment,) = message["attachments"]
    lines = attachment["text"].split("\n")
    return "\n".join([message["text"], "", *(f"{attachment['color']} | {each}" for each in lines)])


def shown_by_discord(message: Mapping[str, Any]) -> str:
    (embed,) = message["embeds"]
    lines = embed["description"].split("\n")
    return "\n".join([embed["title"], "", *(f"#{embed['color']:06x} | {each}" for each in lines)])


def shown_by_ntfy(message: Mapping[str, Any]) -> str:
    head = f"[{message['priority']} {' '.join(message['tags'])}] {message['title']}"
    return f"{head}\n\n{message['message']}"


def shown_by_teams(message: Mapping[str, Any]) -> str:
    first, *others = message["attachments"][0]["content"]["body"]
    (head,) = first["items"]
    return "\n".join([f"[{first['style']}] {_runs(head)}", "", *map(_runs, others)])


def _runs(element: Mapping[str, Any]) -> str:
    if element["type"] == "TextBlock":
        return element["text"]
    indent = "    " if element["inlines"][0].get("isSubtle") else ""
    return indent + "".join(map(_run, element["inlines"]))


def _run(run: Mapping[str, Any]) -> str:
    text = f"**{run['text']}**" if run.get("weight") == "Bolder" else run["text"]
    return f"{text}<{run['selectAction']['url']}>" if "selectAction" in run else text


def shown_by_telegram(message: Mapping[str, Any]) -> str:
    telegram_text(message["text"])
    return message["text"]


SPOKEN: Mapping[str, Kind] = {
    "slack": Kind(
        FakeSlack, lambda url, **more: SlackSettings(url=url, **more), ("slacksecret",),
        shown_by_slack,
    ),
    "slack_bot": Kind(
        FakeSlackApi,
        lambda url, **more: SlackBotSettings(
            token="xoxb-slackbotsecret", channel="#alerts", url=url, **more
        ),
        ("xoxb-slackbotsecret",),
    ),
    "mattermost": Kind(
        FakeMattermost, lambda url, **more: MattermostSettings(url=url, **more),
        ("mattermostsecretkey1234567",), shown_by_mattermost,
    ),
    "telegram": Kind(
        FakeTelegram,
        lambda url, **more: TelegramSettings(
            token="123456:telegramsecret", chat_id="-100123", url=url.removesuffix("/bot"), **more
        ),
        ("telegramsecret",), shown_by_telegram,
    ),
    "discord": Kind(
        FakeDiscord,
        lambda url, **more: DiscordSettings(url=url + FakeDiscord.token, **more),
        (FakeDiscord.token,), shown_by_discord,
    ),
    "ntfy": Kind(
        lambda: FakeNtfy(token="ntfytokensecret"),
        lambda url, **more: NtfySettings(
            topic="regwatch-topicsecret", url=url,
            credentials=Credentials(bearer_token="ntfytokensecret"), **more,
        ),
        ("regwatch-topicsecret", "ntfytokensecret"), shown_by_ntfy,
    ),
    "pushover": Kind(
        FakePushover,
        lambda url, **more: PushoverSettings(
            token=TOKEN, user=USER, url=url.removesuffix("/1/"), **more
        ),
        (TOKEN, USER), shown_by_pushover,
    ),
    "teams": Kind(
        FakeTeams,
        lambda url, **more: TeamsSettings(
            url=f"{url}?api-version=2016-06-01&sp=%2Ftriggers&sig={FakeTeams.sig}", **more
        ),
        (FakeTeams.sig,), shown_by_teams,
    ),
}  # fmt: skip
"""Those that people read."""
ALL: Mapping[str, Kind] = {
    **SPOKEN,
    "webhook": Kind(
        FakeHook,
        lambda url, **more: WebhookSettings(
            url=url + "hooksecretpath", secret="hooksecretkey", **more
        ),
        ("hooksecretpath", "hooksecretkey"),
    ),
    "pagerduty": Kind(
        lambda: FakePagerDuty(routing_key=ROUTING_KEY),
        lambda url, **more: PagerDutySettings(routing_key=ROUTING_KEY, url=url, **more),
        (ROUTING_KEY,),
    ),
    "alertmanager": Kind(
        FakeHook,
        lambda url, **more: AlertmanagerSettings(
            urls=(url,), credentials=Credentials(username="u", password="ampasswordsecret"), **more
        ),
        ("ampasswordsecret",),
    ),
    "apprise": Kind(
        FakeHook,
        lambda url, **more: AppriseSettings(
            url=url.replace("http://", "json://appriseuser:apprisesecret@") + "apprisepathsecret",
            **more,
        ),
        ("apprisesecret", "apprisepathsecret"),
    ),
}
