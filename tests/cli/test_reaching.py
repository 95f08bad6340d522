"""Why the daemon could not be reached: real connections that fail, each in its words."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from fakes.servers import silent

from regwatch.cli.errors import RemoteError
from regwatch.cli.reaching import why_not_reached
from regwatch.cli.remote import Remote
from regwatch.web.api.bodies import StatusBody
from regwatch.web.listener import listening


async def said(remote: Remote) -> str:
    with pytest.raises(RemoteError) as error:
        await replace(remote, timeout_seconds=0.5).get(StatusBody, "/status")
    return str(error.value)


@asynccontextmanager
async def speaking(answer: bytes) -> AsyncIterator[str]:
    """Something that listens on loopback and says this to whoever comes."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_nobody_listens() -> None:
    words = await said(Remote("http://127.0.0.1:1"))
    assert words.startswith("no regwatch runs at http://127.0.0.1:1 (connection refused): ")


async def test_there_is_no_such_socket(tmp_path: Path) -> None:
    words = await said(Remote(f"unix:{tmp_path}/none.sock"))
    assert words.startswith(f"no regwatch runs at unix:{tmp_path}/none.sock (no such file")


async def test_the_name_is_not_known() -> None:
    words = await said(Remote("http://nowhere.invalid:1"))
    assert words == "no machine is known by the name `nowhere.invalid`: look at the URL"


async def test_it_answers_nothing() -> None:
    with silent() as address:
        words = await said(Remote(f"http://{address}"))
    assert words == (
        f"http://{address} answers nothing: the daemon hangs, or something else listens there"
    )


async def test_it_speaks_something_else() -> None:
    async with speaking(b"220 mail.example.com ESMTP\r\n") as address:
        words = await said(Remote(f"http://{address}"))
    assert words.endswith("what listens there does not speak HTTP: is it https://?")


async def test_it_speaks_no_tls() -> None:
    async with listening(web.Application(), "127.0.0.1:0") as address:
        words = await said(Remote(f"https://{address}"))
    assert words.endswith("what listens there does not speak HTTPS: is it http://?")


async def test_its_certificate_is_not_trusted(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with listening(web.Application(), "127.0.0.1:0", tls=context) as address:
        words = await said(Remote(f"https://{address}"))
    assert words.startswith(f"the certificate of https://{address} is not trusted (")
    assert "$SSL_CERT_FILE" in words


async def test_the_url_is_none() -> None:
    words = await said(Remote("http://127.0.0.1:bad"))
    assert words == "`http://127.0.0.1:bad` is no URL: write http://HOST:PORT, or unix:PATH"


def test_without_the_right_to_it_is_said_how_to_get_it() -> None:
    words = why_not_reached("unix:/run/x.sock", PermissionError(13, "Permission denied"))
    assert words == (
        "no right to open /run/x.sock: it is for root and the group `regwatch`: use sudo, or have"
        " `sudo usermod -aG regwatch $USER` done and log in again; elsewhere give"
        " $REGWATCH_TOKEN or --user"
    )


@pytest.mark.parametrize(
    ("url", "is_here"), [("http://127.0.0.1:1", True), ("http://192.0.2.1:1", False)]
)
def test_of_this_machine_s_own_daemon_systemd_knows_more(url: str, is_here: bool) -> None:
    error = ConnectionRefusedError(111, os.strerror(111))
    words = why_not_reached(url, error, lambda: "it is starting")
    assert words.endswith(": it is starting") is is_here


def test_another_error_is_told_as_it_is() -> None:
    assert (
        why_not_reached("http://x", OSError(113, "x"))
        == "no regwatch answers at http://x: no route to host"
    )
    assert (
        why_not_reached("http://x", ValueError()) == "no regwatch answers at http://x: ValueError"
    )
