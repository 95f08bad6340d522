"""What a simulated PBX is like."""

import pytest

from regwatch.simulator.settings import LONGEST_LEASE, MIXES, SimulatorSettings


@pytest.mark.parametrize(
    ("leases", "lengths"),
    [
        *MIXES.items(),
        ("60", (60.0,)),
        ("60,300", (60.0, 300.0)),
        ("60, 1.5", (60.0, 1.5)),
        (f"{LONGEST_LEASE:.0f}", (LONGEST_LEASE,)),
    ],
)
def test_leases_by_the_name_of_a_mix_or_one_by_one(leases: str, lengths: tuple[float, ...]) -> None:
    assert SimulatorSettings(leases=leases).lease_lengths == lengths


def test_no_lease_is_longer_than_a_year() -> None:
    with pytest.raises(ValueError, match="no more than a year"):
        _ = SimulatorSettings(leases=f"{LONGEST_LEASE + 1:.0f}").lease_lengths


@pytest.mark.parametrize("leases", ["", "soon", "0", "60,x"])
def test_leases_that_cannot_be_read_are_an_error(leases: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        _ = SimulatorSettings(leases=leases).lease_lengths


@pytest.mark.parametrize("leases", ["nan", "inf", "60,nan", "-60"])
def test_no_lease_is_endless_or_nothing(leases: str) -> None:
    with pytest.raises(ValueError, match="lease"):
        _ = SimulatorSettings(leases=leases).lease_lengths


def test_its_secret_is_not_shown() -> None:
    assert "demo-secret" not in repr(SimulatorSettings())
