"""The documented installation, typed into a clean Debian 12 that was booted with its systemd.

Typed as it stands, by a user who may use sudo, but for the addresses of the PBX and of the chat:
these are programs of that machine.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest
from fakes.booted import WHEELS, Machine, booted
from fakes.patience import PATIENCE

pytestmark = [pytest.mark.long, pytest.mark.by_hand, pytest.mark.needs_debian]

PROMPT = r"typed-(\d+)> "
DOWN, CONTROL_X = "\x1b[B", "\x18"
SECRETS = {"acme-secret": "demo-secret", "slack-url": "http://127.0.0.1:8088/hook"}
ADDRESSES = {"https://pbx.example.com": "http://127.0.0.1:8089", "0123abcd": "demo"}
CHAT = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Chat(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/var/tmp/told", "ab") as told:
            told.write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

HTTPServer(("127.0.0.1", 8088), Chat).serve_forever()
"""
LAST_LINES = "journalctl --no-pager -n 40"
USERS = ("root", "member", "nobody")
LOOKING = (
    "status",
    "incidents",
    "extensions --find 101",
    "show 101",
    "history --since 1h",
    "why 101",
    "silence list",
)
CHANGING = (
    'silence add extension=101 --for 1h --comment "new desk"',
    "unregister {one_each} --yes",
    "test-alert",
)
WITH_SECRETS = ("check-config", "poll")


