"""Bad configurations and environments, one after the other, for one running daemon."""

import asyncio
import os
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from fakes.patience import PATIENCE
from fakes.pbx import SECRET, FakePbx, info, serving
from fakes.sink import Sink, sink
from structlog.testing import capture_logs

from regwatch.app.daemon import Daemon
from regwatch.config import load_config
from regwatch.store import opening

TLS = Path(__file__).parents[1] / "web" / "tls"
NOBODY = 65_534

NUMBER = "0123456701234"
"""A secret of digits alone, which YAML takes for a number."""
CONFIG = """\
accounts:
  - name: acme
    url: "{pbx}"
    client_id: demo
    client_secret_file: client-secret
    ca_file: ca.pem
    extensions: {{ids: [1, 2, 3], discover: false}}
    polling: {{interval: 1s}}
templates: words
receivers:
  - {{name: hook, webhook: {{url_file: hook-url}}}}
  - name: mail
    email: {{host: 127.0.0.1, from: a@example.com, to: [b@example.com], ca_file: ca.pem}}
routes: [{{receivers: [hook], group_wait: 0s}}]
heartbeat: {{url: "{hook}", every: 1h}}
http:
  listen: "127.0.0.1:0"
  web_config_file: web.yml
  api_token: "${{API_TOKEN}}"
storage: {{url: "sqlite:///{state}/regwatch.db"}}
"""
WEB = (
    "tls_server_config: {{cert_file: cert.pem, key_file: key.pem}}\nbasic_auth_users: {{{users}}}\n"
)
USER = "prometheus: $2b$04$CwTycUXWue0Thq9StjUM0uJ8Uk3d4cE9o5wW6lqJ0bS1eFh0n5g6K"


@dataclass
class Scene:
    """A sound configuration with all that it names, to be spoilt and put right again."""

    folder: Path
    places: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)
    left: ExitStack = field(default_factory=ExitStack)
    """What is undone when all is put right."""

    @property
    def file(self) -> Path:
        return self.folder / "regwatch.yml"

    def put_right(self) -> None:
        self.left.close()
        for each in self.folder.iterdir():
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        self.environ.clear()
        self.environ |= {
            "CREDENTIALS_DIRECTORY": str(self.folder / "credentials"),
            "API_TOKEN": SECRET,
        }
        (self.folder / "credentials").mkdir()
        (self.folder / "words").mkdir()
        self.write("credentials/client-secret", f"{SECRET}\n")
        self.write("hook-url", f"{self.places['hook']}?key={SECRET}\n")
        self.write("words/mail.title.j2", "{{ title }}")
        self.write("web.yml", WEB.format(users=USER))
        for name in ("cert.pem", "key.pem"):
            shutil.copy(TLS / name, self.folder)
        shutil.copy(TLS / "cert.pem", self.folder / "ca.pem")
        self.write("regwatch.yml", CONFIG.format(**self.places))

    def write(self, name: str, content: str | bytes) -> None:
        encoded = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(encoded)

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1, old
        self.file.write_text(text.replace(old, new))

    def add(self, text: str) -> None:
        self.file.write_text(self.file.read_text() + text)


Spoil = Callable[[Scene], None]


@dataclass(frozen=True)
class Case:
    """One way to spoil it, and what the daemon says then."""

    name: str
    says: str
    spoil: Spoil


def changed(old: str, new: str) -> Spoil:
    return lambda scene: scene.change(old, new)


def added(text: str) -> Spoil:
    return lambda scene: scene.add(text)


def holding(name: str, content: str | bytes) -> Spoil:
    return lambda scene: scene.write(name, content)


def gone(name: str) -> Spoil:
    return lambda scene: (scene.folder / name).unlink()


def in_place_of(name: str, put: Callable[[Path], object]) -> Spoil:
    def spoil(scene: Scene) -> None:
        path = scene.folder / name
        path.unlink()
        put(path)

    return spoil


