"""The kinds of receivers: a shape each; those that people read stand in `chats`."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from regwatch.config.chats import (
    AppriseShape,
    BasicAuth,
    DiscordShape,
    EmailShape,
    MattermostShape,
    NtfyShape,
    SlackShape,
    TeamsShape,
    TelegramShape,
)
from regwatch.core.suggestions import did_you_mean
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import Template, TemplateError
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import OneUrl
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text, wrong


def _compiles(source: str) -> str:
    try:
        Template(source, known=NAMES)
    except TemplateError as error:
        advice = did_you_mean(error.name, NAMES) if error.name else None
        raise wrong(f"not a template: {error}", advice or "") from error
    return source


TemplateText = Annotated[Text, AfterValidator(_compiles)]


class WebhookShape(Shape):
    """Alertmanager's webhook body, version 4, and a `regwatch` object per alert."""

    url: Secret
    secret: Secret | None = Field(default=None, description="Signs as Standard Webhooks does.")
    max_alerts: int = Field(default=100, ge=0, description="0: no limit.")
    headers: dict[str, TemplateText] = Field(default={}, description="Values may be templates.")
    body: TemplateText | None = Field(default=None, description="A Jinja2 template.")
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


class AlertmanagerShape(Shape):
    """Alertmanager's API, version 2; every member of a cluster."""

    urls: Annotated[list[OneUrl], ONE_OR_MORE] = Field(min_length=1)
    instance: Text | None = Field(
        default=None, description="Of `RegwatchWatchdog`; the host's name if it is not given."
    )
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


class PagerDutyShape(Shape):
    """PagerDuty's Events API, version 2."""

    routing_key: Secret
    url: Text = "https://events.pagerduty.com/v2/enqueue"
    timeout: Duration = 10.0


KindShape = (
    WebhookShape
    | SlackShape
    | AlertmanagerShape
    | PagerDutyShape
    | MattermostShape
    | TelegramShape
    | DiscordShape
    | NtfyShape
    | TeamsShape
    | EmailShape
    | AppriseShape
)


class ReceiverShape(Shape):
    """A place that alerts go to: a name, and exactly one kind."""

    name: Text
    fallback: Text | None = Field(
        default=None, description="The receiver that gets what this one refuses for good."
    )
    webhook: WebhookShape | None = None
    slack: SlackShape | None = None
    alertmanager: AlertmanagerShape | None = None
    pagerduty: PagerDutyShape | None = None
    mattermost: MattermostShape | None = None
    telegram: TelegramShape | None = None
    discord: DiscordShape | None = None
    ntfy: NtfyShape | None = None
    teams: TeamsShape | None = None
    email: EmailShape | None = None
    apprise: AppriseShape | None = None

    @model_validator(mode="after")
    def _has_one_kind(self) -> "ReceiverShape":
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            listed = ", ".join(f"`{kind}`" for kind in KINDS)
            found = f"has {len(kinds)} kinds" if kinds else "has no kind"
            raise wrong(f"receiver `{self.name}` {found}", f"give it exactly one of {listed}")
        return self

    @property
    def kind(self) -> str:
        """`webhook`, `slack`, …"""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def settings(self) -> KindShape:
        """Those of its kind."""
        settings: KindShape = getattr(self, self.kind)
        return settings


KINDS = tuple(name for name in ReceiverShape.model_fields if name not in ("name", "fallback"))
