"""Every way by which words come in from outside, and what is kept or shown of them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import msgspec
from aiohttp.test_utils import make_mocked_request
from fakes.decoders import IDS, NOW, read_body, reply
from msgspec import Struct

from regwatch.cli.remote import decoded
from regwatch.config import load_config
from regwatch.notify.errors import DeliveryError
from regwatch.notify.receivers.slack_bot import noted
from regwatch.notify.redaction import redact
from regwatch.notify.words.markup import PLAIN, tidy
from regwatch.shapes.problems import Problem
from regwatch.shapes.values import wrong
from regwatch.sources.recorded.record import records_in
from regwatch.sources.ringme.exchange import Endpoint, Request, error_for
from regwatch.sources.ringme.redaction import redact as redact_pbx
from regwatch.sources.ringme.wire import decode_registrations
from regwatch.sources.ringme.wire_lists import decode_groups, decode_page, decode_user
from regwatch.web.api.bodies import (
    Acknowledgement,
    Deletion,
    HistoryBody,
    IncidentsBody,
    NewSilence,
    StatusBody,
)
from regwatch.web.api.request import asked, named
from regwatch.web.listing import Search
from regwatch.web.webconfig import WebConfigError


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in."""

    name: str
    module: str
    """Below `regwatch`: where the words are made safe."""
    take: Callable[[str], object]
    """What comes in when others say this."""
    longest: int
    """Characters of a text that came in."""


def texts_in(value: object) -> Iterable[str]:
    """Every text in what came in, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Struct):
        yield from texts_in(msgspec.structs.asdict(value))
    elif isinstance(value, dict):
        yield from texts_in([*value, *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from texts_in(each)


def body(value: object) -> bytes:
    """As raw characters where there may be any, else escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def sent(value: object) -> bytes:
    """The same; what is refused where a half of a character stands in it, without."""
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def registrations(word: str) -> object:
    entry = {"registration_id": "r", "device": word, "real_address": word, "contact_address": word}
    other = entry | {"registration_id": word, "device": {"name": word}}
    said = {"extension_id": 7, "registered": True, "registrations": [entry, other]}
    return decode_registrations(body([said]), asked=IDS, answered_at=NOW)


def listed(word: str) -> object:
    group = {"id": 1, "name": f"g{word}", "label": word}
    return (
        decode_page(body([group])),
        decode_groups(body([group])),
        decode_user(body({"client_id": f"c{word}", "timezone": word})),
    )


def refused(word: str) -> object:
    said = f'{{"error": "x", "message": "{word}"}}'.encode(errors="replace")
    return redact_pbx(str(error_for(reply(said), Request(Endpoint.USER, "/"), "pbx")))


def requested(word: str) -> object:
    """By query and path, as they come over the wire."""
    value = quote(word, safe="", errors="surrogatepass")
    request = make_mocked_request("GET", f"/?q={value}", match_info={"id": word})
    return asked(request, "q"), named(request, "id"), Search.from_query({"q": word}).text


def asked_to(word: str) -> object:
    silence = {"matchers": {word[:99] or "x": [word[:99]]}, "comment": f"c{word[:400]}"}
    deletion = {"account": word, "registration_ids": [word]}
    return [
        read_body(sent(silence | {"duration_seconds": 9, "author": f"a{word[:50]}"}), NewSilence),
        read_body(sent({"comment": word[:400]}), Acknowledgement),
        read_body(sent(deletion), Deletion),
    ]


def recorded(word: str) -> object:
    extension = {"id": 7, "name": word, "label": word, "group": word}
    line = {"at": 1.0, "account": word, "detail": word,
            "listing": {"extensions": [extension], "complete": True}}  # fmt: skip
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.jsonl"
        file.write_bytes(sent(line).replace(b"\n", b" "))
        return list(records_in(file))


def answered(word: str) -> object:
    """By the daemon, to its commands."""
    status = {"version": word, "at": word, "problem": word, "accounts": [], "incidents": {word: 1},
              "receivers": [{"name": word, "waiting": 1, "oldest_at": word}]}  # fmt: skip
    line = dict.fromkeys(
        ("at", "kind", "event", "text", "account", "extension", "alert", "receiver"), word
    )
    history = {"history": [line | {"extension_id": None, "incident_id": word}]}
    empty = {"incidents": [], "found": 0}
    wanted = ((StatusBody, status), (HistoryBody, history), (IncidentsBody, empty))
    return [decoded(sent(said), kind) for kind, said in wanted]


CONFIG = """\
accounts: [{{name: {0}, url: "https://pbx.example.com", access_token: x}}]
sites: [{{name: {0}, networks: [192.0.2.0/24], labels: {{floor: {0}}}}}]
receivers: [{{name: {0}, webhook: {{url: "https://x.example.com", headers: {{X: {0}}}}}}}]
routes: [{{receivers: [{0}], match: {{site: {0}}}}}, {{receivers: [{0}]}}]
maintenance:
  - {{name: {0}, match: {{site: {0}}}, from: 2099-01-01T00:00, to: 2099-01-02T00:00, timezone: UTC}}
"""


SPECIAL = str.maketrans("", "", "{}$*?[]")
"""What means something else in a file: variables, templates, patterns."""


def configured(word: str) -> object:
    # What no editor may write is refused, see `no_text` of the loader.
    usable = word.replace("\0", "").encode(errors="ignore").decode().translate(SPECIAL)
    said = "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in f"n{usable}")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.yml"
        file.write_text(CONFIG.format(f'"{said}"'), encoding="utf-8")
        return load_config(file, environ={}).model_dump(mode="json", exclude={"receivers"})


def complained(word: str) -> object:
    """Of a file: it is quoted."""
    path = Path("/x")
    context = wrong(word, word).context
    return str(Problem(path, 1, word, word, word)), WebConfigError(path, word).message, context


def told(word: str) -> object:
    """By a receiver, which is kept and shown."""
    return (
        DeliveryError(word[:999]).message, redact(word, (word[:9],)), noted({"ts": word}, "ts"),
    )  # fmt: skip


def templated(word: str) -> object:
    return tidy(word[:999]), PLAIN.field(word).strip("\u2068\u2069")


ENTRIES = (
    Entry("what the PBX says of registrations", "sources/ringme/lenient.py", registrations, 1024),
    Entry("the PBX's lists", "sources/ringme/lenient.py", listed, 16_400),
    Entry("what the PBX refuses, and why", "sources/ringme/redaction.py", refused, 200),
    Entry("a record", "sources/recorded/record.py", recorded, 1 << 20),
    Entry("what receivers answer", "notify/redaction.py", told, 999),
    Entry("a query and a path", "web/api/request.py", requested, 256),
    Entry("a body", "web/api/request.py", asked_to, 1 << 16),
    Entry("the configuration", "shapes/values.py", configured, 1 << 20),
    Entry("what is wrong with a file", "shapes/problems.py", complained, 1 << 20),
    Entry("a template", "notify/words/markup.py", templated, 999),
    Entry("what the daemon answers", "cli/remote.py", answered, 1 << 20),
)