def zeroes(path: Path) -> None:
    path.symlink_to("/dev/zero")


def itself(path: Path) -> None:
    path.symlink_to(path)


def ten_terabytes(path: Path) -> None:
    with path.open("wb") as opened:
        opened.truncate(10 << 40)


def forbidden(name: str) -> Spoil:
    """Root gives up its right to read all, meanwhile."""

    def spoil(scene: Scene) -> None:
        (scene.folder / name).chmod(0)
        scene.left.enter_context(as_nobody())

    return spoil


@contextmanager
def as_nobody() -> Iterator[None]:
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


def half_of_it(scene: Scene) -> None:
    text = scene.file.read_text()
    scene.file.write_text(text[: text.index("receivers:") + 30])


def without(name: str) -> Spoil:
    return lambda scene: scene.environ.pop(name) and None


def no_credentials_folder(scene: Scene) -> None:
    shutil.rmtree(scene.folder / "credentials")


def another_key(scene: Scene) -> None:
    shutil.copy(TLS / "encrypted-key.pem", scene.folder / "key.pem")


def odd_proxy(scene: Scene) -> None:
    named = {"http_proxy": f"http://me:{SECRET}@p:port", "no_proxy": ""}
    scene.left.enter_context(mock.patch.dict(os.environ, named))
    scene.change("    ca_file: ca.pem\n    ext", "    proxy_from_environment: true\n    ext")


def locked_database(scene: Scene) -> None:
    other = sqlite3.connect(Path(scene.places["state"]) / "regwatch.db")
    other.execute("BEGIN IMMEDIATE")
    scene.left.enter_context(closing(other))


