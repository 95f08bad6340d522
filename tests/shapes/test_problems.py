"""What is wrong, said so that it can be mended at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regwatch.shapes.problems import ConfigError, Location, Problem, written

FILE = Path("/etc/regwatch.yml")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(FILE, 7, "http.listen", "no port", "add one"),
         "/etc/regwatch.yml:7: http.listen: no port (add one)"),
        (Problem(FILE, 7, "http.listen", "no port"), "/etc/regwatch.yml:7: http.listen: no port"),
        (Problem(FILE, None, "", "is empty"), "/etc/regwatch.yml: is empty"),
        (Problem(FILE, 1, "", "is a list"), "/etc/regwatch.yml:1: is a list"),
    ],
    ids=["all of it", "no advice", "the file as a whole", "a line, but no key"],
)  # fmt: skip
def test_where_what_and_what_to_do(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_an_error_carries_all_of_them_a_line_each() -> None:
    problems = [Problem(FILE, n, "a", "wrong") for n in (1, 2)]
    error = ConfigError(problems)
    assert list(error.problems) == problems
    assert str(error).splitlines() == [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), ""),
        (("http", "listen"), "http.listen"),
        (("accounts", 0, "polling", "interval"), "accounts[0].polling.interval"),
        (("routes", 2, "receivers", 1), "routes[2].receivers[1]"),
    ],
)
def test_a_place_as_people_write_it(location: Location, path: str) -> None:
    assert written(location) == path


STEPS = st.lists(st.sampled_from(["a", "b"]) | st.integers(0, 3), max_size=4)


@given(STEPS, STEPS)
def test_two_places_are_never_written_alike(one: list[str | int], other: list[str | int]) -> None:
    places = ("top", *one), ("top", *other)
    assert (written(places[0]) == written(places[1])) is (one == other)
