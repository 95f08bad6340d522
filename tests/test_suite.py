"""What the tests promise of themselves: the usual run is short, and a slow machine fails none."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
BENCHMARKS = sorted((TESTS / "bench").glob("test_*.py"))
STOPWATCH = re.compile(r"\b(perf_counter|process_time|thread_time|monotonic)(_ns)?\(")
LIMIT_OF_ITS_OWN = re.compile(r"\basyncio\.timeout\(\s*\d|\bwait_for\(.*\b\d|\btimeout=\d")
"""Settings of the program under test are called otherwise, or stand in its configuration."""


def left_out() -> set[str]:
    """The marks of the tests that the usual run does not run."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    options = pyproject["tool"]["pytest"]["ini_options"]["addopts"]
    return {mark for each in options for mark in re.findall(r"\bnot (\w+)", each)}


def lines_of_tests(*but: Path) -> Iterator[tuple[str, str]]:
    """Where it stands, and the line."""
    for file in TESTS.rglob("*.py"):
        if not any(file.is_relative_to(each) for each in (*but, Path(__file__))):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{file.relative_to(ROOT)}:{number}", line


def test_long_tests_and_benchmarks_are_left_out_of_the_usual_run() -> None:
    assert left_out() == {"long", "bench"}


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_every_benchmark_carries_a_mark(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    marks = {mark for mark in left_out() if f"pytest.mark.{mark}" in text}
    assert marks, "it would be run each time"


@pytest.mark.parametrize("mark", ["bench", "long"])
def test_what_is_left_out_is_run_by_ci_and_told_of(mark: str) -> None:
    run = re.search(rf"-m '?{mark}\b", (ROOT / ".ci/run").read_text(encoding="utf-8"))
    assert run, "but for what is to be run by hand"
    assert f"-m {mark}`" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^{mark}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_no_test_but_a_benchmark_holds_a_stopwatch() -> None:
    lines = lines_of_tests(TESTS / "bench")
    assert [where for where, line in lines if STOPWATCH.search(line)] == []


def test_no_wait_has_a_limit_of_its_own() -> None:
    """`PATIENCE` is the one limit; a shorter one fails on a machine that is slow enough."""
    assert [where for where, line in lines_of_tests() if LIMIT_OF_ITS_OWN.search(line)] == []


def test_a_law_does_not_fail_for_want_of_speed() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
