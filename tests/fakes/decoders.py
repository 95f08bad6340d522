"""Every place where what others wrote becomes values, and which errors it may raise."""

import gzip
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from unittest.mock import patch
from urllib.parse import quote

import click
import msgspec
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from fakes.notifications import lost, notification
from fakes.values import registration
from msgspec import Struct
from pydantic import TypeAdapter, ValidationError

from regwatch.cli.errors import RemoteError
from regwatch.cli.look import looked_at_now
from regwatch.cli.parameters import DurationType, MomentType
from regwatch.cli.remote import decoded as decoded_answer
from regwatch.cli.whereabouts import named
from regwatch.config import ConfigError, load_config
from regwatch.config.hours import Days, Hours, MaintenanceShape, Timezone, WallTime
from regwatch.config.sections import HttpUrl, Network
from regwatch.core.addresses import canonical, host_of
from regwatch.core.alerts.mutes import Silence
from regwatch.core.dispatch.mentions import stored_form
from regwatch.core.dispatch.routing import labels_of_group
from regwatch.core.durations import humanise
from regwatch.core.history import Happening
from regwatch.core.matchers import Matchers, names_extension
from regwatch.core.model import (
    Extension,
    ExtensionId,
    Incident,
    Notified,
    Timestamp,
    Watched,
)
from regwatch.core.phones.answer_times import AnswerTime
from regwatch.core.phones.identity import model_of
from regwatch.core.phones.moves import place_of
from regwatch.notify.http import answered, retry_after_header, retry_after_json
from regwatch.notify.redaction import origin_of, redact, secrets_of
from regwatch.notify.words.templates import Template, TemplateError
from regwatch.shapes.single import Address, ExtensionPattern, OneUrl
from regwatch.shapes.values import Duration, Share, Text
from regwatch.sources.recorded.record import records_in
from regwatch.sources.ringme.body import unpack
from regwatch.sources.ringme.errors import PbxAnswerError
from regwatch.sources.ringme.exchange import Endpoint, Reply, Request, error_for, json_body
from regwatch.sources.ringme.expiry import lease_end
from regwatch.sources.ringme.proxy import proxy_for
from regwatch.sources.ringme.quota import read_quota, retry_after
from regwatch.sources.ringme.redaction import redact as redact_pbx
from regwatch.sources.ringme.wire import Entry, RegInfo, decode_registration, decode_registrations
from regwatch.sources.ringme.wire_lists import (
    ListedExtension,
    ListedGroup,
    RawGrant,
    RawUser,
    decode_grant,
    decode_groups,
    decode_page,
    decode_user,
)
from regwatch.sources.source import SourceError
from regwatch.store.packing import PackError, packed, unpacked
from regwatch.store.rows import notification_of
from regwatch.store.sealed import UnreadableError, opened
from regwatch.systemd import Notifier
from regwatch.watcher.keeper import decode_memory
from regwatch.web.api.bodies import (
    Acknowledgement,
    Deletion,
    HistoryBody,
    IncidentsBody,
    NewSilence,
    StatusBody,
)
from regwatch.web.api.request import ApiError, asked, end_of, limit_of, read_body, time_of
from regwatch.web.auth import credentials_in
from regwatch.web.listener import ListenError, parse_address
from regwatch.web.listing import Search
from regwatch.web.metrics.exposition import accepts_gzip, negotiate
from regwatch.web.origin import Names, host_in
from regwatch.web.webconfig import WebConfigError, load_web_config

SAMPLES = Path(__file__).parents[1] / "sources" / "ringme" / "samples"
FIELD = Path(__file__).parents[1] / "field"
NOW = Timestamp(1_800_000_000.0)
LOOK = looked_at_now(80)
IDS = {ExtensionId(number) for number in range(200_000)}
CONFIG = (FIELD / "ipv4-mapped-address" / "regwatch.yml").read_bytes()
RECORD = (FIELD / "ipv4-mapped-address" / "answers.jsonl").read_bytes().split(b"\n")[0]
HASH = b"$2y$05$CwTycUXWue0Thq9StjUM0uJ8Uk3d4cE9o5wW6lqJ0bS1eFh0n5g6K"
WEB_CONFIG = b"basic_auth_users: {anna: " + HASH + b"}\ntls_server_config: {cert_file: a}\n"
LINE, ANSWER = 8190, 1 << 16
AT_MOST = {
    "sources/ringme/wire.py": ANSWER, "sources/ringme/wire_lists.py": ANSWER,
    "sources/ringme/exchange.py": ANSWER, "a redirection": LINE, "a content type": LINE,
    "sources/ringme/quota.py": LINE, "sources/ringme/redaction.py": ANSWER,
    "sources/ringme/expiry.py": ANSWER, "notify/http.py": 16_384, "Retry-After of a service": LINE,
    "a receiver's answer, quoted": ANSWER, "web/api/request.py": ANSWER,
    "a number of lines": LINE, "a time": LINE, "web/listing.py": LINE, "web/auth.py": LINE,
    "web/origin.py": LINE,
    "web/metrics/exposition.py": LINE, "core/addresses.py": 1024, "core/phones/moves.py": 256,
    "core/phones/outages.py": 1024, "core/matchers.py": 256,
}  # fmt: skip
"""Bytes, by name or module: a line of HTTP, and what is read of an answer or a body without a
thread.
"""
Kind = Literal["bytes", "text", "json"]


