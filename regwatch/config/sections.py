"""The sections of the file, each a shape; their defaults are regwatch's defaults."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from regwatch.core.addresses import canonical_network
from regwatch.core.known_labels import OWN_LABELS
from regwatch.shapes.shape import Shape
from regwatch.shapes.single import ExtensionPattern, SecretUrl
from regwatch.shapes.values import (
    AUTO,
    FALSE_IS_OFF,
    ONE_OR_MORE,
    Duration,
    Matching,
    Secret,
    Share,
    Text,
    wrong,
)
from regwatch.web.listener import ListenError, parse_address

LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""As Prometheus and Alertmanager want it."""
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


def _http_url(value: object) -> str:
    if not isinstance(value, str):
        raise wrong("expected a URL", "such as https://pbx.example.com")
    try:
        parts = urlsplit(value)
        port_is_wrong = parts.port == 0
    except ValueError:
        raise wrong("no URL: its port or host cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port_is_wrong:
        raise wrong("expected an http or https URL", "such as https://pbx.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise wrong("the URL must carry neither a password nor a query")
    return value.rstrip("/")


HttpUrl = Annotated[
    str, BeforeValidator(_http_url), WithJsonSchema({"type": "string", "format": "uri"})
]


def _extension_id(value: object) -> int:
    if isinstance(value, str) and not value.isdecimal():
        raise wrong(
            f"`{value}` is no extension id",
            "ids are numbers; names and patterns go under `exclude` or a site",
        )
    if isinstance(value, bool) or not isinstance(value, int | str) or int(value) < 0:
        raise wrong("expected an extension id", "a number as the PBX's list gives it")
    return int(value)


ExtensionIdValue = Annotated[
    int, BeforeValidator(_extension_id), WithJsonSchema({"type": "integer", "minimum": 0})
]


class DiscoverShape(Shape):
    """What is taken of the PBX's own list."""

    type: Text | None = "phone"
    status: Text | None = "active"
    every: Duration = Field(default=900.0, ge=10.0)


class ExpectationShape(Shape):
    """Extensions that are expected at other hours than the rest."""

    extensions: list[ExtensionPattern] = Field(min_length=1)
    expected: Text = Field(description="`always`, `never`, or one of `schedules`.")


class ExtensionsShape(Shape):
    """Which extensions are watched."""

    ids: list[ExtensionIdValue] = []
    discover: Annotated[DiscoverShape | None, FALSE_IS_OFF] = DiscoverShape()
    exclude: list[ExtensionPattern] = []
    expected: Text = Field(
        default="always", description="`always`, `never`, or one of `schedules`."
    )
    overrides: list[ExpectationShape] = []

    @model_validator(mode="after")
    def _watches_something(self) -> "ExtensionsShape":
        if not self.ids and self.discover is None:
            raise wrong("nothing to watch", "give `ids`, or leave `discover` on")
        return self


class PollingShape(Shape):
    """How the PBX is asked."""

    interval: Duration = Field(default=60.0, ge=1.0)
    batch_size: int = Field(default=50, ge=1, le=350)
    concurrency: int = Field(default=4, ge=1, le=32)
    timeout: Duration = Field(default=10.0, gt=0.0)
    connect_timeout: Duration = Field(default=5.0, gt=0.0)
    requests_per_hour: Annotated[int | None, Field(ge=1), AUTO] = Field(
        default=None, json_schema_extra={"description": "`auto`: what the PBX says."}
    )
    reserve: Annotated[Share, Field(lt=1.0)] = 0.1
    stale_after: Duration = Field(default=900.0, ge=10.0)


class AccountShape(Shape):
    """One PBX customer with its own credentials and quota."""

    name: Text = "default"
    url: HttpUrl
    client_id: Text | None = None
    client_secret: Secret | None = None
    access_token: Secret | None = None
    scope: Text = ""
    ca_file: Text | None = None
    proxy_from_environment: bool = False
    extensions: ExtensionsShape = ExtensionsShape()
    polling: PollingShape = PollingShape()

    @model_validator(mode="after")
    def _has_credentials(self) -> "AccountShape":
        pair = (self.client_id is not None, self.client_secret is not None)
        if self.access_token is not None and any(pair):
            raise wrong("has two ways to log in", "give `access_token`, or id and secret, not both")
        if self.access_token is None and not all(pair):
            raise wrong(
                "has no credentials", "give `client_id` and `client_secret_file`, or `access_token`"
            )
        return self


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(value if isinstance(value, str) else "", strict=True)
    except ValueError as error:
        raise wrong(f"no network: {error}" if value else "no network") from None
    return canonical_network(network)


Network = Annotated[
    IPv4Network | IPv6Network, PlainValidator(_network), WithJsonSchema({"type": "string"})
]


def _label_name(value: object) -> str:
    if not isinstance(value, str) or not LABEL_NAME.fullmatch(value):
        raise wrong("expected a label's name", "letters, digits and `_`, such as `team`")
    if value in OWN_LABELS or value.startswith("__"):
        raise wrong(f"`{value}` is a label of regwatch's own", "choose another name")
    return value


LabelName = Annotated[str, BeforeValidator(_label_name)]


class SiteShape(Shape):
    """A place: by networks, by extensions, or both."""

    name: Text
    networks: list[Network] = []
    extensions: list[ExtensionPattern] = []
    labels: dict[LabelName, Text] = {}


class EscalateShape(Shape):
    """Who is told, too, if nobody acknowledges."""

    after: Duration = Field(default=900.0, gt=0.0, description="From when it was first told.")
    receivers: Annotated[list[Text], ONE_OR_MORE] = Field(min_length=1)


class RouteShape(Shape):
    """Which alerts go to which receivers, and how they are put together."""

    match: Matching = {}
    receivers: list[Text] = Field(min_length=1)
    group_by: list[Text] = ["account", "site", "alert"]
    group_wait: Duration = 10.0
    group_interval: Duration | None = Field(
        default=None, description="1m; 5m for groups without anything critical, 15m for info alone."
    )
    repeat: Annotated[list[Duration], ONE_OR_MORE] | None = Field(
        default=None, description="1h, 4h, 24h; none for info alone. The last one repeats."
    )
    digest: Duration = Field(default=0.0, description="Collects so long what goes this way.")
    continue_: bool = Field(default=False, alias="continue")
    active: Text | None = Field(
        default=None, description="One of `schedules`: the route matches in these hours only."
    )
    escalate: EscalateShape | None = Field(
        default=None, description="Who is told, too, if nobody acknowledges in time."
    )
    send_resolved: bool = Field(default=True, description="Whether the end is told, too.")

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """A digest is one message, unless the file says otherwise."""
        is_told = "group_by" in self.model_fields_set
        return () if self.digest and not is_told else tuple(self.group_by)


class HeartbeatShape(Shape):
    """A dead-man's switch."""

    url: SecretUrl
    every: Duration = 60.0
    method: Literal["GET", "POST", "HEAD"] = Field(
        default="GET", description="How it is pinged: as its service asks."
    )


def _listen(value: object) -> str:
    try:
        parse_address(value if isinstance(value, str) else "")
    except ListenError as error:
        raise wrong(str(error)) from None
    return str(value)


def _host(value: object) -> str:
    if not isinstance(value, str) or not HOST.fullmatch(value.strip()):
        raise wrong("expected a name, without scheme and port", "such as pbx-watch.example.com")
    return value.strip().lower()


HostName = Annotated[str, BeforeValidator(_host)]


class HttpShape(Shape):
    """Where metrics, health and the status page are served."""

    listen: Annotated[str, BeforeValidator(_listen)] = "127.0.0.1:9877"
    socket: Text | None = Field(
        default=None,
        description="A socket of this machine: who may open it may read and write.",
    )
    hosts: Annotated[list[HostName], ONE_OR_MORE] = Field(
        default=[], description="Other names under which the pages and the API are reached."
    )
    trusted_proxies: Annotated[list[Network], ONE_OR_MORE] = Field(
        default=[], description="Networks of proxies whose X-Forwarded-For says who asks."
    )
    web_config_file: Text | None = None
    external_url: HttpUrl | None = None
    api_token: Secret | None = Field(
        default=None, description="Who has it may write through the API: silence, acknowledge."
    )


class StorageShape(Shape):
    """Where the state is kept."""

    url: Text | None = None
    history: Duration = Field(default=30 * 86_400.0, ge=3600.0)


def _per_extension(value: object) -> object:
    if value == "auto" or isinstance(value, int):
        return value
    raise wrong("expected `auto`, `true`, `false` or a number")


class MetricsShape(Shape):
    """How much is exported."""

    per_extension: Annotated[
        Literal["auto"] | bool | int,
        PlainValidator(_per_extension),
        WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "boolean"}, {"type": "integer"}]}),
    ] = "auto"


class LogShape(Shape):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "journal", "console", "json"] = "auto"