class Terminal:
    """A login shell of the machine's user, and somebody who types into it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        command, *arguments = machine.inside("bash", "--norc", user="admin")
        self.shell: Any = pexpect.spawn(
            command, arguments, encoding="utf-8", timeout=PATIENCE, dimensions=(50, 200)
        )
        self.transcript: list[str] = []
        self.shell.sendline("cd ~admin/regwatch; bind 'set enable-bracketed-paste off'")
        self.shell.sendline("PS1='typed''-$?> '")
        self.shell.expect(PROMPT)

    def type(self, command: str, *answers: tuple[str, str]) -> str:
        """What it prints; `answers` are pairs of what is waited for, and what is typed then."""
        self.shell.sendline(command)
        self.shell.expect_exact(command)
        for waited_for, typed in answers:
            self.shell.expect_exact(waited_for)
            self.shell.send(typed)
        self.shell.expect(PROMPT)
        said = self.shell.before.replace("\r", "").strip()
        self.transcript.append(f"$ {command}\n{said}")
        print(self.transcript[-1])
        if self.shell.match[1] != "0":
            print(
                self.machine.run(
                    "journalctl --no-pager -n 60; systemctl cat regwatch | tail -30"
                ).stdout
            )
        assert self.shell.match[1] == "0", said
        return said


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Iterator[Machine]:
    if os.geteuid() != 0:
        pytest.skip("only root can boot a machine")
    with booted(tmp_path, root) as machine:
        (machine.root / "opt/chat.py").write_text(CHAT)
        yield machine


@pytest.fixture
def terminal(machine: Machine) -> Terminal:
    return Terminal(machine)


def shell_lines(section) -> Sequence[str]:
    return [
        line
        for block in section.blocks
        if block.language == "sh"
        for line in block.body.splitlines()
    ]


def answers_to(line: str, drop_in: str) -> Sequence[tuple[str, str]]:
    """What a person does at a prompt of this command, or in the editor that it opens."""
    for name, secret in SECRETS.items():
        if "systemd-ask-password" in line and f"{name}:" in line:
            return [(f"{name}:", f"{secret}\r")]
    if "systemctl edit" in line:
        written = 2 * DOWN + drop_in.replace("\n", "\r") + CONTROL_X
        return [("Help", written), ("Save modified buffer", "y"), ("File Name to Write", "\r")]
    return []


def type_all(terminal: Terminal, section, drop_in: str = "") -> None:
    for line in shell_lines(section):
        terminal.type(line, *answers_to(line, drop_in))


def install(machine: Machine, terminal: Terminal, page) -> None:
    """Type what the page says, and configure as it says."""
    section = page.section("Install it under systemd")
    (configuration,) = [b.body for b in section.blocks if b.language == "yaml"]
    (drop_in,) = [b.body for b in section.blocks if b.language == "ini"]
    for example, real in ADDRESSES.items():
        configuration = configuration.replace(example, real)
    for line in shell_lines(section):
        if line == "sudo regwatch check-config":
            (machine.root / "etc/regwatch/regwatch.yml").write_text(configuration)
            start_surroundings(machine)
        terminal.type(line, *answers_to(line, drop_in))


def start_surroundings(machine: Machine) -> None:
    """A PBX and a chat, which go on whatever becomes of regwatch."""
    simulate = "/opt/regwatch/bin/regwatch simulate --calm --extensions 20"
    for unit, command, port in (("pbx", simulate, 8089), ("chat", "python3 /opt/chat.py", 8088)):
        machine.succeed(f"systemd-run --unit={unit} {command}")
        machine.succeed(f"until (exec 3<>/dev/tcp/127.0.0.1/{port}); do sleep 0.1; done")


def until_it_watches(machine: Machine) -> None:
    machine.succeed("until regwatch show 119; do sleep 0.1; done")


def test_who_types_what_the_page_says_has_a_daemon_that_watches(
    machine: Machine, terminal: Terminal, pages
) -> None:
    install(machine, terminal, pages["install"])
    until_it_watches(machine)
    machine.succeed("until systemctl status regwatch | grep '20 extensions'; do sleep 0.1; done")
    machine.succeed("useradd -m -G regwatch member")
    done = {
        (command, user): machine.run(f"regwatch {command.format(one_each=each)}", user=user)
        for command in (*LOOKING, *WITH_SECRETS, *CHANGING)
        for each, user in enumerate(USERS, 105)
    }
    for (command, user), one in done.items():
        print(f"{user}$ regwatch {command}  [{one.returncode}]\n{one.stdout}")
    works = {key for key, one in done.items() if one.returncode == 0}
    assert works == {
        *((command, user) for command in LOOKING for user in USERS),
        *((command, user) for command in CHANGING for user in ("root", "member")),
        *((command, "root") for command in WITH_SECRETS),
    }
    for command in CHANGING:
        assert "sudo" in done[command, "nobody"].stdout, "it says how to come to it"
    type_all(terminal, pages["install"].section("Uninstall"))
    left = machine.run(
        f"find / -xdev -name '*regwatch*' -not -path '/home/*' -not -path '{WHEELS}/*'"
    )
    assert left.stdout == ""
    assert machine.run("getent passwd regwatch; getent group regwatch").stdout == ""


def test_who_upgrades_from_a_dynamic_user_keeps_the_state(
    machine: Machine, terminal: Terminal, pages, documents
) -> None:
    """As the unit of before had it: the state in /var/lib/private."""
    unit = machine.root / "home/admin/regwatch/systemd/regwatch.service"
    present = unit.read_text()
    unit.write_text(as_before(present))
    install(machine, terminal, pages["install"])
    until_it_watches(machine)
    machine.succeed("test -L /var/lib/regwatch -a -e /var/lib/private/regwatch/regwatch.db")
    unit.write_text(present)
    for line in shell_lines(pages["install"].section("Upgrade")):
        terminal.type(line)
        if line == "sudo systemctl stop regwatch":
            terminal.type(owner_changed(documents["CHANGELOG.md"]))
    until_it_watches(machine)
    owner = machine.run("stat -c '%U %a %F' /var/lib/regwatch /var/lib/regwatch/regwatch.db")
    assert owner.stdout == "regwatch 700 directory\nregwatch 600 regular file\n"
    journal = machine.run("journalctl -u regwatch -o cat").stdout
    assert "state_restored" in journal


def as_before(unit: str) -> str:
    """It had no user of its own, nor a socket."""
    without = re.sub(r"^(User|Group|RuntimeDirectory\w*)=.*\n", "", unit, flags=re.MULTILINE)
    return without.replace("StateDirectory=regwatch", "DynamicUser=yes\nStateDirectory=regwatch")


def owner_changed(changelog) -> str:
    """The one command more that this upgrade asks for."""
    (found,) = re.findall(r"`(sudo chown [^`]*)`", changelog.text)
    return found
