"""The kinds of receivers that people read: a shape each."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from regwatch.notify.receivers.apprise import NOT_INSTALLED, problem_with
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import Address, SenderAddress
from regwatch.shapes.values import ONE_OR_MORE, Duration, Secret, Text, revealed, wrong

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class BasicAuth(Shape):
    """HTTP basic authentication."""

    username: Text
    password: Secret


class SlackShape(Shape):
    """Slack: an incoming webhook, or a bot that keeps one message per group up to date."""

    url: Secret | None = Field(default=None, description="An incoming webhook.")
    token: Secret | None = Field(default=None, description="A bot's token, `xoxb-…`.")
    channel: Text | None = Field(default=None, description="Where the bot writes.")
    timeout: Duration = 10.0

    @model_validator(mode="after")
    def _has_one_way(self) -> "SlackShape":
        if (self.url is None) == (self.token is None):
            raise wrong("needs `url` (an incoming webhook) or `token` and `channel` (a bot)")
        if (self.token is None) != (self.channel is None):
            raise wrong("`token` and `channel` go together")
        return self


class MattermostShape(Shape):
    """An incoming webhook of Mattermost."""

    url: Secret
    channel: Text | None = Field(default=None, description="Another one than the webhook's own.")
    timeout: Duration = 10.0


def _chat_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class TelegramShape(Shape):
    """A bot of Telegram."""

    token: Secret
    chat_id: Annotated[
        Text, BeforeValidator(_chat_id), WithJsonSchema({"type": ["integer", "string"]})
    ] = Field(min_length=1)
    message_thread_id: int | None = Field(default=None, ge=1, description="A topic of a forum.")
    url: Text = "https://api.telegram.org"
    timeout: Duration = 10.0


class DiscordShape(Shape):
    """A channel's webhook at Discord."""

    url: Secret
    thread_id: Text | None = Field(default=None, description="A thread of the webhook's channel.")
    timeout: Duration = 10.0


class NtfyShape(Shape):
    """A topic of ntfy."""

    topic: Secret
    url: Text = "https://ntfy.sh"
    token: Secret | None = None
    basic_auth: BasicAuth | None = None
    tags: list[Text] = []
    timeout: Duration = 10.0


class TeamsShape(Shape):
    """A webhook of the Workflows app in Microsoft Teams."""

    url: Secret
    timeout: Duration = 10.0


class EmailShape(Shape):
    """E-mail by SMTP."""

    host: Text = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: Secret | None = None
    sender: SenderAddress = Field(alias="from")
    to: Annotated[list[Address], ONE_OR_MORE] = Field(min_length=1)
    ca_file: Text | None = Field(default=None, description="Authorities, PEM.")
    timeout: Duration = 30.0

    @model_validator(mode="after")
    def _keeps_the_password(self) -> "EmailShape":
        if (self.username is None) != (self.password is None):
            raise wrong("`username` and `password` go together")
        if self.password is not None and self.security == "none" and self.host not in LOOPBACK:
            raise wrong("would send the password in the clear", "use `starttls` or `tls`")
        return self


class AppriseShape(Shape):
    """Any service that Apprise knows."""

    url: Secret
    timeout: Duration = 60.0

    @model_validator(mode="after")
    def _is_known(self) -> "AppriseShape":
        if problem := problem_with(revealed(self.url)):
            advice = "see https://appriseit.com/services"
            if problem == NOT_INSTALLED:
                advice = "pip install 'regwatch[apprise]'"
            raise wrong(problem, advice)
        return self
