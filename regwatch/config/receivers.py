"""The kinds of receivers: a shape each."""

from typing import Annotated

from pydantic import Field, model_validator

from regwatch.config.shape import Shape
from regwatch.config.values import ONE_OR_MORE, Duration, Secret, Text, wrong

LATER_KINDS = frozenset({"mattermost", "telegram", "teams", "discord", "ntfy", "email", "apprise"})


class BasicAuth(Shape):
    """HTTP basic authentication."""

    username: Text
    password: Secret


class WebhookShape(Shape):
    """Alertmanager's webhook body, version 4, and a `regwatch` object per alert."""

    url: Secret
    secret: Secret | None = Field(default=None, description="Signs as Standard Webhooks does.")
    max_alerts: int = Field(default=100, ge=0, description="0: no limit.")
    headers: dict[str, Text] = {}
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


class SlackShape(Shape):
    """An incoming webhook of Slack."""

    url: Secret
    timeout: Duration = 10.0


class AlertmanagerShape(Shape):
    """Alertmanager's API, version 2; every member of a cluster."""

    urls: Annotated[list[Text], ONE_OR_MORE] = Field(min_length=1)
    bearer_token: Secret | None = None
    basic_auth: BasicAuth | None = None
    timeout: Duration = 10.0


class PagerDutyShape(Shape):
    """PagerDuty's Events API, version 2."""

    routing_key: Secret
    url: Text = "https://events.pagerduty.com/v2/enqueue"
    timeout: Duration = 10.0


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

    @model_validator(mode="after")
    def _has_one_kind(self) -> "ReceiverShape":
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            listed = ", ".join(f"`{kind}`" for kind in KINDS)
            found = f"has {len(kinds)} kinds" if kinds else "has no kind"
            raise wrong(f"receiver `{self.name}` {found}", f"give it exactly one of {listed}")
        return self

    @property
    def settings(self) -> WebhookShape | SlackShape | AlertmanagerShape | PagerDutyShape:
        """Those of its kind."""
        found = self.webhook or self.slack or self.alertmanager or self.pagerduty
        if found is None:  # pragma: no cover - the validator above saw to it
            raise AssertionError
        return found


KINDS = ("webhook", "slack", "alertmanager", "pagerduty")