@dataclass(frozen=True, slots=True)
class Decoder:
    """One way in."""

    name: str
    module: str
    """Where it is, below `regwatch`."""
    work: Callable[[Any], object]
    takes: Kind = "bytes"
    may_raise: tuple[type[Exception], ...] = ()
    names: Sequence[str] = ("x",)
    """What the others' JSON is made of."""
    samples: Sequence[bytes] = field(default=(), repr=False)

    @property
    def most(self) -> int:
        """Bytes that can come at once to a running daemon; 0: it is none's that runs."""
        return AT_MOST.get(self.name, AT_MOST.get(self.module, 0))


def names_of(*kinds: type[Struct]) -> tuple[str, ...]:
    return tuple(name for kind in kinds for name in kind.__struct_fields__)


def sample(name: str) -> Sequence[bytes]:
    return ((SAMPLES / f"{name}.json").read_bytes(),)


def reply(body: bytes, status: int = 400, **more: Any) -> Reply:
    return Reply(status, body, NOW, **more)


def query(text: str) -> Any:
    """A request whose query says this under every name."""
    value = quote(text, safe="", errors="surrogatepass")
    names = ("q", "page", "state", "limit", "since")
    return make_mocked_request("GET", "/?" + "&".join(f"{name}={value}" for name in names))


def silence(body: bytes) -> object:
    return end_of(read_body(body, NewSilence), NOW)  # type: ignore[arg-type]


def in_file(name: str, work: Callable[[Path], object]) -> Callable[[bytes], object]:
    """The same for what reads a file."""

    def written(content: bytes) -> object:
        with TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            return work(file)

    return written


def shape(kind: Any) -> Callable[[object], object]:
    return TypeAdapter(kind).validate_python


def matched(pattern: str) -> object:
    one = Extension(ExtensionId(7), "000*101@pbx.example.com")
    labels = {"extension": one.name, "extension_id": "7", "site": "riga"}
    return names_extension(pattern, one), Matchers.of(
        {"extension": pattern, "site": pattern}
    ).matches(labels)


def quota(text: str) -> object:
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    return read_quota(web.Response(headers=dict.fromkeys(names, text)).headers, now=NOW)


def option(kind: click.ParamType) -> Callable[[str], object]:
    return lambda text: kind.convert(text, None, None)


def stored(kind: type, *samples: object) -> Decoder:
    packed = [msgspec.msgpack.encode(each) for each in samples]
    return Decoder(
        f"a stored {kind.__name__}",
        "store/sealed.py",
        lambda body: opened(body, kind),
        may_raise=(UnreadableError,),
        samples=packed,
    )


def service(body: bytes) -> object:
    text = body.decode(errors="replace")
    return answered(text), retry_after_json(text)


def proxied(text: str) -> object:
    with patch.dict(
        os.environ, {"https_proxy": text.replace("\0", "").encode(errors="replace").decode()}
    ):
        return proxy_for("https://pbx.example.com")


API = names_of(NewSilence, Acknowledgement, Deletion)
SERVICE = ("ok", "error", "errors", "status", "retry_after", "parameters", "channel", "ts")
INCIDENT = lost()
SILENCE = b'{"matchers":{"site":["riga"]},"comment":"x","ends_at":"2030-01-01T00:00:00Z"}'

