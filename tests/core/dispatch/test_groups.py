"""One group of one receiver: why and when there is something to say, and what."""

import pytest
from fakes.notifications import NEW, RESOLVED, STILL, api_unavailable, lost, overdue, resolved
from fakes.values import at
from msgspec.structs import replace

from regwatch.core.dispatch.groups import Group, in_order, is_news
from regwatch.core.dispatch.routing import Route
from regwatch.core.model import (
    Incident,
    IncidentId,
    Item,
    Notified,
    NotifyReason,
    Severity,
)

ROUTE = Route(
    key="chat", receivers=("chat",), group_wait=10.0, group_interval=60.0, repeat=(600.0, 1800.0)
)
ONE, TWO = lost(101), lost(102)
MILD = overdue(103)
ALL = {each.id: each for each in (ONE, TWO, MILD)}


def row(
    incident: Incident, *, when: float = 0.0, repeats: int = 0, ended: float | None = None
) -> Notified:
    """That it was told."""
    over = None if ended is None else at(ended)
    return Notified(
        "chat", incident.id, incident.alert, incident.severity, "g", at(when), repeats, over
    )


def group(
    *told: Notified, fresh: dict[IncidentId, float] | None = None, route: Route = ROUTE
) -> Group:
    made = Group("chat", "g", route)
    for each in told:
        made.add_told(each)
    made.fresh = {i: at(since) for i, since in (fresh or {}).items()}
    return made


def triggers(
    made: Group, incidents: dict[IncidentId, Incident] = ALL
) -> list[tuple[NotifyReason, float]]:
    return [(reason, when - at(0)) for reason, when in made.triggers(incidents)]


@pytest.mark.parametrize(
    ("known", "incident", "news"),
    [
        pytest.param(None, ONE, True, id="never told"),
        pytest.param(row(ONE), ONE, False, id="told as it is"),
        pytest.param(row(ONE, ended=5), ONE, True, id="told as over"),
        pytest.param(row(MILD), replace(ONE, id=MILD.id), True, id="under another name"),
        pytest.param(
            row(MILD), replace(MILD, severity=Severity.CRITICAL), True, id="worse than it was"
        ),
        pytest.param(row(ONE), replace(ONE, severity=Severity.INFO), False, id="milder now"),
    ],
)
def test_what_is_news(known: Notified | None, incident: Incident, news: bool) -> None:
    assert is_news(known, incident) is news


def test_nothing_to_say_is_no_trigger() -> None:
    assert triggers(group()) == []
    assert group().is_empty


def test_the_first_message_waits_for_others() -> None:
    made = group(fresh={ONE.id: 5, TWO.id: 3})
    assert triggers(made) == [(NotifyReason.FIRST_SEEN, 13)], "from the oldest on"
    assert not made.is_empty


@pytest.mark.parametrize(
    ("told", "fresh", "digest", "reason", "when"),
    [
        pytest.param(ONE, TWO, 0.0, NotifyReason.NEW_INCIDENTS, 60, id="one pace for what follows"),
        pytest.param(ONE, MILD, 0.0, NotifyReason.NEW_INCIDENTS, 60, id="milder: the same pace"),
        pytest.param(MILD, ONE, 0.0, NotifyReason.WORSE, 30, id="what is worse does not wait"),
        pytest.param(ONE, TWO, 900.0, NotifyReason.NEW_INCIDENTS, 920, id="collected for longer"),
        pytest.param(MILD, ONE, 900.0, NotifyReason.WORSE, 30, id="worse: no digest keeps it"),
    ],
)
def test_at_which_pace_more_is_told(
    told: Incident, fresh: Incident, digest: float, reason: NotifyReason, when: float
) -> None:
    route = replace_route(digest=digest, repeat=())
    assert triggers(group(row(told), fresh={fresh.id: 20}, route=route)) == [(reason, when)]


def replace_route(**changes: object) -> Route:
    fields = {"key": "chat", "receivers": ("chat",), "group_wait": 10.0, "group_interval": 60.0}
    return Route(**(fields | changes))  # type: ignore[arg-type]


def test_once_all_it_told_is_over_the_next_one_does_not_wait_for_the_pace() -> None:
    made = group(row(ONE), fresh={TWO.id: 20})
    made.gone[ONE.id] = at(15)
    assert triggers(made) == [
        (NotifyReason.NEW_INCIDENTS, 30),
        (NotifyReason.SOME_RESOLVED, 60),
    ]


def test_some_are_over_or_all() -> None:
    made = group(row(ONE), row(TWO), route=replace_route())
    made.gone[ONE.id] = at(40)
    assert triggers(made) == [(NotifyReason.SOME_RESOLVED, 60)]
    made.gone[TWO.id] = at(35)
    assert triggers(made) == [(NotifyReason.ALL_RESOLVED, 45)]


