"""`/metrics` as a whole: formats, encodings, hostile names, and what promtool thinks of it."""

import asyncio
import gzip
from asyncio.subprocess import PIPE, STDOUT

import pytest
from fakes.debian import program
from fakes.patience import PATIENCE
from fakes.web import NOW, FakeDaemon, account, incident, instruments, served, watched
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from regwatch.core.model import AccountName, ExtensionState, Quota, Timestamp
from regwatch.web.metrics.exposition import Exposition, accepts_gzip, gzipped, negotiate
from regwatch.web.metrics.instruments import Instruments

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
    "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
HOSTILE = 'a"b\\c\nd{}# EOF\n,\u2028ž\x00'


def full_instruments() -> Instruments:
    made = instruments()
    made.initialize_account(AccountName("acme"), ("token", "registrations"), ("ok", "timeout"))
    made.initialize_receiver("pager", ("delivered", "retried"))
    made.request_made(AccountName("acme"), "registrations", "ok", 0.2)
    made.delivery_attempted("pager", "delivered", 1.5)
    made.config_reloaded(True, NOW)
    return made


def full_daemon(name: str = "000*1") -> FakeDaemon:
    acme = account(
        watched(1, name=name, site="riga"),
        watched(2, ExtensionState.LOST),
        api_up=True,
        quota=Quota(1000, 900, Timestamp(NOW + 60), NOW),
        oldest_answer_at=Timestamp(NOW - 9),
    )
    return FakeDaemon([acme], [incident()], backlog={"pager": (1, NOW)})


async def scrape(daemon: FakeDaemon, accept: str = "") -> str:
    exposition = Exposition(full_instruments(), daemon, "auto")
    chunks = [chunk async for chunk in exposition.chunks(negotiate(accept))]
    return b"".join(chunks).decode()


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html,application/xhtml+xml", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=nonsense", "text/plain; version=0.0.4"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (PROMETHEUS_2, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
    ids=["none", "anything", "a browser", "nonsense", "OpenMetrics", "Prometheus 2.42"],
)
async def test_the_format_follows_what_is_accepted(accept: str, content_type: str) -> None:
    form = negotiate(accept)
    assert form.content_type.startswith(content_type)
    assert form.is_openmetrics is content_type.startswith("application/openmetrics")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5, br", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzipped", False),
    ],
)
def test_gzip_is_sent_only_to_who_takes_it(header: str, expected: bool) -> None:
    assert accepts_gzip(header) is expected


async def test_both_formats_say_the_same() -> None:
    def samples(families: object) -> set[tuple[str, tuple[tuple[str, str], ...], float]]:
        return {
            (s.name, tuple(sorted(s.labels.items())), s.value)
            for family in families
            for s in family.samples
            if s.name.startswith("regwatch_")
        }

    text, openmetrics = await scrape(full_daemon()), await scrape(full_daemon(), OPENMETRICS)
    assert samples(parse_text(text)) == samples(parse_openmetrics(openmetrics))
    assert "# EOF" not in text
    assert openmetrics.count("# EOF\n") == 1
    assert openmetrics.endswith("# EOF\n")
    assert "_created" not in text + openmetrics


async def test_in_openmetrics_no_family_name_stands_twice() -> None:
    openmetrics = await scrape(full_daemon(), OPENMETRICS)
    names = [x.split()[2] for x in openmetrics.splitlines() if x.startswith("# TYPE ")]
    assert len(names) == len(set(names))
    assert "# TYPE regwatch_incidents counter" in openmetrics
    assert "# TYPE regwatch_incidents_total counter" in await scrape(full_daemon())


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "OpenMetrics"])
async def test_a_hostile_name_is_only_a_label(accept: str) -> None:
    text = await scrape(full_daemon(HOSTILE), accept)
    parse = parse_openmetrics if accept else parse_text
    families = {family.name: family for family in parse(text)}
    names = {s.labels["extension"] for s in families["regwatch_extension_registered"].samples}
    assert names == {HOSTILE, "000*2"}


async def test_half_a_surrogate_pair_does_not_end_the_scrape() -> None:
    assert 'extension="a?b"' in await scrape(full_daemon("a\ud800b"))


async def test_gzip_is_one_valid_stream() -> None:
    exposition = Exposition(full_instruments(), full_daemon(), "auto")
    form = negotiate("")
    packed = b"".join([c async for c in gzipped(exposition.chunks(form))])
    assert b"regwatch_extension_registered" in gzip.decompress(packed)


@pytest.mark.needs_debian
async def test_promtool_has_nothing_to_say() -> None:
    promtool = program("promtool")
    async with (
        served(full_daemon(HOSTILE), full_instruments()) as session,
        session.get("/metrics") as answer,
    ):
        text = await answer.read()
    assert b"regwatch_extension_registered{" in text
    done = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await done.communicate(text)
    assert (done.returncode, said) == (0, b"")
