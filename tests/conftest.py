"""What all tests share: which programs are there, what must not leak in from outside, and which
regwatch it is that is tested.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from fakes.debian import program
from fakes.tracing import untraced
from hypothesis import HealthCheck, settings

import regwatch

DEBIAN_PROGRAMS = (
    "promtool",
    "prometheus",
    "prometheus-alertmanager",
    "chromium",
    "systemd-analyze",
    "faketime",
    "man",
    "zsh",
    "fish",
    "squid",
)
FROM_OUTSIDE = (
    "CREDENTIALS_DIRECTORY",
    "JOURNAL_STREAM",
    "NOTIFY_SOCKET",
    "REGWATCH_CONFIG",
    "REGWATCH_PASSWORD",
    "REGWATCH_TOKEN",
    "REGWATCH_URL",
    "REGWATCH_USER",
    "STATE_DIRECTORY",
    "WATCHDOG_USEC",
)
"""Set by a service manager or a person; a daemon started by a test must not find them."""


settings.register_profile(
    "any machine",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


def pytest_configure() -> None:
    for name in FROM_OUTSIDE:
        os.environ.pop(name, None)
    # `python -m regwatch` would otherwise find the checkout first, and not what is installed.
    os.environ["PYTHONSAFEPATH"] = "1"
    # No default loop: pytest-asyncio would else make one on Python 3.11, before the first
    # asynchronous test, and never close it; the collector then blames a random test.
    asyncio.set_event_loop(None)


def pytest_report_header() -> str:
    found = [name for name in DEBIAN_PROGRAMS if shutil.which(name)]
    return f"regwatch: {Path(regwatch.__file__).parent}, with {', '.join(found) or 'no programs'}"


@pytest.fixture(scope="session")
def debian_program() -> Callable[[str], str]:
    """Gives a program's path; skips the test without it, or fails it where it must be there
    (REGWATCH_REQUIRE_DEBIAN=1).
    """
    return program


@pytest.fixture
def not_traced() -> Iterator[None]:
    """For what is lived through for hours: it would take four times as long, and is covered by the
    tests of its parts.
    """
    with untraced():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """However a test asks for its program: where all must be there, a skip is a failure."""
    report = yield
    required = os.environ.get("REGWATCH_REQUIRE_DEBIAN") == "1"
    is_skipped = report.skipped and not hasattr(report, "wasxfail")
    if required and is_skipped and item.get_closest_marker("needs_debian"):
        report.outcome = "failed"
        report.longrepr = f"skipped where its program must be there: {report.longrepr}"
    return report
