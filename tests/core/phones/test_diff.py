from collections.abc import Iterable, Mapping

import pytest
from fakes.values import answer, at, registration

from regwatch.core.model import Answer, ChangeKind, Registration, RegistrationId
from regwatch.core.phones.diff import Past, diff_extension
from regwatch.core.phones.habits import Habit
from regwatch.core.phones.identity import Track

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
        pytest.param(
            [registration(ends=300)], [], [ChangeKind.ENDED_UNSEEN], id="gone with its lease"
        ),
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
            [ChangeKind.REPLACED, ChangeKind.REGISTERED],
            id="the only device goes elsewhere",
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
    assert [c.kind for c in changes] == [ChangeKind.ENDED_UNSEEN]


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
    assert kinds([stale], gone) == [ChangeKind.ENDED_UNSEEN]
    still_running = answer(1, when=300, former=[registration("uloc-1", ends=900)])
    assert kinds([stale], still_running) == [ChangeKind.UNREGISTERED]


TRACKED = {OLD.id: Track(first_seen_at=at(-600), refreshed_at=at(0))}
STEADY = {OLD.id: Habit(refreshes=9, lease_low=600, lease_high=600, earliest=290, latest=310)}
YOUNG = {OLD.id: Habit(lease_low=1200, lease_high=1200)}


@pytest.mark.parametrize(
    ("asked_before", "habits", "kind"),
    [
        pytest.param(309, STEADY, ChangeKind.ENDED_UNSEEN, id="before its usual refresh"),
        pytest.param(310, STEADY, ChangeKind.EXPIRED, id="after it"),
        pytest.param(539, YOUNG, ChangeKind.ENDED_UNSEEN, id="no refresh seen yet: it may come"),
        pytest.param(540, YOUNG, ChangeKind.EXPIRED, id="all would have refreshed by then"),
        pytest.param(569, {}, ChangeKind.ENDED_UNSEEN, id="its lease is at least as was seen"),
        pytest.param(570, {}, ChangeKind.EXPIRED, id="so all would have refreshed by then"),
    ],
)
def test_who_is_gone_with_its_lease_ran_out_if_it_was_seen_to_be_late(
    asked_before: float, habits: Mapping[RegistrationId, Habit], kind: ChangeKind
) -> None:
    past = Past((OLD,), tracks=TRACKED, answered_at=at(asked_before), habits=habits)
    (change,) = diff_extension(past, answer(1, when=700))
    assert change.kind is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param(600, ChangeKind.EXPIRED, id="with its lease"),
        pytest.param(450, ChangeKind.UNREGISTERED, id="sooner: it signed off, if seen late too"),
        pytest.param(680, ChangeKind.ENDED_UNSEEN, id="later: it had refreshed unseen"),
        pytest.param(900, ChangeKind.UNREGISTERED, id="its lease would go on still"),
    ],
)
def test_when_it_ended_the_pbx_itself_may_say(said: float, kind: ChangeKind) -> None:
    past = Past((OLD,), tracks=TRACKED, answered_at=at(100))
    (change,) = diff_extension(past, answer(1, when=700, former=[registration(ends=said)]))
    assert change.kind is kind


def test_an_entry_that_the_pbx_says_ended_before_its_time_did_not_run_out() -> None:
    """A minute later the PBX lists an un-REGISTERed one as ended so many seconds ago."""
    old = registration("uloc-1", ends=600)
    gone = answer(1, when=300, former=[registration("uloc-1", ends=240)])
    (change,) = diff_extension(Past((old,)), gone)
    assert change.kind is ChangeKind.UNREGISTERED
