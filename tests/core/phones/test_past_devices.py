"""What an extension had before: a few models and addresses, the latest last."""

from fakes.values import at, registration

from regwatch.core.model import ChangeKind, ExtensionId
from regwatch.core.phones.diff import Change
from regwatch.core.phones.past_devices import MOST, NOTHING_LEFT, Address, Left, left


def gone(number: int, kind: ChangeKind = ChangeKind.REPLACED, *, device: str = "") -> Change:
    old = registration(device=device or f"Model{number} 1.2.3", real=f"sip:192.0.2.{number}:5060")
    return Change(kind, ExtensionId(1), at(number), old, None)


def test_what_ends_moves_or_is_exchanged_leaves_its_model_and_its_address() -> None:
    found = left(NOTHING_LEFT, [gone(1), gone(2, ChangeKind.MOVED)])
    assert found == Left(
        ("Model1", "Model2"), (Address("192.0.2.1", at(1)), Address("192.0.2.2", at(2)))
    )
    again = left(found, [gone(1)])
    assert again.models == ("Model2", "Model1"), "the latest last"


def test_what_leaves_nothing_behind_changes_nothing() -> None:
    refreshed = gone(1, ChangeKind.REFRESHED)
    assert left(NOTHING_LEFT, [refreshed]) is NOTHING_LEFT
    nameless = Change(
        ChangeKind.EXPIRED, ExtensionId(1), at(0), registration(device="", real=""), None
    )
    assert left(NOTHING_LEFT, [nameless]) is NOTHING_LEFT


def test_it_never_grows_beyond_a_few() -> None:
    found = NOTHING_LEFT
    for number in range(1, 50):
        found = left(found, [gone(number)])
    assert (len(found.models), len(found.addresses)) == (MOST, MOST)
    assert found.models[-1] == "Model49"
