"""The per-extension families: what they say, whom they leave out, and that they are valid."""

import asyncio
import contextlib

import pytest
from fakes.web import NOW, FakeAccount, account, registration, watched
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from regwatch.core.model import ExtensionId, ExtensionState
from regwatch.guard import Bugs
from regwatch.web.metrics.series import (
    CHUNK_LINES,
    PerExtension,
    dropped,
    escape,
    render_series,
    shown,
)


async def text_of(*accounts: FakeAccount, setting: PerExtension = True) -> str:
    return "".join([chunk async for chunk in render_series(accounts, setting, Bugs())])


@pytest.mark.parametrize(
    ("setting", "total", "expected_shown", "expected_dropped"),
    [
        pytest.param("auto", 2000, 2000, 0, id="auto shows up to 2000"),
        pytest.param("auto", 2001, 0, 2001, id="auto shows none of more"),
        pytest.param(True, 50_000, 50_000, 0, id="true shows all"),
        pytest.param(False, 10, 0, 0, id="false shows none and drops none: it was asked for"),
        pytest.param(3, 10, 3, 7, id="a number shows that many"),
        pytest.param(30, 10, 10, 0, id="a number above the total shows all"),
        pytest.param(1, 10, 1, 9, id="one is not true"),
        pytest.param(0, 10, 0, 10, id="zero is not false"),
    ],
)
def test_the_limit(
    setting: PerExtension, total: int, expected_shown: int, expected_dropped: int
) -> None:
    assert shown(total, setting) == expected_shown
    assert dropped(total, setting) == expected_dropped


async def test_the_exact_text() -> None:
    acme = account(
        watched(3, site="riga"),
        watched(2, ExtensionState.LOST),
        watched(
            4,
            ExtensionState.OVERDUE,
            registrations=(registration(1, ends_in=60), registration(2, ends_in=90.5)),
        ),
        watched(5, registrations=(registration(1), registration(2, ends_in=None))),
    )
    a = 'account="acme",site='
    three = f'{{{a}"riga",extension_id="3",extension="000*3"}}'
    two = f'{{{a}"",extension_id="2",extension="000*2"}}'
    four = f'{{{a}"",extension_id="4",extension="000*4"}}'
    five = f'{{{a}"",extension_id="5",extension="000*5"}}'
    up, count = "regwatch_extension_registered", "regwatch_extension_registrations"
    dropped_name = "regwatch_extension_series_dropped"
    ends = "regwatch_extension_lease_end_timestamp_seconds"
    expected = f"""\
# HELP {dropped_name} Extensions left without series of their own by metrics.per_extension.
# TYPE {dropped_name} gauge
{dropped_name} 0
# HELP {up} Whether the extension is registered; absent while that is unknown.
# TYPE {up} gauge
{up}{three} 1
{up}{two} 0
{up}{four} 1
{up}{five} 1
# HELP {count} Active registrations of the extension; absent while they are unknown.
# TYPE {count} gauge
{count}{three} 1
{count}{two} 0
{count}{four} 2
{count}{five} 2
# HELP {ends} When the last of the extension's leases ends; absent if one is permanent or unknown.
# TYPE {ends} gauge
{ends}{three} {NOW + 600}
{ends}{four} {NOW + 90.5}
"""
    assert await text_of(acme) == expected


@pytest.mark.parametrize("state", [ExtensionState.UNKNOWN, ExtensionState.REMOVED])
async def test_of_an_extension_not_known_nothing_is_said(state: ExtensionState) -> None:
    text = await text_of(account(watched(1, state, registrations=(registration(),))))
    assert "{" not in text


async def test_a_lease_end_that_is_no_number_is_left_out() -> None:
    text = await text_of(account(watched(1, registrations=(registration(ends_in=float("inf")),))))
    assert "lease_end_timestamp_seconds{" not in text


async def test_the_limit_counts_over_all_accounts_in_their_order() -> None:
    text = await text_of(
        account(watched(1), watched(2), name="a"),
        account(watched(1), watched(2), name="b"),
        account(watched(1), name="c"),
        setting=3,
    )
    lines = [x for x in text.splitlines() if x.startswith("regwatch_extension_registered{")]
    assert [(x[39], x.split('extension_id="')[1][0]) for x in lines] == [
        ("a", "1"),
        ("a", "2"),
        ("b", "1"),
    ]
    assert "regwatch_extension_series_dropped 2\n" in text


TEXTS = st.text(alphabet=st.characters(codec="utf-8"))


@given(TEXTS, TEXTS, TEXTS)
@settings(deadline=None)
def test_any_name_survives_the_way_through_the_parser(name: str, site: str, who: str) -> None:
    # A loop of its own, that becomes nobody's default: Hypothesis calls this many times.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        acme = account(watched(1, name=name, site=site), name=who)
        text = loop.run_until_complete(text_of(acme))
    families = {f.name: f for f in text_string_to_metric_families(text)}
    (sample,) = families["regwatch_extension_registered"].samples
    assert sample.labels == {"account": who, "site": site, "extension_id": "1", "extension": name}


def test_escaping_of_all_three_characters_at_once() -> None:
    assert escape('a\\n"b"\nc') == 'a\\\\n\\"b\\"\\nc'


async def test_the_loop_runs_between_chunks_and_extensions_may_vanish_meanwhile() -> None:
    acme = account(*(watched(n) for n in range(3 * CHUNK_LINES)))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            acme.extensions.pop(ExtensionId(turns), None)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(others())
        text = await text_of(acme)
        task.cancel()
    assert turns >= 9
    assert text.count("regwatch_extension_registered{") == 3 * CHUNK_LINES