@pytest.mark.parametrize(("severity", "when"), [(Severity.WARNING, 3600), (Severity.INFO, None)])
def test_nobody_is_reminded_of_info_alone_unless_the_route_says_so(
    severity: Severity, when: float | None
) -> None:
    told = replace(row(ONE), severity=severity)
    usual = triggers(group(told, route=replace_route(repeat=None)))
    assert usual == ([] if when is None else [(NotifyReason.REPEAT_DUE, when)])
    asked_for = triggers(group(told, route=replace_route(repeat=(60.0,))))
    assert asked_for == [(NotifyReason.REPEAT_DUE, 60)]


@pytest.mark.parametrize(("repeats", "when"), [(0, 600), (1, 1800), (2, 1800), (9, 1800)])
def test_reminders_come_ever_more_slowly_and_never_end(repeats: int, when: float) -> None:
    made = group(row(ONE, repeats=repeats))
    assert triggers(made) == [(NotifyReason.REPEAT_DUE, when)]


@pytest.mark.parametrize(
    "changes",
    [{"acknowledged_by": "jane"}, {"silenced_by": "silence s1"}, {"inhibited_by": "x"}],
    ids=["somebody is at it", "silenced", "another says it"],
)
def test_nobody_is_reminded_of_what_is_quiet(changes: dict[str, str]) -> None:
    quiet = ALL | {ONE.id: replace(ONE, **changes)}
    assert triggers(group(row(ONE)), quiet) == []
    assert triggers(group(row(ONE), row(TWO)), quiet) == [(NotifyReason.REPEAT_DUE, 600)]


def test_of_what_is_over_nobody_is_reminded() -> None:
    made = group(row(ONE), route=replace_route(repeat=(5.0,)))
    made.gone[ONE.id] = at(0)
    assert triggers(made) == [(NotifyReason.ALL_RESOLVED, 10)]


def test_the_latest_message_sets_the_pace() -> None:
    made = group(row(ONE, when=100, repeats=2), row(TWO, when=50, repeats=7))
    assert (made.spoken_at, made.repeats) == (at(100), 2)


def test_what_was_withdrawn_is_gone_and_says_since_when_it_waited() -> None:
    made = group(row(ONE), fresh={TWO.id: 7})
    made.gone[ONE.id] = at(9)
    assert [made.withdraw(each.id) for each in (ONE, TWO, MILD)] == [at(9), at(7), None]
    made.forget_if_untold()
    assert (made.is_empty, made.spoken_at, made.gone) == (True, None, {})


def test_while_something_is_told_the_group_is_not_forgotten() -> None:
    made = group(row(ONE, when=3))
    made.forget_if_untold()
    assert made.spoken_at == at(3)


def test_a_clock_that_is_set_changes_no_wait() -> None:
    made = group(row(ONE), fresh={TWO.id: 20})
    made.gone[ONE.id] = at(15)
    before = triggers(made)
    list(made.clock_set(3600.0))
    assert triggers(made) == [(reason, when + 3600) for reason, when in before]


def test_all_there_is_to_say_in_order() -> None:
    made = group(row(ONE), row(MILD), fresh={TWO.id: 1})
    made.gone[MILD.id] = at(5)
    said = made.items(ALL, {TWO.id})
    assert [(item.status, item.incident.id) for item in said] == [
        (NEW, TWO.id),
        (STILL, ONE.id),
        (RESOLVED, MILD.id),
    ]
    assert [item.told_before for item in said] == [True, False, False]


def test_what_is_quiet_is_not_listed_as_still_there() -> None:
    quiet = ALL | {ONE.id: replace(ONE, silenced_by="silence s1")}
    assert group(row(ONE)).items(quiet, ()) == ()


def test_worst_first_then_by_account_extension_and_subject() -> None:
    over = resolved(lost(100))
    api = api_unavailable()
    items = [Item(RESOLVED, over), Item(NEW, MILD), Item(NEW, TWO), Item(NEW, ONE), Item(NEW, api)]
    assert [item.incident.id for item in in_order(items)] == [
        api.id,
        ONE.id,
        TWO.id,
        MILD.id,
        over.id,
    ]


def test_two_of_the_same_time_are_told_by_the_reason_that_tells_most() -> None:
    made = group(row(ONE, when=0), fresh={TWO.id: 0}, route=replace_route(repeat=(60.0,)))
    reasons = [reason for reason, _ in made.triggers(ALL)]
    assert reasons == [NotifyReason.NEW_INCIDENTS, NotifyReason.REPEAT_DUE]