DECODERS = (
    # What the PBX answers.
    Decoder(
        "registrations",
        "sources/ringme/wire.py",
        lambda body: decode_registrations(body, asked=IDS, answered_at=NOW),
        may_raise=(PbxAnswerError,),
        names=names_of(RegInfo, Entry),
        samples=sample("registrations"),
    ),
    Decoder(
        "one registration",
        "sources/ringme/wire.py",
        lambda body: decode_registration(body, ExtensionId(34), NOW),
        may_raise=(PbxAnswerError,),
        names=names_of(RegInfo, Entry),
        samples=sample("registration"),
    ),
    Decoder(
        "the list",
        "sources/ringme/wire_lists.py",
        decode_page,
        may_raise=(PbxAnswerError,),
        names=names_of(ListedExtension),
        samples=sample("extensions"),
    ),
    Decoder(
        "the groups",
        "sources/ringme/wire_lists.py",
        decode_groups,
        may_raise=(PbxAnswerError,),
        names=names_of(ListedGroup),
        samples=sample("groups"),
    ),
    Decoder(
        "the user",
        "sources/ringme/wire_lists.py",
        decode_user,
        may_raise=(PbxAnswerError,),
        names=names_of(RawUser),
        samples=sample("user"),
    ),
    Decoder(
        "a token",
        "sources/ringme/wire_lists.py",
        decode_grant,
        may_raise=(PbxAnswerError,),
        names=names_of(RawGrant),
        samples=sample("token"),
    ),
    Decoder(
        "gzip",
        "sources/ringme/body.py",
        lambda body: unpack(body, "gzip", 10_000),
        may_raise=(PbxAnswerError,),
        samples=(gzip.compress(b"[]", mtime=0),),
    ),
    Decoder(
        "a refusal",
        "sources/ringme/exchange.py",
        lambda body: [
            error_for(reply(body, status), Request(Endpoint.TOKEN, "/"), "h")
            for status in (302, 400, 429)
        ],
        names=("status", "error", "message"),
    ),
    Decoder(
        "a redirection",
        "sources/ringme/exchange.py",
        lambda text: error_for(reply(b"", 302, location=text), Request(Endpoint.USER, "/"), "h"),
        "text",
    ),
    Decoder(
        "a content type",
        "sources/ringme/exchange.py",
        lambda text: json_body(reply(b"", content_type=text)),
        "text",
        (PbxAnswerError,),
    ),
    Decoder("the quota", "sources/ringme/quota.py", quota, "text"),
    Decoder(
        "Retry-After of the PBX",
        "sources/ringme/quota.py",
        lambda text: retry_after(text, now=NOW),
        "text",
    ),
    Decoder(
        "a lease",
        "sources/ringme/expiry.py",
        lambda value: lease_end(value, answered_at=NOW, active=True),
        "json",
    ),
    Decoder(
        "what the PBX says, quoted",
        "sources/ringme/redaction.py",
        lambda text: redact_pbx(text, (text[:9],)),
        "text",
    ),
    Decoder(
        "the proxy of the environment", "sources/ringme/proxy.py", proxied, "text", (ValueError,)
    ),
    Decoder(
        "a record",
        "sources/recorded/record.py",
        in_file("a.jsonl", lambda file: list(records_in(file))),
        may_raise=(SourceError,),
        names=("at", "account", "batch", "listing"),
        samples=(RECORD,),
    ),
    # What receivers answer.
    Decoder("a service's answer", "notify/http.py", service, names=SERVICE),
    Decoder(
        "Retry-After of a service",
        "notify/http.py",
        lambda text: retry_after_header(text, now=NOW),
        "text",
    ),
    Decoder(
        "a receiver's answer, quoted",
        "notify/redaction.py",
        lambda text: redact(text, (text[:9],)),
        "text",
    ),
    Decoder(
        "a receiver's URL",
        "notify/redaction.py",
        lambda text: (origin_of(text), secrets_of(text)),
        "text",
    ),
    # What is asked of the daemon.
    Decoder(
        "a silence",
        "web/api/request.py",
        silence,
        may_raise=(ApiError,),
        names=API,
        samples=(SILENCE,),
    ),
    Decoder(
        "an acknowledgement",
        "web/api/request.py",
        lambda body: read_body(body, Acknowledgement),
        may_raise=(ApiError,),
        names=API,
        samples=(b'{"author":"anna","comment":"x"}',),
    ),
    Decoder(
        "a deletion",
        "web/api/request.py",
        lambda body: read_body(body, Deletion),
        may_raise=(ApiError,),
        names=API,
        samples=(b'{"account":"a","registration_ids":["x"]}',),
    ),
    Decoder(
        "a number of lines",
        "web/api/request.py",
        lambda text: limit_of(query(text), 500),
        "text",
        (ApiError,),
    ),
    Decoder(
        "a time",
        "web/api/request.py",
        lambda text: time_of(query(text), "since"),
        "text",
        (ApiError,),
    ),
    Decoder(
        "a search",
        "web/listing.py",
        lambda text: (asked(query(text), "q"), Search.from_query(query(text).query)),
        "text",
    ),
    Decoder("Authorization", "web/auth.py", credentials_in, "text"),
    Decoder("Origin", "web/origin.py", host_in, "text"),
    Decoder("Host", "web/origin.py", Names("https://pbx.example.com").know, "text"),
    Decoder("Accept", "web/metrics/exposition.py", negotiate, "text"),
    Decoder("Accept-Encoding", "web/metrics/exposition.py", accepts_gzip, "text"),
    # What the operator writes.
    Decoder(
        "the configuration",
        "config/loader.py",
        in_file("a.yml", lambda file: load_config(file, environ={})),
        may_raise=(ConfigError,),
        names=("accounts", "sites", "name", "url", "http"),
        samples=(CONFIG,),
    ),
    Decoder(
        "the web config",
        "web/webconfig.py",
        in_file("web.yml", load_web_config),
        may_raise=(WebConfigError,),
        names=("basic_auth_users", "tls_server_config"),
        samples=(WEB_CONFIG,),
    ),
    Decoder("an address to listen on", "web/listener.py", parse_address, "text", (ListenError,)),
    *(
        Decoder(name, module, shape(kind), "json", (ValidationError,))
        for name, module, kind in (
            ("a text", "shapes/values.py", Text),
            ("a duration", "shapes/values.py", Duration),
            ("a share", "shapes/values.py", Share),
            ("an e-mail address", "shapes/single.py", Address),
            ("a URL", "shapes/single.py", OneUrl),
            ("a pattern", "shapes/single.py", ExtensionPattern),
            ("days", "config/hours.py", Days),
            ("hours", "config/hours.py", Hours),
            ("a time zone", "config/hours.py", Timezone),
            ("a time on the wall", "config/hours.py", WallTime),
            ("a network", "config/sections.py", Network),
            ("the PBX's URL", "config/sections.py", HttpUrl),
        )
    ),
    Decoder(
        "a maintenance window",
        "config/hours.py",
        lambda text: (
            shape(MaintenanceShape)(
                {"from": text, "to": "9999-12-31T23:59", "timezone": "Europe/Riga"}
            ).once
        ),
        "text",
        (ValidationError,),
    ),
    Decoder(
        "a template",
        "notify/words/templates.py",
        lambda text: Template(text).render({}),
        "text",
        (TemplateError,),
    ),
    Decoder(
        "what systemd says",
        "systemd.py",
        lambda text: Notifier.from_environ({"WATCHDOG_USEC": text, "NOTIFY_SOCKET": text}),
        "text",
    ),
    Decoder(
        "a duration on the command line",
        "cli/parameters.py",
        option(DurationType()),
        "text",
        (click.UsageError,),
    ),
    Decoder(
        "a moment on the command line",
        "cli/parameters.py",
        option(MomentType()),
        "text",
        (click.UsageError,),
    ),
    # What the daemon answers its commands.
    *(
        Decoder(
            f"the daemon's {kind.__name__}",
            "cli/remote.py",
            lambda body, kind=kind: decoded_answer(body, kind),
            may_raise=(RemoteError,),
            names=names_of(kind),
        )
        for kind in (StatusBody, IncidentsBody, HistoryBody)
    ),
    Decoder(
        "where the daemon is",
        "cli/whereabouts.py",
        named,
        "text",
        (RemoteError,),
    ),
    Decoder(
        "a time of the daemon's",
        "cli/look.py",
        lambda text: (LOOK.shown(text), humanise(LOOK.age(text))),
        "text",
        (RemoteError,),
    ),
    # What lies in the store.
    stored(Incident, INCIDENT),
    Decoder(
        "a stored message",
        "store/rows.py",
        notification_of,
        may_raise=(UnreadableError,),
        samples=[msgspec.msgpack.encode(stored_form(notification()))],
    ),
    Decoder(
        "packed times of answers",
        "store/packing.py",
        unpacked,
        may_raise=(PackError,),
        samples=[packed([AnswerTime(ExtensionId(1), NOW, (NOW,))])],
    ),
    stored(Watched),
    stored(Notified),
    stored(Silence),
    stored(Happening),
    Decoder("what is remembered of an extension", "watcher/keeper.py", decode_memory),
    Decoder("a group's key", "core/dispatch/routing.py", labels_of_group, "text"),
    # What phones say.
    Decoder(
        "a SIP URI", "core/addresses.py", lambda text: (host_of(text), canonical(text)), "text"
    ),
    Decoder("a device", "core/phones/identity.py", model_of, "text"),
    Decoder(
        "a place", "core/phones/outages.py", lambda text: place_of(registration(real=text)), "text"
    ),
    Decoder("a matcher", "core/matchers.py", matched, "text"),
)
