"""Recorded answers through the account that would have watched: who is told what, and when."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes.values import ACME, answer, at, batch, listing, registration

from regwatch.app.replay import Replay, UnknownAccountError
from regwatch.config import Config, load_config
from regwatch.core.model import AccountName, AlertName, FailureReason, NotifyReason
from regwatch.core.recording import Recorded

CONFIG = """
accounts:
  - {{name: acme, url: "https://pbx.example.com", access_token: t0ken, extensions: {extensions},
     polling: {{batch_size: 5}}}}
receivers: [{{name: chat, webhook: {{url: "https://chat.example.com"}}}}]
routes: [{{receivers: [chat], group_wait: 10s}}]
"""
DISCOVERED = "{discover: {type: phone}}"


def config(folder: Path, extensions: str = DISCOVERED) -> Config:
    file = folder / "regwatch.yml"
    file.write_text(CONFIG.format(extensions=extensions))
    return load_config(file, environ={})


def polled(when: float, *numbers: int, lost: Sequence[int] = ()) -> Recorded:
    found = (
        answer(n, *(() if n in lost else (registration(f"u-{n}", ends=9e4),)), when=when)
        for n in numbers
    )
    return Recorded(at=at(when), account=ACME, batch=batch(*found))


def listed(when: float, *numbers: int) -> Recorded:
    return Recorded(at=at(when), account=ACME, listing=listing(*numbers))


def failed(when: float, reason: FailureReason) -> Recorded:
    return Recorded(at=at(when), account=ACME, failure=reason)


def told(
    config: Config, *records: Recorded
) -> list[tuple[float, NotifyReason, AlertName, int | None]]:
    return [
        (
            message.created_at - at(0),
            message.reason,
            item.incident.alert,
            item.incident.facts.extension_id,
        )
        for message in Replay(config).play(records)
        for item in message.items
    ]


def test_a_loss_is_told_after_the_groups_wait_and_its_end_too(tmp_path: Path) -> None:
    records = [polled(0, 1, 2), polled(58, 1, 2, lost=[2]), polled(60, 1, 2, lost=[2])]
    records.append(polled(420, 1, 2))
    records.append(polled(1000, 1, 2))  # of what matters little one hears every quarter of an hour
    assert told(config(tmp_path), *records) == [
        (70.0, NotifyReason.FIRST_SEEN, AlertName.SIGNED_OFF, 2),
        (970.0, NotifyReason.ALL_RESOLVED, AlertName.SIGNED_OFF, 2),
    ]


def test_what_was_held_back_at_the_end_of_the_record_is_told_still(tmp_path: Path) -> None:
    gone = [polled(when, 1, lost=[1]) for when in (58, 60)]
    assert len(told(config(tmp_path), polled(0, 1), *gone)) == 1


def test_who_is_left_out_of_the_list_is_gone_after_two_of_them(tmp_path: Path) -> None:
    lost = polled(60, 1, 2, lost=[2])
    *_, last = told(
        config(tmp_path), listed(0, 1, 2), polled(1, 1, 2), lost, listed(900, 1), listed(1800, 1)
    )
    assert last[1:] == (NotifyReason.ALL_RESOLVED, AlertName.SIGNED_OFF, 2)


def test_an_explicit_id_that_no_list_names_is_watched_on(tmp_path: Path) -> None:
    """As the daemon watches it: that it is in no list is no reason to call its loss over."""
    both = config(tmp_path, "{ids: [7], discover: {type: phone}}")
    records = [listed(0, 1), polled(1, 1, 7), polled(60, 1, 7, lost=[7])]
    found = told(both, *records, listed(900, 1), listed(1800, 1), listed(2700, 1))
    of_seven = [reason for _, reason, _, extension_id in found if extension_id == 7]
    assert of_seven == [NotifyReason.FIRST_SEEN]


def test_an_explicit_id_that_was_never_asked_for_is_no_blindness(tmp_path: Path) -> None:
    both = config(tmp_path, "{ids: [7], discover: {type: phone}}")
    polls = (polled(when, 1) for when in range(1, 7200, 60))
    assert told(both, listed(0, 1), *polls) == []


@pytest.mark.parametrize(
    ("reason", "alerts"),
    [
        (FailureReason.TIMEOUT, [AlertName.API_UNAVAILABLE]),
        (FailureReason.CREDENTIALS_REFUSED, [AlertName.CREDENTIALS_REFUSED]),
        (FailureReason.QUOTA_EXHAUSTED, []),
    ],
)
def test_failures_tell_of_the_api_and_not_of_a_plan_that_nobody_follows(
    tmp_path: Path, reason: FailureReason, alerts: list[AlertName]
) -> None:
    failures = (failed(when, reason) for when in range(60, 660, 60))
    found = told(config(tmp_path), polled(0, 1), *failures)
    assert [alert for _, _, alert, _ in found] == alerts


def test_where_many_are_watched_old_answers_are_old_all_the_same(tmp_path: Path) -> None:
    """No pace of ours excuses what was not answered in the record."""
    crowd = range(1, 801)
    stale = told(config(tmp_path), polled(0, *crowd), polled(60, 1), polled(1200, 1))
    assert [alert for _, _, alert, _ in stale] == [AlertName.API_UNAVAILABLE]


def test_an_account_that_the_configuration_has_not_is_refused(tmp_path: Path) -> None:
    other = Recorded(at=at(0), account=AccountName("other"), batch=batch(answer(1, when=0)))
    with pytest.raises(UnknownAccountError, match="other"):
        list(Replay(config(tmp_path)).play([other]))
