from collections.abc import Iterable

import pytest
from fakes.values import answer, at, registration

from regwatch.core.model import Answer, ChangeKind, Registration
from regwatch.core.phones.diff import Past, Track, diff_extension

OLD = registration("uloc-1", ends=600)
REBOOTED = registration("uloc-2", ends=1500, contact="sip:101@192.168.5.52:11111")
NEW_LEASE_OF_DHCP = registration("uloc-2", ends=1500, contact="sip:101@192.168.5.99:5062")
SOFTPHONE = registration("uloc-9", ends=900, device="Zoiper 5", contact="sip:101@10.0.0.9")
ELSEWHERE = registration(
    "uloc-2", ends=900, real="sip:198.51.100.1:5060", contact="sip:101@10.1.1.1"
)


def kinds(before: Iterable[Registration], after: Answer, **more: object) -> list[ChangeKind]:
    return [c.kind for c in diff_extension(Past(tuple(before)), after, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([OLD], [OLD], [], id="nothing happened"),
        pytest.param([OLD], [registration("uloc-1", ends=601)], [], id="rounding is no refresh"),
        pytest.param(
            [OLD], [registration("uloc-1", ends=900)], [ChangeKind.REFRESHED], id="a refresh"
        ),
        pytest.param([OLD], [], [ChangeKind.UNREGISTERED], id="gone while its lease ran"),
        pytest.param([registration(ends=300)], [], [ChangeKind.EXPIRED], id="gone with its lease"),
        pytest.param(
            [registration(ends=None)], [], [ChangeKind.UNREGISTERED], id="a permanent one removed"
        ),
        pytest.param([], [OLD], [ChangeKind.REGISTERED], id="a first device"),
        pytest.param([OLD], [OLD, SOFTPHONE], [ChangeKind.REGISTERED], id="a second device"),
        pytest.param(
            [OLD, REBOOTED], [REBOOTED], [ChangeKind.REPLACED], id="the old entry of a reboot ends"
        ),
        pytest.param(
            [OLD],
            [REBOOTED],
            [ChangeKind.REPLACED, ChangeKind.REGISTERED],
            id="a reboot whose two entries were never seen together",
        ),
        pytest.param(
            [OLD],
            [NEW_LEASE_OF_DHCP],
            [ChangeKind.REPLACED, ChangeKind.REGISTERED],
            id="a new private address behind the same public one",
        ),
        pytest.param(
            [OLD, SOFTPHONE], [SOFTPHONE], [ChangeKind.UNREGISTERED], id="another device stays"
        ),
        pytest.param(
            [OLD],
            [ELSEWHERE],
            [ChangeKind.UNREGISTERED, ChangeKind.REGISTERED],
            id="the same model somewhere else is another device",
        ),
        pytest.param(
            [OLD],
            [registration("uloc-1", real="sip:203.0.113.7:40000")],
            [ChangeKind.MOVED],
            id="a new NAT port",
        ),
        pytest.param(
            [OLD],
            [registration("uloc-1", real="sip:[::ffff:203.0.113.7]:62338")],
            [],
            id="the same address in its IPv6 form",
        ),
        pytest.param(
            [OLD],
            [
                registration(
                    "uloc-2",
                    real="sip:[::ffff:203.0.113.7]:62338",
                    contact="sip:101@192.168.5.99:5062",
                )
            ],
            [ChangeKind.REPLACED, ChangeKind.REGISTERED],
            id="a new entry at the same address in its IPv6 form",
        ),
        pytest.param(
            [OLD],
            [registration("uloc-1", device="Yealink SIP-T46G 28.83.0.1")],
            [ChangeKind.DEVICE_CHANGED],
            id="new firmware under the same registration",
        ),
        pytest.param(
            [OLD],
            [registration("uloc-1", ends=None)],
            [ChangeKind.REFRESHED],
            id="a lease that became permanent",
        ),
    ],
)
def test_what_happened_between_two_answers(
    before: list[Registration], after: list[Registration], expected: list[ChangeKind]
) -> None:
    assert kinds(before, answer(1, *after, when=300)) == expected


def test_what_we_deleted_ourselves_is_our_own_doing() -> None:
    assert kinds([OLD], answer(1, when=300), deleted={OLD.id}) == [ChangeKind.DELETED]


def test_a_return_after_a_loss_is_a_restoration() -> None:
    changes = list(diff_extension(Past((), was_lost=True), answer(1, OLD, when=300)))
    assert [(c.kind, c.before, c.after) for c in changes] == [(ChangeKind.RESTORED, None, OLD)]


def test_a_twin_on_the_next_desk_is_no_heir() -> None:
    """Both were alive side by side: the first was refreshed after the second had appeared."""
    twin = registration("uloc-2", ends=900, contact="sip:101@192.168.5.53:5062")
    tracks = {
        OLD.id: Track(first_seen_at=at(0), refreshed_at=at(200)),
        twin.id: Track(first_seen_at=at(100), refreshed_at=at(100)),
    }
    changes = list(diff_extension(Past((OLD, twin), tracks=tracks), answer(1, twin, when=601)))
    assert [c.kind for c in changes] == [ChangeKind.EXPIRED]


def test_an_entry_that_came_after_the_last_refresh_is_the_heir() -> None:
    tracks = {
        OLD.id: Track(first_seen_at=at(0), refreshed_at=at(50)),
        REBOOTED.id: Track(first_seen_at=at(100), refreshed_at=at(400)),
    }
    past = Past((OLD, REBOOTED), tracks=tracks)
    (change,) = diff_extension(past, answer(1, REBOOTED, when=601))
    assert (change.kind, change.after) == (ChangeKind.REPLACED, REBOOTED)


def test_the_pbx_own_list_of_ended_entries_dates_an_unseen_refresh() -> None:
    """It was refreshed after the last answer, and its lease ended all the same."""
    refreshed = registration("uloc-1", ends=280)
    stale = registration("uloc-1", ends=100)
    gone = answer(1, when=300, former=[refreshed])
    assert kinds([stale], gone) == [ChangeKind.EXPIRED]
    still_running = answer(1, when=300, former=[registration("uloc-1", ends=900)])
    assert kinds([stale], still_running) == [ChangeKind.UNREGISTERED]


def test_an_entry_that_the_pbx_says_ended_before_its_time_did_not_run_out() -> None:
    """A minute later the PBX lists an un-REGISTERed one as ended so many seconds ago."""
    old = registration("uloc-1", ends=600)
    gone = answer(1, when=300, former=[registration("uloc-1", ends=240)])
    (change,) = diff_extension(Past((old,)), gone)
    assert change.kind is ChangeKind.UNREGISTERED
