"""Faults of the network and of the answer, each against a real server: one of our errors comes of
it, with nothing of aiohttp's in it, and nothing that is secret."""

import asyncio
import gzip
import json
import ssl
import traceback
from pathlib import Path

import pytest
import trustme
from fakes.pbx import SECRET, Canned, FakePbx, canned_json, serving

from regwatch.core.model import ExtensionId, FailureReason
from regwatch.sources.ringme.errors import (
    PbxAnswerError,
    PbxError,
    PbxRejectedError,
    PbxUnavailableError,
)

API = "/api/ver1.0"
USER = f"{API}/user"
JSON = {"Content-Type": "application/json"}
PACKED = {**JSON, "Content-Encoding": "gzip"}
R = FailureReason

FAULTS = {
    "no answer": (Canned(hangs=True), R.TIMEOUT),
    "a body that stops": (Canned(hangs_in_body=True, headers=JSON), R.TIMEOUT),
    "connection reset": (Canned(resets=True), R.NETWORK),
    "connection closed": (Canned(raw=b""), R.NETWORK),
    "no HTTP": (Canned(raw=b"\x00\xff no HTTP at all\r\n\r\n"), R.BAD_ANSWER),
    "a header without end": (
        Canned(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
        R.BAD_ANSWER,
    ),
    "a body cut off": (
        Canned(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{"),
        R.NETWORK,
    ),
    "broken chunks": (
        Canned(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n"),
        R.BAD_ANSWER,
    ),
    "HTML with 200": (
        Canned(200, "<html>login</html>", {"Content-Type": "text/html"}),
        R.BAD_ANSWER,
    ),
    "HTML said to be JSON": (Canned(200, "<html>login</html>", JSON), R.BAD_ANSWER),
    "JSON said to be HTML": (
        Canned(200, '{"client_id":"17"}', {"Content-Type": "text/html"}),
        R.BAD_ANSWER,
    ),
    "truncated JSON": (canned_json('{"client_id":"1'), R.BAD_ANSWER),
    "an error with 200": (canned_json('{"status":"error","message":{}}'), R.BAD_ANSWER),
    "nothing with 200": (canned_json(""), R.BAD_ANSWER),
    "204 to a GET": (Canned(204), R.BAD_ANSWER),
    "broken gzip": (Canned(200, b"\x1f\x8b no gzip", PACKED), R.BAD_ANSWER),
    "gzip cut off": (Canned(200, gzip.compress(b'{"client_id":"17"}')[:-4], PACKED), R.BAD_ANSWER),
    "brotli, not asked for": (Canned(200, b"x", {**JSON, "Content-Encoding": "br"}), R.BAD_ANSWER),
    "gzip bomb": (Canned(200, gzip.compress(b" " * 50_000_000), PACKED), R.BAD_ANSWER),
    "a long body": (Canned(200, b" " * 200_000, JSON), R.BAD_ANSWER),
    "500": (Canned(500, "oops"), R.SERVER_ERROR),
    "502 HTML": (Canned(502, "<html>", {"Content-Type": "text/html"}), R.SERVER_ERROR),
    "503 with broken gzip": (Canned(503, b"no gzip", PACKED), R.SERVER_ERROR),
    "429": (Canned(429), R.THROTTLED),
    "403": (canned_json('{"status":"access_denied"}', 403), R.ACCESS_DENIED),
    "404": (Canned(404), R.NOT_FOUND),
    "418": (Canned(418), R.REJECTED),
    "304": (Canned(304), R.BAD_ANSWER),
    "redirect": (Canned(302, "", {"Location": "https://other.example/?code=hush"}), R.REDIRECTED),
}


IN_VIRTUAL_TIME = [pytest.mark.looptime]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=IN_VIRTUAL_TIME if reason is R.TIMEOUT else [], id=name)
        for name, (_, reason) in FAULTS.items()
    ],
)
async def test_a_fault_becomes_our_error_and_the_next_request_works(
    pbx: FakePbx, connect, made, name: str
) -> None:
    fault, reason = FAULTS[name]
    async with connect(max_body_bytes=100_000) as client:
        await client.user()
        pbx.always = {USER: fault}
        with pytest.raises(PbxError) as caught:
            await client.user()
        assert caught.value.reason is reason
        assert made[-1].outcome == reason.value
        assert_harmless(caught.value)
        pbx.always = {}
        assert (await client.user()).client_id == "17"


def assert_harmless(error: PbxError) -> None:
    """Of aiohttp and msgspec nothing but a plain network error as the cause; nothing secret."""
    assert type(error).__module__ == "regwatch.sources.ringme.errors"
    assert len(str(error)) <= 200
    assert error.__context__ is None or error.__context__ is error.__cause__
    shown = "".join([repr(error), *traceback.format_exception(error)])
    assert SECRET not in shown
    assert "t0ken" not in shown
    assert "hush" not in shown
    cause = error.__cause__
    while cause is not None:
        assert not hasattr(cause, "request_info")
        assert not hasattr(cause, "doc")
        cause = cause.__cause__


async def test_a_gzipped_answer_is_read(pbx: FakePbx, connect) -> None:
    pbx.always = {USER: Canned(200, gzip.compress(b'{"client_id":"17"}'), PACKED)}
    async with connect() as client:
        assert (await client.user()).client_id == "17"


@pytest.mark.looptime
async def test_the_whole_request_has_a_deadline_of_its_own(pbx: FakePbx, connect) -> None:
    async with connect(read_timeout=30.0, total_timeout=15.0) as client:
        await client.user()
        pbx.always = {USER: Canned(hangs_in_body=True, headers=JSON)}
        with pytest.raises(PbxUnavailableError) as caught:
            await client.user()
    assert caught.value.reason is R.TIMEOUT


async def test_nobody_listens(connect, unused_tcp_port: int) -> None:
    async with connect(url=f"http://127.0.0.1:{unused_tcp_port}") as client:
        with pytest.raises(PbxUnavailableError) as caught:
            await client.user()
    assert caught.value.reason is R.NETWORK
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("url", ["http://no such host/", "nonsense", "ftp://127.0.0.1"])
async def test_a_url_that_is_none_is_our_error_too(connect, url: str) -> None:
    async with connect(url=url) as client:
        with pytest.raises(PbxError) as caught:
            await client.user()
    assert caught.value.reason is R.NETWORK


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_carries_no_token_to_another_host(
    pbx: FakePbx, connect, status: int
) -> None:
    async with serving(FakePbx()) as other, connect() as client:
        target = f"{other.url}/api/ver1.0/user/?token=hush"
        pbx.always = {USER: Canned(status, "", {"Location": target})}
        with pytest.raises(PbxRejectedError) as caught:
            await client.user()
        assert other.seen == []
    assert caught.value.reason is R.REDIRECTED
    assert other.url in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_redirect_of_the_token_request_carries_no_secret(pbx: FakePbx, connect) -> None:
    async with serving(FakePbx()) as other, connect() as client:
        pbx.always = {"/oauth": Canned(307, "", {"Location": f"{other.url}/oauth/token"})}
        with pytest.raises(PbxRejectedError):
            await client.user()
        assert other.seen == []


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return path


def server_tls(ca: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


async def test_a_ca_of_ones_own_is_trusted_if_configured(connect, ca, ca_file: Path) -> None:
    async with (
        serving(FakePbx(), tls=server_tls(ca)) as pbx,
        connect(url=pbx.url, ca_file=ca_file) as client,
    ):
        assert pbx.url.startswith("https://")
        assert (await client.user()).client_id == "17"


@pytest.mark.parametrize("case", ["unknown CA", "another name"])
async def test_a_certificate_that_does_not_hold_gets_no_secret(
    connect, ca, ca_file: Path, case: str
) -> None:
    name, file = ("localhost", None) if case == "unknown CA" else ("other.example", ca_file)
    async with (
        serving(FakePbx(), tls=server_tls(ca, name)) as pbx,
        connect(url=pbx.url, ca_file=file) as client,
    ):
        with pytest.raises(PbxUnavailableError) as caught:
            await client.user()
        assert pbx.seen == []
    assert "certificate" in str(caught.value).lower()


async def test_a_ca_file_that_is_none_is_named(connect, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for file in (broken, tmp_path / "missing.pem"):
        with pytest.raises(PbxUnavailableError, match=file.name):
            async with connect(ca_file=file):
                pass


# --- proxy and netrc --------------------------------------------------------------------------


async def test_the_environments_proxy_is_used_only_if_configured(
    pbx: FakePbx, connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(FakePbx()) as proxy:
        proxy.accepted = pbx.accepted
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:pass@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
        async with connect() as client:
            await client.user()
        assert proxy.seen == []
        proxy.always = {
            f"{pbx.url}/oauth": canned_json('{"access_token":"x"}'),
            f"{pbx.url}{USER}": canned_json('{"client_id":"by-proxy"}'),
        }
        async with connect(proxy_from_environment=True) as client:
            assert (await client.user()).client_id == "by-proxy"
        assert proxy.seen[-1].headers["Proxy-Authorization"] == "Basic bWU6cGFzcw=="


async def test_netrc_is_not_read(
    pbx: FakePbx, connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with connect(proxy_from_environment=True) as client:
        await client.user()
    assert "Authorization" not in pbx.seen[0].headers


async def test_cancelling_a_request_is_no_error_of_the_pbx(pbx: FakePbx, connect, made) -> None:
    async with connect() as client:
        await client.user()
        pbx.always = {USER: Canned(hangs=True)}
        async with asyncio.TaskGroup() as group:
            task = group.create_task(client.user())
            await pbx.hanging.wait()
            task.cancel()
        assert task.cancelled()
    assert len(made) == 2


async def test_an_odd_answer_is_quoted_shortly(pbx: FakePbx, connect) -> None:
    pbx.always = {f"{API}/extension": canned_json(json.dumps({"message": "x" * 5000}))}
    async with connect() as client:
        with pytest.raises(PbxAnswerError) as caught:
            await client.registrations([ExtensionId(3)])
    assert len(str(caught.value)) == 200
    assert "not the JSON expected" in str(caught.value)
