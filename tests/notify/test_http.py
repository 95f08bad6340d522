"""The one place that posts: what each answer means, and what no error shows."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from fakes.notifications import NOW
from fakes.receivers import DISCONNECT, GARBAGE, HANG, Canned, FakeHook, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.model import Timestamp
from regwatch.notify.errors import (
    DeliveryError,
    ReceiverRefusedError,
    ReceiverUnavailableError,
    error_for,
)
from regwatch.notify.http import (
    Credentials,
    Post,
    following,
    post,
    retry_after_header,
    retry_after_json,
    to_json,
)

TLS = Path(__file__).parents[1] / "web" / "tls"


def clock() -> Timestamp:
    return NOW


async def try_posting(canned: Canned, *, body: bytes = b"{}", **how) -> None:
    async with serving(FakeHook()) as hook, aiohttp.ClientSession() as session:
        hook.script.append(canned)
        await post(session, Post(url=hook.url + "s3cretpath", body=body, **how), clock=clock)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_success(status):
    await try_posting(Canned(status))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
async def test_later_is_retryable(status):
    with pytest.raises(ReceiverUnavailableError) as caught:
        await try_posting(Canned(status, "busy"))
    assert caught.value.retryable
    assert f"answered {status}: busy" in caught.value.message


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 422])
async def test_no_is_permanent_and_redirects_are_not_followed(status):
    with pytest.raises(ReceiverRefusedError) as caught:
        await try_posting(Canned(status, headers={"Location": "http://127.0.0.1:1/elsewhere"}))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://login.example.com/s3cret?token=1", "https://login.example.com/…"),
        ("//login.example.com/x", "http://login.example.com/…"),
        ("http://[login", "an invalid URL"),
    ],
)
async def test_a_redirect_names_where_it_leads_and_nothing_more(location, named):
    with pytest.raises(ReceiverRefusedError) as caught:
        await try_posting(Canned(302, headers={"Location": location}))
    assert f"answered 302: redirected to {named} (not followed)" in caught.value.message
    assert "s3cret" not in caught.value.message


async def test_a_certificate_that_is_not_believed_may_be_mended():
    certificate, key = TLS / "cert.pem", TLS / "key.pem"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        with pytest.raises(ReceiverUnavailableError) as caught:
            await post(session, Post(url=f"https://127.0.0.1:{port}/", body=b"{}"), clock=clock)
    assert not caught.value.may_have_arrived
    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message


@pytest.mark.parametrize("answer", [GARBAGE, DISCONNECT], ids=["garbage", "disconnect"])
async def test_what_is_no_http_is_retryable(answer):
    with pytest.raises(ReceiverUnavailableError):
        await try_posting(answer)


@pytest.mark.looptime
async def test_a_receiver_that_hangs_is_left_after_the_timeout():
    loop = asyncio.get_running_loop()
    before = loop.time()
    with pytest.raises(ReceiverUnavailableError, match="no answer in time"):
        await try_posting(HANG, timeout_seconds=7)
    assert 7 <= loop.time() - before < 30


async def test_nobody_listening_is_retryable(unused_tcp_port):
    async with aiohttp.ClientSession() as session:
        request = Post(url=f"http://127.0.0.1:{unused_tcp_port}/", body=b"")
        with pytest.raises(ReceiverUnavailableError):
            await post(session, request, clock=clock)


@pytest.mark.parametrize(
    "request_",
    [
        Post(url="not a url", body=b""),
        Post(url="ftp://127.0.0.1/", body=b""),
        Post(url="http://[::bad/", body=b""),
        Post(url="http://127.0.0.1:99999/", body=b""),
    ],
    ids=["no URL", "another scheme", "bad IPv6", "bad port"],
)
async def test_what_can_never_be_sent_is_refused(request_):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ReceiverRefusedError):
            await post(session, request_, clock=clock)


async def test_a_line_break_in_a_header_is_refused():
    with pytest.raises(ReceiverRefusedError):
        await try_posting(Canned(200), headers={"X-Team": "a\r\nInjected: b"})


async def test_a_header_given_replaces_the_usual_one_however_it_is_written():
    async with serving(FakeHook()) as hook, aiohttp.ClientSession() as session:
        hook.script.append(Canned(200))
        request = Post(url=hook.url, body=b"", headers={"content-type": "text/plain"})
        await post(session, request, clock=clock)
    assert hook.requests[0].headers.getall("Content-Type") == ["text/plain"]
    assert hook.requests[0].headers["User-Agent"] == "regwatch"


async def test_a_closed_session_is_no_refusal():
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(ReceiverUnavailableError, match="stopping"):
        await post(session, Post(url="http://127.0.0.1:1/", body=b""), clock=clock)


async def test_a_huge_answer_is_read_in_part():
    with pytest.raises(ReceiverUnavailableError) as caught:
        await try_posting(Canned(500, "x" * 20_000_000))
    assert len(caught.value.message) <= 200


async def test_a_huge_success_is_a_success():
    async with serving(FakeHook()) as hook, aiohttp.ClientSession() as session:
        hook.script.append(Canned(200, b"y" * 20_000_000))
        reply = await post(session, Post(url=hook.url, body=b""), clock=clock)
    assert reply.body == "y" * 16_384


async def test_an_error_shows_no_path_no_secret_and_one_line():
    echo = "token tok3n-value\n\x1b[31mno http://evil.example/services/T0/B0/abc"
    with pytest.raises(ReceiverRefusedError) as caught:
        await try_posting(Canned(403, echo), secrets=("tok3n-value",))
    message = str(caught.value)
    assert message.endswith("answered 403: token *** [31mno http://evil.example/…")
    assert "s3cretpath" not in message


async def test_the_retry_after_header_reaches_the_error():
    with pytest.raises(DeliveryError) as caught:
        await try_posting(Canned(429, '{"retry_after": 3}', {"Retry-After": "17"}))
    assert caught.value.retry_after == 17


async def test_without_a_header_the_body_is_asked():
    with pytest.raises(DeliveryError) as caught:
        await try_posting(Canned(429, '{"retry_after": 0.5}', {"Retry-After": "soon"}))
    assert caught.value.retry_after == 0.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("-5", 0),
        ("1.5", 1.5),
        ("Mon, 23 Nov 2026 03:15:05 GMT", 60),
        ("Mon, 23 Nov 2026 03:15:05", 60),
        ("Mon, 23 Nov 2020 03:15:05 GMT", 0),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("soon", None),
    ],
)
def test_retry_after_headers(value, seconds):
    assert retry_after_header(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"retry_after": 5}', 5),
        ('{"retry_after": "5"}', 5),
        ('{"parameters": {"retry_after": 9}}', 9),
        ('{"parameters": [9]}', None),
        ('{"retry_after": true}', None),
        ('{"retry_after": null}', None),
        ('{"retry_after": [1]}', None),
        ('{"retry_after": 1e999}', None),
        ('{"retry_after": %s}' % ("9" * 400), None),
        ("[5]", None),
        ("no JSON", None),
        ("[" * 100_000, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_retry_after_in_a_body(body, seconds):
    assert retry_after_json(body) == seconds


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_header_and_no_body_raises(text):
    for wish in (retry_after_header(text, now=NOW), retry_after_json(text)):
        assert wish is None or wish >= 0


def test_statuses_are_classified():
    assert error_for(429, "m", retry_after=4.0).retry_after == 4.0
    assert isinstance(error_for(400, "m"), ReceiverRefusedError)


def test_json_has_no_surrogates_and_no_nan():
    assert to_json({"a": "\ud800é"}) == '{"a":"?é"}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(float("nan"))


def test_credentials():
    assert Credentials().headers() == {}
    assert Credentials(bearer_token="t").headers() == {"Authorization": "Bearer t"}
    basic = Credentials(username="u", password="pä").headers()
    assert basic == {"Authorization": "Basic dTpww6Q="}
    assert "pä" not in repr(Credentials(username="u", password="pä", bearer_token="t0ken"))


Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


async def hang_up(_reader: Reader, _writer: Writer) -> None:
    pass


async def read_and_hang_up(reader: Reader, _writer: Writer) -> None:
    await reader.readuntil(b"{}")


async def read_and_say_nothing(reader: Reader, _writer: Writer) -> None:
    await reader.read()


async def answer_half(reader: Reader, writer: Writer) -> None:
    await reader.readuntil(b"{}")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


@asynccontextmanager
async def behaving(
    behave: Callable[[Reader, Writer], Awaitable[None]],
) -> AsyncIterator[int]:
    """At a port; each connection is closed when it is done."""
    done = asyncio.Event()

    async def handle(reader: Reader, writer: Writer) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await behave(reader, writer)
        writer.close()
        with suppress(ConnectionError, OSError):
            await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await done.wait()


@pytest.mark.parametrize(
    ("behave", "scheme", "arrived"),
    [
        (hang_up, "https", False),
        (hang_up, "http", True),
        (read_and_hang_up, "http", True),
        (read_and_say_nothing, "http", True),
        (answer_half, "http", True),
    ],
    ids=[
        "no TLS is spoken",
        "closed as soon as it is open",
        "closed without an answer",
        "no answer in time",
        "cut within the answer",
    ],
)
async def test_at_each_step_it_is_known_whether_it_may_have_arrived(behave, scheme, arrived):
    async with behaving(behave) as port:
        error = await error_of(f"{scheme}://127.0.0.1:{port}/")
    assert error.may_have_arrived is arrived


@pytest.mark.parametrize("host", ["127.0.0.1:1", "unknown.invalid"])
async def test_where_nobody_listens_nothing_arrives(host):
    assert not (await error_of(f"http://{host}/")).may_have_arrived


async def test_what_waits_for_a_connection_until_its_time_is_over_did_not_arrive():
    async with behaving(read_and_say_nothing) as port:
        url = f"http://127.0.0.1:{port}/"
        connector = aiohttp.TCPConnector(limit=1)
        session = aiohttp.ClientSession(connector=connector, trace_configs=[following()])
        async with session, asyncio.TaskGroup() as group:
            first = group.create_task(error_of(url, session, seconds=1.0))
            await asyncio.sleep(0)
            second = group.create_task(error_of(url, session, seconds=0.5))
        assert (first.result().may_have_arrived, second.result().may_have_arrived) == (True, False)


async def error_of(url, session=None, *, seconds=1.0) -> DeliveryError:
    request = Post(url=url, body=b"{}", timeout_seconds=seconds)
    if session is None:
        async with aiohttp.ClientSession(trace_configs=[following()]) as own:
            return await error_of(url, own, seconds=seconds)
    with pytest.raises(ReceiverUnavailableError) as caught:
        await post(session, request, clock=clock)
    return caught.value
