"""A real Postfix on loopback, with its own files, that passes on what it takes to another server.

It wants a full name or an address for a greeting, knows one user, and relays for nobody else.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from fakes.debian import program
from fakes.patience import PATIENCE
from fakes.smtp import PASSWORD, USER

MAIN = """\
compatibility_level = 3.6
maillog_file = /dev/stdout
queue_directory = {folder}/queue
data_directory = {folder}/data
myhostname = mail.example.com
mydestination =
mynetworks = 192.0.2.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
relay_domains = example.com
relayhost = [127.0.0.1]:{sink}
# What holds eight bits would have to be recoded for this server.
smtp_discard_ehlo_keywords = 8bitmime
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_recipient_restrictions = reject_non_fqdn_recipient
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = example.com
cyrus_sasl_config_path = {folder}/sasl
"""
MASTER = """\
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:{plain} inet n - n - - smtpd
  -o smtpd_tls_security_level=may
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/sasldb
mech_list: PLAIN LOGIN
"""


@dataclass(frozen=True)
class Postfix:
    """Where it listens."""

    submission: int
    """STARTTLS is a must."""
    smtps: int
    """TLS from the first byte."""
    plain: int
    """As servers speak to each other."""
    ca_file: Path


@asynccontextmanager
async def postfix(*, sink: int) -> AsyncIterator[Postfix]:
    """One that passes on to the server at this port."""
    command = program("postfix")
    if os.geteuid() != 0:
        pytest.skip("only root can start Postfix")
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)  # its processes have users of their own
    try:
        made = _furnish(folder, sink)
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                command, "-c", str(folder), "start-fg",
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        try:
            await _listens(made.plain, process)
            yield made
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
    finally:
        shutil.rmtree(folder)


def _furnish(folder: Path, sink: int) -> Postfix:
    ports = [_free_port() for _ in range(3)]
    made = Postfix(*ports, folder / "ca.pem")
    names = {"submission": ports[0], "smtps": ports[1], "plain": ports[2], "sink": sink}
    for name, text in {"main.cf": MAIN, "master.cf": MASTER, "sasl/smtpd.conf": SASL}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(folder=folder, **names))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.ca_file)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "server.pem"
    )
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    shutil.chown(folder / "data", "postfix")
    database = folder / "sasldb"
    words = [program("saslpasswd2"), "-p", "-c", "-f", str(database), "-u", "example.com", USER]
    subprocess.run(words, input=PASSWORD.encode(), check=True)
    shutil.chown(database, "postfix")
    return made


async def _listens(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
    raise AssertionError("Postfix did not start")


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])
