"""Every fault of the simulated PBX, one by one and mixed, in virtual time over real sockets.

Nothing of it may end the watching or pass for a loss; and once it is over, a true loss is found
without a restart.
"""

import asyncio
import logging
from collections.abc import Mapping

import pytest
from fakes.scene import MINUTES, scene

from regwatch.core.model import (
    AlertName,
    FailureReason,
    IncidentState,
)
from regwatch.simulator import TABLE

pytestmark = [pytest.mark.looptime, pytest.mark.e2e]

VALUES: Mapping[str, tuple[object, ...]] = {
    "expires_format": (
        *("float", "string", "epoch", "epoch_ms", "datetime", "local", "iso", "granted", "garbage"),
    ),
    "clock_off": (600, -600),
    "registration_id_format": ("null", "missing", "empty"),
    "unregistered_ids": ("17,42",),
    "left_out_ids": ("17,42",),
    "device_format": ("null", "missing", "object", "n/a"),
    "long_devices": (5000,),
    "many_registrations": (),  # its entries do end: it has a test of its own
    "unknown_id": ("omit", "default", "404", "403"),
    "single_as": ("array",),
    "drop_ids": (0.5,),
    "max_ids": (5,),
    "max_ids_status": ("400", "413", "414", "502"),
    "cached_answers": (45,),
    "rate_headers": ("epoch", "policy", "thousands", "several", "missing", "garbage"),
    "retry_after": (30,),
    "lower_limit": (30,),
    "hang": (60,),
    "slow": (5, 60),
    "redirect": ("http://127.0.0.1:1/elsewhere",),
    "error_status_form": ("int", "absent"),
    "cleanup_lag": (50,),
}
"""Those that bite; of the others, a share of requests, all requests, or simply on."""
SHARES = (0.5, 1.0)
TOGETHER: Mapping[str, Mapping[str, object]] = {
    "max_ids_status": {"max_ids": 5},
    "retry_after": {"throttle": 0.5},
    "refused_cost": {"throttle": 0.5},
    "clock_off": {"expires_format": "iso"},
    "error_status_form": {"access_denied": True},
    "token_invalid_client": {"token_401": 1.0},
    "token_no_expires_in": {"token_401": 0.3},
}
"""What some need beside them to be met at all."""
GLITCHES = {
    *("all_unregistered", "unregistered_share", "unregistered_ids"),
    *("flags_contradict", "empty_entries"),
}
MIXES = (
    {"http_500": 0.3, "html_200": 0.2, "drop_ids": 0.2, "token_401": 0.2},
    {"truncated_json": 0.3, "broken_gzip": 0.3, "throttle": 0.3, "duplicates": True},
    {"drop_connection": 0.3, "http_502": 0.3, "max_ids": 7, "rate_headers": "missing"},
    {"slow": 2, "http_503": 0.3, "extra_ids": True, "expires_format": "garbage"},
    {"cached_answers": 40, "empty_body": 0.3, "device_format": "missing", "cleanup_lag": 30},
    {"unknown_id": "403", "max_ids": 6, "http_500": 0.2, "error_status_form": "absent"},
)


def cases() -> list[object]:
    singly = [
        pytest.param({fault.name: value} | TOGETHER.get(fault.name, {}), id=f"{fault.name}={value}")
        for fault in TABLE
        for value in VALUES.get(fault.name, SHARES if fault.values.startswith("share") else (True,))
    ]
    return singly + [pytest.param(mix, id="+".join(mix)) for mix in MIXES]


@pytest.mark.parametrize("faults", cases())
async def test_a_fault_passes_without_a_false_loss_and_a_true_one_is_found_after_it(
    faults: Mapping[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "aiohttp.server")
    is_paging = any(name.startswith(("paging", "list")) for name in faults)
    async with scene(230 if is_paging else 45) as at:
        await asyncio.sleep(3 * MINUTES)
        assert at.watcher.account.first_sweep_done
        at.pbx.set_faults(faults)
        if GLITCHES.intersection(faults):  # for longer than a moment, it is no glitch but a loss
            answered = len(at.requests)
            while len(at.requests) < answered + 1:
                await asyncio.sleep(0.5)
        else:
            await asyncio.sleep(12 * MINUTES)
        assert at.losses() == []
        at.pbx.clear_faults()
        await asyncio.sleep(3 * MINUTES)
        assert at.losses() == []
        lost = at.pbx.registered_ids()[7]
        at.pbx.act(lost, "unregister")
        # A used-up quota is none of ours to mend: it comes back with the hour.
        hours = {"quota_exhausted", "lower_limit"}.intersection(faults)
        await at.until_told(lost, patience=(150 if hours else 5) * MINUTES)
        assert {i.facts.extension_id for i in at.losses()} == {lost}
        assert at.losses()[0].state is IncidentState.FIRING


async def test_a_crowd_of_registrations_holds_nobody_up() -> None:
    async with scene(45) as at:
        await asyncio.sleep(3 * MINUTES)
        at.pbx.set_faults({"many_registrations": 500})
        await asyncio.sleep(6 * MINUTES)
        assert AlertName.EXTENSION_LOST not in {i.alert for i in at.told}
        lost = at.pbx.registered_ids()[7]
        at.pbx.act(lost, "unregister")
        await at.until_told(lost, patience=5 * MINUTES)


async def test_the_faults_that_are_tested_are_all_there_are() -> None:
    assert set(VALUES) | set(TOGETHER) <= {fault.name for fault in TABLE}


async def test_no_fault_makes_us_exceed_the_quota() -> None:
    """Splitting, retries and renewals included: the PBX counts them all."""
    async with scene(45) as at:
        at.pbx.set_faults(MIXES[0])
        await asyncio.sleep(60 * MINUTES)
        over = [r for r in at.requests if r.outcome == FailureReason.QUOTA_EXHAUSTED.value]
        assert over == []


@pytest.mark.parametrize("answer", ["omit", "default", "404", "403"])
async def test_an_id_that_does_not_exist_costs_hardly_a_request_more(answer: str) -> None:
    """The quota is shared with the customer's other programs: a wrong id must not eat it."""
    async with scene(45) as at:
        at.pbx.set_faults({"unknown_id": answer})
        await asyncio.sleep(30 * MINUTES)
        # Three batches a minute, the list and its groups every other, and finding the id once.
        assert len(at.requests) < 30 * 5
