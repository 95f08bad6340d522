"""What a request costs to plan: hardly more with 100,000 extensions than with a thousand."""

import gc
import time
from statistics import median

import pytest

from regwatch.core.model import ExtensionId, Timestamp
from regwatch.core.polling.agenda import Appointment
from regwatch.core.polling.planner import Ask, Planner, PollingPolicy
from regwatch.core.polling.window import Allowance

pytestmark = pytest.mark.bench

BEGIN = 1_800_000_000.0
LEASE = 1800.0
REQUESTS, BATCH = 400, 50
MOST_TIMES = 10.0


def seconds_per_request(extensions: int) -> float:
    """The median; with it all that a request entails: choosing, what its end means, new leases."""
    plan = Planner(PollingPolicy(batch_size=BATCH, interval=60.0))
    ids = [ExtensionId(i) for i in range(extensions)]
    plan.watch({i: Timestamp(BEGIN - 600 + 600 * i / extensions) for i in ids})
    for i in ids:
        plan.appoint(i, Appointment(Timestamp(BEGIN + (i * 7919) % LEASE)))
    plan.quota_seen(Allowance(10**6, 10**6, Timestamp(BEGIN + 3600), Timestamp(BEGIN)))
    gc.collect()
    now, spent = BEGIN, []
    while len(spent) < REQUESTS:
        begun = time.perf_counter()
        step = plan.next(now=Timestamp(now))
        if isinstance(step, Ask):
            plan.finished(step.ids, now=Timestamp(now))
            for i in step.ids:
                plan.appoint(i, Appointment(Timestamp(now + LEASE)))
            spent.append(time.perf_counter() - begun)
        else:
            assert step.until is not None
            now = max(now + 0.001, step.until)
    return median(spent)


def test_planning_stays_cheap_with_many_extensions() -> None:
    few, many = seconds_per_request(1000), seconds_per_request(100_000)
    print(f"\na request planned: {few * 1e3:.2f} ms of 1000, {many * 1e3:.2f} ms of 100,000")
    assert many <= MOST_TIMES * few
