"""What it is that many vanished at once."""

import pytest
from fakes.values import at
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.phones.vanished import AccountPolicy, Kind, Vanished, goes_on, judge

POLICY = AccountPolicy()


def vanished(
    out: int, *, of: int, missing: int = 0, returned: int = 0, left_out: int = 0
) -> Vanished:
    """So many are out of those asked since, some of them though they were due."""
    return Vanished(at(0), of, out - missing, returned, missing, left_out)


@pytest.mark.parametrize(
    ("seen", "early", "late"),
    [
        pytest.param(
            vanished(40, of=100), Kind.UNCLEAR, Kind.ACCOUNT, id="a large part; nobody is back"
        ),
        pytest.param(
            vanished(38, of=100, returned=2), Kind.RESTART, Kind.RESTART,
            id="a large part; some are back under new entries",
        ),
        pytest.param(
            vanished(38, of=100, returned=2, missing=3), Kind.UNCLEAR, Kind.ACCOUNT,
            id="a large part; most of those due are not back",
        ),
        pytest.param(
            vanished(30, of=100, left_out=10), Kind.UNCLEAR, Kind.ACCOUNT,
            id="a large part; some were left out only",
        ),
        pytest.param(vanished(29, of=100), Kind.UNCLEAR, Kind.NOTHING, id="no large part"),
        pytest.param(
            vanished(9, of=9), Kind.UNCLEAR, Kind.NOTHING, id="all of a small account; nobody back"
        ),
        pytest.param(
            vanished(7, of=9, returned=2), Kind.RESTART, Kind.RESTART,
            id="all of a small account; some are back under new entries",
        ),
        pytest.param(
            vanished(2, of=9, returned=2), Kind.UNCLEAR, Kind.NOTHING,
            id="less than half of a small account: browsers that were reloaded",
        ),
    ],
)  # fmt: skip
def test_what_it_is(seen: Vanished, early: Kind, late: Kind) -> None:
    assert judge(seen, POLICY, now=at(29)) is early
    assert judge(seen, POLICY, now=at(30)) is late


def test_where_no_part_is_a_large_one_it_is_never_the_account() -> None:
    assert judge(vanished(90, of=100), None, now=at(60)) is Kind.NOTHING
    assert judge(vanished(88, of=100, returned=2), None, now=at(60)) is Kind.RESTART


@pytest.mark.parametrize(
    ("kind", "seen", "lasts"),
    [
        pytest.param(Kind.ACCOUNT, vanished(30, of=100), True, id="the share is out"),
        pytest.param(Kind.ACCOUNT, vanished(29, of=100, left_out=11), False, id="less is"),
        pytest.param(Kind.ACCOUNT, vanished(0, of=0), False, id="nobody is watched any more"),
        pytest.param(Kind.RESTART, vanished(1, of=100, returned=39), True, id="one is awaited"),
        pytest.param(
            Kind.RESTART, vanished(1, of=100, missing=1, returned=39), False, id="none is"
        ),
        pytest.param(
            Kind.RESTART, vanished(9, of=100, missing=3, returned=2), False, id="it was none"
        ),
        pytest.param(Kind.UNCLEAR, vanished(5, of=100), True, id="it is looked at"),
        pytest.param(Kind.UNCLEAR, vanished(0, of=100, returned=5), False, id="all are back"),
        pytest.param(Kind.NOTHING, vanished(5, of=100), False, id="it is nothing"),
    ],
)
def test_how_long_it_lasts(kind: Kind, seen: Vanished, lasts: bool) -> None:
    assert goes_on(kind, seen, POLICY) is lasts


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (vanished(0, of=50, returned=12), "12 of 12 are back"),
        (vanished(2, of=50, returned=10), "10 of 12 are back, 2 are still out"),
        (
            vanished(0, of=50, returned=2, left_out=10),
            "12 of 12 are back, as they were: the PBX had left them out",
        ),
    ],
)
def test_what_is_said_when_it_is_over(seen: Vanished, words: str) -> None:
    assert seen.ended == words


@given(*[st.integers(0, 400)] * 5)
def test_few_are_never_the_account(
    awaited: int, missing: int, returned: int, left_out: int, others: int
) -> None:
    gone = awaited + missing + returned + left_out
    seen = Vanished(at(0), gone + others, awaited, returned, missing, left_out)
    found = judge(seen, POLICY, now=at(1000))
    assert found is not Kind.UNCLEAR
    if gone < POLICY.at_least or gone < POLICY.share * (gone + others):
        assert found is not Kind.ACCOUNT