def taken_address(scene: Scene) -> None:
    taken = scene.left.enter_context(socket.create_server(("127.0.0.1", 0)))
    scene.change("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)
RECEIVER = "receivers:\n"
HASH = "$2b$04$CwTycUXWue0Thq9StjUM0uJ8Uk3d4cE9o5wW6lqJ0bS1eFh0n5g6K"

CASES: Sequence[Case] = [
    # the file itself
    Case("the configuration is deleted", "no such file", gone("regwatch.yml")),
    Case("it may not be read", "permission denied", forbidden("regwatch.yml")),
    Case("a folder in its place", "is a directory", in_place_of("regwatch.yml", Path.mkdir)),
    Case("a pipe in its place", "no regular file", in_place_of("regwatch.yml", os.mkfifo)),
    Case("a device in its place", "no regular file", in_place_of("regwatch.yml", zeroes)),
    Case("a link to itself in its place", "symbolic links", in_place_of("regwatch.yml", itself)),
    Case("10 TB in its place", "larger than 4 MiB", in_place_of("regwatch.yml", ten_terabytes)),
    Case("it is empty", "must be a mapping", holding("regwatch.yml", "")),
    Case("half of it is written", "regwatch.yml", half_of_it),
    Case("it is not UTF-8", "not UTF-8", holding("regwatch.yml", b"accounts: \xff\xfe\0")),
    Case("it holds a NUL", "not valid YAML", added("timezone: a\0b\n")),
    Case("it holds a NUL in quotes", "character that is none", changed(": words", ': "a\\0b"')),
    Case("it holds half a character", "character that is none", changed("acme", '"\\ud800"')),
    Case("it is no YAML, with a secret", "not valid YAML", added(f"x: *{SECRET}\n")),
    Case("aliases that unfold to 10⁹ values", "too much of it", added(BOMB)),
    Case("100,000 brackets", "not valid YAML", added("x: " + "[" * 100_000)),
    Case("a key stands twice", "stands twice", added("routes: []\n")),
    Case("a misspelt key", "unknown key", added("recievers: []\n")),
    Case("a value of another type", "expected a list", changed("[1, 2, 3]", "3")),
    Case(
        "a secret that YAML reads as a number",
        "quote it",
        changed("client_secret_file: client-secret", f"client_secret: {NUMBER}"),
    ),
    # environment and secrets
    Case("a variable is not set", "${API_TOKEN} is not set", without("API_TOKEN")),
    Case("the credentials' folder is gone", "no such file", no_credentials_folder),
    Case("the credentials' folder is not given", "no such file", without("CREDENTIALS_DIRECTORY")),
    Case("a secret's file is gone", "no such file", gone("credentials/client-secret")),
    Case(
        "a secret's file may not be read",
        "permission denied",
        forbidden("credentials/client-secret"),
    ),
    Case(
        "a pipe in place of a secret's file", "no regular file", in_place_of("hook-url", os.mkfifo)
    ),
    Case(
        "a device in place of a secret's file", "no regular file", in_place_of("hook-url", zeroes)
    ),
    Case(
        "a link to itself in place of a secret's file",
        "no such file",
        in_place_of("hook-url", itself),
    ),
    Case(
        "10 TB in place of a secret's file",
        "larger than 64 KiB",
        in_place_of("hook-url", ten_terabytes),
    ),
    Case(
        "a secret's file is not UTF-8", "not UTF-8", holding("hook-url", SECRET.encode() + b"\xff")
    ),
    Case("a secret's file is empty", "is empty", holding("hook-url", "\n")),
    Case(
        "the secret itself in place of its file",
        "no such file",
        changed("client-secret\n", f"{SECRET}\n"),
    ),
    Case("a proxy in the environment that is none", "not the URL of an HTTP proxy", odd_proxy),
    # what it names
    Case("authorities that are none", "no certificates in PEM", holding("ca.pem", SECRET)),
    Case("authorities that are a pipe", "no regular file", in_place_of("ca.pem", os.mkfifo)),
    Case("the web config file is gone", "no such file", gone("web.yml")),
    Case(
        "a pipe in place of the web config file",
        "no regular file",
        in_place_of("web.yml", os.mkfifo),
    ),
    Case(
        "a password that is not hashed",
        "must be the bcrypt hash",
        holding("web.yml", f"basic_auth_users: {{bob: {SECRET}}}"),
    ),
    Case(
        "a hash that takes days",
        "bcrypt's cost must be",
        holding("web.yml", WEB.format(users=USER.replace("$04$", "$31$"))),
    ),
    Case("a certificate that is none", "no matching certificate", holding("cert.pem", SECRET)),
    Case("a key that is encrypted", "no matching certificate", another_key),
    Case("a key that is a device", "no regular file", in_place_of("key.pem", zeroes)),
    Case("the templates' folder is a file", "not a directory", changed(": words", ": ca.pem")),
    Case("a template that is none", "mail.body.j2:1", holding("words/mail.body.j2", "{% if %}")),
    Case(
        "a template with a name that is none",
        "no variable `alert`",
        holding("words/mail.body.j2", "{{ alert }}"),
    ),
    Case(
        "a template that fails on every message",
        "has no attribute",
        holding("words/mail.body.j2", "{{ alerts[0].labls.site | upper }}"),
    ),
    Case(
        "a template that is a pipe",
        "no regular file",
        in_place_of("words/mail.title.j2", os.mkfifo),
    ),
    # receivers and the rest
    Case(
        "a receiver with two kinds",
        "has 2 kinds",
        changed("email:", f"slack: {{url: 'https://{SECRET}'}}\n    email:"),
    ),
    Case(
        "a URL that is none",
        "expected an http or https URL",
        changed("url_file: hook-url", f"url: {SECRET}"),
    ),
    Case(
        "a service that Apprise does not know",
        "does not know this kind",
        changed(RECEIVER, f"{RECEIVER}  - {{name: a, apprise: {{url: 'nobody://{SECRET}'}}}}\n"),
    ),
    Case("a mail server with its port", "without its port", changed("127.0.0.1,", "'smtp:25',")),
    Case(
        "a heartbeat to nowhere",
        "heartbeat.url",
        changed('heartbeat: {url: "http', 'heartbeat: {url: "ftp'),
    ),
    Case("a route to nobody", "no receiver is named", changed("[hook]", "[hok]")),
    Case("a database of another kind", "not available", changed("sqlite:///", "postgresql://")),
    Case("a level of the log that is none", "is not possible here", added("log: {level: loud}\n")),
    Case(
        "metrics for some phones", "metrics.per_extension", added("metrics: {per_extension: x}\n")
    ),
    Case("an address that is taken", "address already in use", taken_address),
    Case(
        "an address of another machine",
        "cannot assign requested address",
        changed("127.0.0.1:0", "192.0.2.1:9877"),
    ),
    Case("a database that is locked", "database is locked", locked_database),
]


@dataclass(frozen=True)
class Told:
    """What came of one."""

    case: Case
    problems: Sequence[str]
    log: Sequence[Any]
    """Errors."""
    metric: float | None
    is_same: bool
    """Configuration, parts and address are those that were there before."""


@dataclass
class Running:
    """A daemon that goes on."""

    scene: Scene
    daemon: Daemon
    pbx: FakePbx
    hook: Sink
    heard: list[Any] = field(default_factory=list)
    """All that was logged meanwhile, whatever its level."""

    @property
    def metric(self) -> float | None:
        """Whether the last reload succeeded, as is scraped."""
        registry = self.daemon.begun.around.instruments.registry
        return registry.get_sample_value("regwatch_config_last_reload_successful")

    async def suffers(self, case: Case) -> Told:
        """A reload that is to change nothing."""
        begun = self.daemon.begun
        before = begun.reloader.config, begun.engine.parts, self.daemon.address
        case.spoil(self.scene)
        with capture_logs() as logs:
            async with asyncio.timeout(PATIENCE):
                problems = await self.daemon.reload()
        self.heard.extend(logs)
        self.scene.put_right()
        after = begun.reloader.config, begun.engine.parts, self.daemon.address
        is_same = all(a is b for a, b in zip(before, after, strict=True))
        errors = [line for line in logs if line["log_level"] == "error"]
        # A poll may meet the lock too.
        errors = [line for line in errors if "store" not in line["event"]]
        return Told(case, problems, errors, self.metric, is_same)

    async def polls(self, more: int) -> None:
        """Wait for so many more."""
        until = len(self.pbx.batches) + more
        async with asyncio.timeout(PATIENCE):
            while len(self.pbx.batches) < until:
                await asyncio.sleep(0.05)


def open_to_all(state: Path) -> None:
    """A connection that is opened while root is nobody is to be as good as the others."""
    state.chmod(0o777)
    for each in state.iterdir():
        each.chmod(0o666)


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    """It polls each second and tells its hook at once."""
    with (
        TemporaryDirectory(prefix="regwatch-") as name,
        mock.patch.object(opening, "BUSY_SECONDS", 0.2),
    ):
        Path(name).chmod(0o755)
        folder, state = Path(name) / "etc", Path(name) / "state"
        folder.mkdir()
        state.mkdir()
        async with serving(FakePbx()) as pbx, sink() as hook:
            places = {"pbx": pbx.url, "hook": hook.url, "state": str(state)}
            scene = Scene(folder, places)
            scene.put_right()
            config = load_config(scene.file, environ=scene.environ)
            daemon = Daemon(scene.file, config, environ=scene.environ)
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                life = group.create_task(daemon.run(stop))
                started = group.create_task(daemon.started.wait())
                await asyncio.wait([life, started], return_when=asyncio.FIRST_COMPLETED)
                open_to_all(state)
                try:
                    yield Running(scene, daemon, pbx, hook)
                finally:
                    stop.set()


def lost(extension_id: int) -> dict[str, object]:
    """As the PBX tells of one that is gone."""
    return info(extension_id, registered=False, registrations=[])
