"""Which notifications incidents become, when, and what a receiver is owed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regwatch.core.dispatch.grouping import PUT_OFF_SECONDS, Grouping
from regwatch.core.dispatch.routing import Escalation, Route, route_per_receiver
from regwatch.core.matchers import Matchers
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    ItemStatus,
    Notification,
    Notified,
    NotifyReason,
    Severity,
    Timestamp,
)
from regwatch.core.schedules import Hours, Schedule

START = 1_700_000_000.0
WAIT, INTERVAL = 10.0, 60.0
NEW, STILL, RESOLVED = ItemStatus.NEW, ItemStatus.STILL, ItemStatus.RESOLVED
CHAT = Route(
    key="chat",
    receivers=("chat",),
    group_by=("account", "alert"),
    group_wait=WAIT,
    group_interval=INTERVAL,
    repeat=(600.0, 1800.0),
)
LOST, OVERDUE = AlertName.EXTENSION_LOST, AlertName.REFRESH_OVERDUE


def at(seconds: float) -> Timestamp:
    return Timestamp(START + seconds)


def firing(
    number: int,
    *,
    since: float = 0.0,
    alert: AlertName = LOST,
    severity: Severity = Severity.CRITICAL,
    site: str = "",
    account: str = "acme",
) -> Incident:
    facts = Facts(
        account=AccountName(account),
        extension_id=ExtensionId(number),
        extension=f"000*{number}",
        site=site,
    )
    return Incident(
        id=IncidentId(f"{account}-{number}"),
        account=AccountName(account),
        alert=alert,
        severity=severity,
        subject=f"extension/{number}",
        state=IncidentState.FIRING,
        started_at=at(since),
        fired_at=at(since),
        facts=facts,
    )


def resolved(incident: Incident, when: float) -> Incident:
    return msgspec.structs.replace(
        incident, state=IncidentState.RESOLVED, resolved_at=at(when), cleared_at=at(when)
    )


def escalated(incident: Incident) -> Incident:
    return msgspec.structs.replace(
        incident, alert=LOST, severity=Severity.CRITICAL, escalated_from=incident.alert
    )


def note(grouping: Grouping, when: float, *incidents: Incident) -> None:
    for incident in incidents:
        grouping.take(incident, now=at(when))


def send(grouping: Grouping, when: float) -> Sequence[Notification]:
    """What is due goes out."""
    notifications = grouping.due(now=at(when))
    for notification in notifications:
        grouping.queued(notification, now=at(when))
    return notifications


def told(notification: Notification) -> list[tuple[ItemStatus, int | None]]:
    return [(item.status, item.incident.facts.extension_id) for item in notification.items]


def seconds_until_due(grouping: Grouping) -> float | None:
    due_at = grouping.next_due_at()
    return None if due_at is None else due_at - START


def timeline(
    routes: Sequence[Route], events: Iterable[tuple[float, Incident]], until: float
) -> list[tuple[float, str, NotifyReason, list[tuple[ItemStatus, int | None]]]]:
    """Run to `until`, sending each notification the moment it is due."""
    grouping, said = Grouping(routes), []
    pending = sorted(events, key=lambda event: event[0])
    while True:
        due_at = seconds_until_due(grouping)
        if pending and (due_at is None or pending[0][0] <= due_at):
            when, incident = pending.pop(0)
            note(grouping, when, incident)
            continue
        if due_at is None or due_at > until:
            return said
        said += [(due_at, n.receiver, n.reason, told(n)) for n in send(grouping, due_at)]


ONE, TWO, THREE = firing(101), firing(102, since=5), firing(103, since=20)
MILD = firing(104, alert=OVERDUE, severity=Severity.WARNING)
BY_ACCOUNT = replace(CHAT, group_by=("account",))

SCENARIOS = {
    "the first message waits for others of its group": (
        [CHAT],
        [(0, ONE), (5, TWO)],
        [(10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101), (NEW, 102)])],
    ),
    "later ones wait for the interval since the last message": (
        [CHAT],
        [(0, ONE), (20, THREE)],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (70, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 103), (STILL, 101)]),
        ],
    ),
    "a late one in a quiet group waits for its like": (
        [CHAT],
        [(0, ONE), (300, THREE)],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (310, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 103), (STILL, 101)]),
        ],
    ),
    "worse than before does not wait for the interval": (
        [BY_ACCOUNT],
        [(0, MILD), (20, THREE)],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
            (30, "chat", NotifyReason.WORSE, [(NEW, 103), (STILL, 104)]),
        ],
    ),
    "milder than before waits": (
        [BY_ACCOUNT],
        [(0, ONE), (20, MILD)],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (70, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 104), (STILL, 101)]),
        ],
    ),
    "resolves while another fires go out together, after the interval": (
        [CHAT],
        [(0, ONE), (0, TWO), (0, THREE), (20, resolved(ONE, 20)), (25, resolved(TWO, 25))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101), (NEW, 102), (NEW, 103)]),
            (
                70,
                "chat",
                NotifyReason.SOME_RESOLVED,
                [(STILL, 103), (RESOLVED, 101), (RESOLVED, 102)],
            ),
        ],
    ),
    "the last resolve says that all is over": (
        [CHAT],
        [(0, ONE), (20, resolved(ONE, 20))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (30, "chat", NotifyReason.ALL_RESOLVED, [(RESOLVED, 101)]),
        ],
    ),
    "what resolves before it was told is never spoken of": (
        [CHAT],
        [(0, ONE), (9, resolved(ONE, 9))],
        [],
    ),
    "a pending incident and an unknown resolved one are nothing": (
        [CHAT],
        [(0, msgspec.structs.replace(ONE, state=IncidentState.PENDING)), (1, resolved(TWO, 1))],
        [],
    ),
    "a resolve rides along with news": (
        [CHAT],
        [(0, ONE), (0, TWO), (20, THREE), (21, resolved(ONE, 21))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101), (NEW, 102)]),
            (70, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 103), (STILL, 102), (RESOLVED, 101)]),
        ],
    ),
    "news waits for no interval when all else has resolved": (
        [CHAT],
        [(0, ONE), (20, TWO), (21, resolved(ONE, 21))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (30, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 102), (RESOLVED, 101)]),
        ],
    ),
    "a group that was over begins anew": (
        [CHAT],
        [(0, ONE), (11, resolved(ONE, 11)), (22, TWO)],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (21, "chat", NotifyReason.ALL_RESOLVED, [(RESOLVED, 101)]),
            (32, "chat", NotifyReason.FIRST_SEEN, [(NEW, 102)]),
        ],
    ),
    "an escalation in its group is news and worse": (
        [BY_ACCOUNT],
        [(0, MILD), (20, escalated(MILD)), (21, escalated(MILD))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
            (30, "chat", NotifyReason.WORSE, [(NEW, 104)]),
        ],
    ),
    "an escalation into another group leaves the old one without a word": (
        [CHAT],
        [(0, MILD), (20, escalated(MILD)), (40, resolved(escalated(MILD), 40))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
            (30, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
            (50, "chat", NotifyReason.ALL_RESOLVED, [(RESOLVED, 104)]),
        ],
    ),
    "one that escalates while it waits has already waited": (
        [CHAT],
        [(0, MILD), (8, escalated(MILD))],
        [(10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)])],
    ),
    "a milder severity is no news": (
        [BY_ACCOUNT],
        [(0, ONE), (20, msgspec.structs.replace(ONE, severity=Severity.INFO))],
        [(10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)])],
    ),
    "an incident that fires again before its resolve went out never went away": (
        [CHAT],
        [(0, ONE), (20, resolved(ONE, 20)), (25, ONE)],
        [(10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)])],
    ),
    "without waits it goes out at once": (
        [replace(CHAT, group_wait=0.0, group_interval=0.0)],
        [(0, ONE), (5, TWO), (6, resolved(ONE, 6))],
        [
            (0, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (5, "chat", NotifyReason.NEW_INCIDENTS, [(NEW, 102), (STILL, 101)]),
            (6, "chat", NotifyReason.SOME_RESOLVED, [(STILL, 102), (RESOLVED, 101)]),
        ],
    ),
    "groups are apart": (
        [CHAT],
        [(0, ONE), (0, firing(101, account="other"))],
        [
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
            (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 101)]),
        ],
    ),
}


@pytest.mark.parametrize(("routes", "events", "expected"), SCENARIOS.values(), ids=list(SCENARIOS))
def test_scenario(
    routes: list[Route], events: list[tuple[float, Incident]], expected: list[object]
) -> None:
    assert timeline(routes, events, until=500) == expected


def test_reminders_grow_and_the_last_one_repeats() -> None:
    said = timeline([CHAT], [(0, ONE)], until=6500)
    assert [(when, reason) for when, _, reason, _ in said] == [
        (10, NotifyReason.FIRST_SEEN),
        (610, NotifyReason.REPEAT_DUE),
        (2410, NotifyReason.REPEAT_DUE),
        (4210, NotifyReason.REPEAT_DUE),
        (6010, NotifyReason.REPEAT_DUE),
    ]


def test_reminders_begin_anew_when_something_new_fires_but_not_when_something_resolves() -> None:
    events = [(0, ONE), (0, TWO), (700, resolved(TWO, 700)), (3000, THREE)]
    said = timeline([CHAT], events, until=3700)
    assert [(when, reason) for when, _, reason, _ in said] == [
        (10, NotifyReason.FIRST_SEEN),
        (610, NotifyReason.REPEAT_DUE),
        (710, NotifyReason.SOME_RESOLVED),
        (2510, NotifyReason.REPEAT_DUE),
        (3010, NotifyReason.NEW_INCIDENTS),
        (3610, NotifyReason.REPEAT_DUE),
    ]


def test_without_repeat_nothing_is_said_twice() -> None:
    grouping = Grouping([replace(CHAT, repeat=())])
    note(grouping, 0, ONE)
    send(grouping, 10)
    assert grouping.next_due_at() is None
    assert send(grouping, 1e9) == []


PAGER = Route(
    key="pager",
    receivers=("pager",),
    matchers=Matchers.of({"severity": "critical"}),
    group_wait=WAIT,
)


def test_an_escalation_reaches_its_new_receiver_and_the_resolve_both() -> None:
    events = [(0, MILD), (20, escalated(MILD)), (40, resolved(escalated(MILD), 40))]
    assert timeline([PAGER, CHAT], events, until=5000) == [
        (10, "chat", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
        (30, "pager", NotifyReason.FIRST_SEEN, [(NEW, 104)]),
        (50, "chat", NotifyReason.ALL_RESOLVED, [(RESOLVED, 104)]),
        (50, "pager", NotifyReason.ALL_RESOLVED, [(RESOLVED, 104)]),
    ]


def test_the_resolve_of_an_escalated_incident_bears_the_group_key_its_receiver_knows() -> None:
    grouping = Grouping([PAGER, CHAT])
    note(grouping, 0, MILD)
    [first] = send(grouping, 10)
    note(grouping, 20, escalated(MILD))
    send(grouping, 30)
    note(grouping, 40, resolved(escalated(MILD), 40))
    last = next(n for n in send(grouping, 50) if n.receiver == "chat")
    assert last.group_key == first.group_key
    assert last.group_labels == {"account": "acme", "alertname": "RegwatchRefreshOverdue"}


def test_a_notification_tells_its_group_and_orders_by_severity_and_extension() -> None:
    grouping = Grouping([BY_ACCOUNT])
    note(grouping, 0, MILD, TWO, ONE)
    [notification] = grouping.due(now=at(10))
    assert told(notification) == [(NEW, 101), (NEW, 102), (NEW, 104)]
    assert notification.group_labels == {"account": "acme"}
    assert notification.group_key == 'chat:{"account": "acme"}'
    assert notification.created_at == at(10)


def test_the_id_is_the_same_for_the_same_message_and_no_other() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, ONE)
    [one], [again], [later] = (grouping.due(now=at(t)) for t in (10, 10, 11))
    assert one == again
    assert one.id != later.id
    assert len(one.id) == 32


def test_due_changes_nothing_and_queued_does() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, ONE)
    assert grouping.due(now=at(9)) == []
    [notification] = grouping.due(now=at(10))
    rows = grouping.rows(notification, now=at(10))
    assert grouping.due(now=at(10)) == [notification]
    assert grouping.queued(notification, now=at(10)) == rows
    assert grouping.due(now=at(10)) == []
    assert rows == [
        Notified(
            "chat",
            ONE.id,
            LOST,
            Severity.CRITICAL,
            notification.group_key,
            at(10),
            first_told_at=at(10),
        )
    ]


def test_what_resolves_while_its_firing_is_being_stored_is_resolved_there() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, ONE)
    [notification] = grouping.due(now=at(10))
    note(grouping, 10, resolved(ONE, 10))
    grouping.queued(notification, now=at(10))
    assert [told(n) for n in send(grouping, 20)] == [[(RESOLVED, 101)]]
    assert grouping.open_incidents == ()


def test_what_resolves_after_an_offer_that_was_not_stored_is_forgotten() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, ONE)
    grouping.due(now=at(10))
    note(grouping, 10, resolved(ONE, 10))
    assert grouping.next_due_at() is None
    assert grouping.due(now=at(100)) == []
    assert grouping.open_incidents == ()


def test_what_escalates_while_it_is_being_stored_is_news_again() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, MILD)
    [notification] = grouping.due(now=at(10))
    note(grouping, 10, escalated(MILD))
    grouping.queued(notification, now=at(10))
    [again] = send(grouping, 20)
    assert again.with_status(NEW) == (escalated(MILD),)


def test_a_reminder_overtaken_by_the_end_of_its_group_still_leaves_a_trace() -> None:
    """The group left its receiver's routes while the reminder was being stored."""
    grouping = Grouping([PAGER, CHAT])
    note(grouping, 0, MILD)
    send(grouping, 10)
    [reminder] = grouping.due(now=at(610))
    note(grouping, 610, escalated(MILD))
    grouping.next_due_at()
    [row] = grouping.queued(reminder, now=at(610))
    assert (row.firing_at, row.repeats) == (at(610), 1)


def test_a_finished_incident_leaves_nothing_behind() -> None:
    grouping = Grouping([replace(CHAT, receivers=("chat", "hook"))])
    note(grouping, 0, ONE)
    send(grouping, 10)
    note(grouping, 20, resolved(ONE, 20))
    first, second = grouping.due(now=at(30))
    grouping.queued(first, now=at(30))
    assert set(grouping._rows) == {ONE.id}
    assert [n.receiver for n in grouping.due(now=at(30))] == [second.receiver]
    grouping.queued(second, now=at(30))
    assert grouping.next_due_at() is None
    assert (grouping._groups, grouping._rows, grouping._places) == ({}, {}, {})


def test_routes_are_looked_up_again_when_many_kinds_have_been_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("regwatch.core.dispatch.grouping.REMEMBERED_TARGETS", 2)
    grouping = Grouping([replace(CHAT, group_by=("extension",))])
    note(grouping, 0, *(firing(n) for n in range(10)))
    assert len(grouping._targets_seen) <= 2
    assert len(send(grouping, 10)) == 10


def test_reminders_that_will_not_come_are_not_kept_in_mind() -> None:
    grouping = Grouping([replace(CHAT, repeat=(1e6,))])
    note(grouping, 0, firing(999, account="other"))
    send(grouping, 10)
    for number in range(300):
        incident, start = firing(number), number * 100
        note(grouping, start, incident)
        send(grouping, start + 10)
        grouping.next_due_at()
        note(grouping, start + 20, resolved(incident, start + 20))
        send(grouping, start + 30)
    assert seconds_until_due(grouping) == 1e6 + 10
    assert len(grouping._agenda) <= 104


def test_without_any_route_there_is_nobody_to_tell() -> None:
    with pytest.raises(ValueError, match="at least one route"):
        Grouping([])


# After a restart


def test_a_restart_neither_forgets_nor_repeats() -> None:
    before = Grouping([CHAT])
    note(before, 0, ONE)
    rows = [r for n in before.due(now=at(10)) for r in before.queued(n, now=at(10))]
    after = Grouping([CHAT], incidents=[ONE, THREE], notified=rows)
    assert seconds_until_due(after) == 70
    assert [told(n) for n in send(after, 70)] == [[(NEW, 103), (STILL, 101)]]


def test_after_a_restart_the_latest_row_dates_the_group_and_the_pending_stay_silent() -> None:
    key = 'chat:{"account": "acme", "alertname": "RegwatchExtensionLost"}'
    late = Notified("chat", ONE.id, LOST, Severity.CRITICAL, key, at(610), 1)
    early = Notified("chat", TWO.id, LOST, Severity.CRITICAL, key, at(10))
    pending = msgspec.structs.replace(THREE, state=IncidentState.PENDING)
    grouping = Grouping([CHAT], incidents=[ONE, TWO, pending], notified=[late, early])
    assert seconds_until_due(grouping) == 610 + 1800
    assert list(grouping.open_incidents) == [ONE, TWO]


def test_a_restart_keeps_count_of_the_reminders() -> None:
    before = Grouping([CHAT])
    note(before, 0, ONE)
    send(before, 10)
    [reminder] = before.due(now=at(610))
    rows = before.queued(reminder, now=at(610))
    after = Grouping([CHAT], incidents=[ONE], notified=rows)
    assert seconds_until_due(after) == 610 + 1800


def test_what_resolved_unsaid_before_the_restart_is_said_after_it() -> None:
    row = Notified("chat", ONE.id, LOST, Severity.CRITICAL, 'chat:{"account": "acme"}', at(0))
    grouping = Grouping([CHAT], incidents=[resolved(ONE, 100)], notified=[row])
    [notification] = send(grouping, 110)
    assert (notification.reason, told(notification)) == (
        NotifyReason.ALL_RESOLVED,
        [(RESOLVED, 101)],
    )


def test_rows_of_the_resolved_and_the_vanished_are_not_held_after_a_restart() -> None:
    done = Notified("chat", ONE.id, LOST, Severity.CRITICAL, "k", at(0), 0, at(9))
    orphan = Notified("chat", TWO.id, LOST, Severity.CRITICAL, "k", at(0))
    grouping = Grouping([CHAT], incidents=[resolved(ONE, 5)], notified=[done, orphan])
    assert grouping._rows == {}
    assert grouping.open_incidents == ()


def test_after_new_routes_the_told_stays_told_and_its_resolve_goes_where_it_was_told() -> None:
    before = Grouping([CHAT])
    note(before, 0, ONE)
    rows = send_rows(before, 10)
    other = Route(key="other", receivers=("chat", "pager"), group_wait=WAIT)
    after = Grouping([other], incidents=[ONE], notified=rows)
    [notification] = send(after, 20)
    assert (notification.receiver, notification.reason) == ("pager", NotifyReason.FIRST_SEEN)
    note(after, 30, resolved(ONE, 30))
    assert {(n.receiver, n.group_key) for n in send(after, 40)} == {
        ("chat", rows[0].group_key),
        ("pager", "other:{}"),
    }


def test_a_receiver_that_no_route_names_any_more_hears_the_resolve_and_no_reminder() -> None:
    before = Grouping([CHAT])
    note(before, 0, ONE)
    rows = send_rows(before, 10)
    nobody = Route(key="nobody", receivers=(), group_wait=WAIT)
    after = Grouping([nobody], incidents=[ONE], notified=rows)
    assert after.next_due_at() is None
    note(after, 30, resolved(ONE, 30))
    assert [(n.receiver, told(n)) for n in send(after, 40)] == [("chat", [(RESOLVED, 101)])]


def send_rows(grouping: Grouping, when: float) -> list[Notified]:
    return [r for n in grouping.due(now=at(when)) for r in grouping.queued(n, now=at(when))]


# Laws over random lives


@dataclass
class World:
    """A store that may fail, routes that may change, and what was truly stored."""

    routes: list[Route]
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    rows: dict[tuple[str, IncidentId], Notified] = field(default_factory=dict)
    outbox: list[Notification] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.grouping = Grouping(self.routes)

    def take(self, incident: Incident) -> None:
        self.incidents[incident.id] = incident
        note(self.grouping, self.seconds, incident)

    def send(self, storing: list[bool]) -> None:
        for index, notification in enumerate(self.grouping.due(now=at(self.seconds))):
            if storing and not storing[index % len(storing)]:
                continue
            rows = self.grouping.queued(notification, now=at(self.seconds))
            self.outbox.append(notification)
            self.rows |= {(row.receiver, row.incident_id): row for row in rows}

    def restart(self, routes: list[Route]) -> None:
        self.routes = routes
        self.grouping = Grouping(
            routes, incidents=self.incidents.values(), notified=self.rows.values()
        )

    def settle(self) -> None:
        """Let all that is owed go out; reminders may go on for ever."""
        for _ in range(50):
            due_at = seconds_until_due(self.grouping)
            if due_at is None or due_at > self.seconds + WAIT + INTERVAL:
                return
            self.seconds = max(self.seconds, due_at)
            self.send([])
        pytest.fail("never comes to rest")


ROUTES = [
    [PAGER, BY_ACCOUNT],
    [replace(PAGER, continue_=True), replace(CHAT, group_by=("alert",), repeat=())],
    [replace(CHAT, receivers=("chat", "hook"), group_wait=0.0, group_by=("extension",))],
]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fire"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("escalate"), st.integers(0, 3)),
        st.tuples(st.just("resolve"), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 1.0, WAIT, INTERVAL, 700.0])),
        st.tuples(st.just("send"), st.lists(st.booleans(), max_size=3)),
        st.tuples(st.just("restart"), st.integers(0, 2)),
    ),
    max_size=40,
)


def live(world: World, steps: Iterable[tuple[object, ...]]) -> None:
    """Each subject has one open incident at most; ids are never used again."""
    current: dict[int, Incident] = {}
    serial = 0
    for name, *arguments in steps:
        match name, arguments:
            case "fire", [int(subject), bool(mild)] if subject not in current:
                serial += 1
                form = (OVERDUE, Severity.WARNING) if mild else (LOST, Severity.CRITICAL)
                current[subject] = firing(
                    serial, since=world.seconds, alert=form[0], severity=form[1]
                )
                world.take(current[subject])
            case "escalate", [int(subject)] if subject in current:
                if current[subject].alert is OVERDUE:
                    current[subject] = escalated(current[subject])
                world.take(current[subject])
            case "resolve", [int(subject)] if subject in current:
                world.take(resolved(current.pop(subject), world.seconds))
            case "wait", [float(seconds)]:
                world.seconds += seconds
            case "send", [list(storing)]:
                world.send(storing)
            case "restart", [int(index)]:
                world.restart(ROUTES[index])


def stories(
    outbox: Iterable[Notification],
) -> dict[tuple[str, IncidentId], list[tuple[ItemStatus, AlertName]]]:
    told_of: dict[tuple[str, IncidentId], list[tuple[ItemStatus, AlertName]]] = {}
    for notification in outbox:
        for item in notification.items:
            key = (notification.receiver, item.incident.id)
            told_of.setdefault(key, []).append((item.status, item.incident.alert))
    return told_of


@given(STEPS)
@settings(deadline=None, max_examples=300)
def test_laws_of_what_a_receiver_hears(steps: list[tuple[object, ...]]) -> None:
    world = World(ROUTES[0])
    live(world, steps)
    world.settle()
    told_of = stories(world.outbox)
    for (_, incident_id), story in told_of.items():
        check_story(story, world.incidents[incident_id])
    for incident in world.incidents.values():
        if incident.state is IncidentState.FIRING:
            for receiver in expected_receivers(incident, world.routes):
                assert (receiver, incident.id) in told_of
    assert len({n.id for n in world.outbox}) == len(world.outbox)


def check_story(story: list[tuple[ItemStatus, AlertName]], incident: Incident) -> None:
    """Firing, still, resolved; new again only in a new form; resolved in the end, once."""
    statuses = [status for status, _ in story]
    assert statuses[0] is NEW
    assert statuses.count(RESOLVED) == (incident.state is IncidentState.RESOLVED)
    assert RESOLVED not in statuses[:-1]
    forms = [alert for status, alert in story if status is NEW]
    assert len(forms) == len(set(forms))


def expected_receivers(incident: Incident, routes: Sequence[Route]) -> set[str]:
    return set(route_per_receiver(incident.labels, routes))


@given(STEPS)
@settings(deadline=None, max_examples=100)
def test_all_memory_is_given_back_once_all_has_resolved(steps: list[tuple[object, ...]]) -> None:
    world = World(ROUTES[0])
    live(world, steps)
    for incident in list(world.incidents.values()):
        if incident.state is IncidentState.FIRING:
            world.take(resolved(incident, world.seconds))
    world.settle()
    world.grouping.due(now=at(world.seconds))
    grouping = world.grouping
    assert (grouping._incidents, grouping._rows, grouping._places, grouping._groups) == (
        {},
        {},
        {},
        {},
    )
    assert all(row.resolved_at is not None for row in world.rows.values())


def test_a_mass_outage_is_one_message() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, *(firing(n) for n in range(20_000)))
    [notification] = send(grouping, 10)
    assert len(notification.items) == 20_000
    assert grouping.due(now=at(10)) == []


def test_a_message_about_what_fires_on_rewrites_few_rows() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, *(firing(n) for n in range(2000)))
    send(grouping, 10)
    note(grouping, 400, firing(5000))
    (message,) = grouping.due(now=at(800))
    rows = grouping.queued(message, now=at(800))
    assert len(message.items) == 2001
    assert len(rows) < 10
    assert {row.firing_at for row in rows} == {at(800)}


def test_a_group_keeps_its_pace_over_a_restart_though_few_rows_tell_of_it() -> None:
    world = World([CHAT])
    for number in range(50):
        world.take(firing(number))
    world.settle()
    world.seconds = 700.0
    world.settle()
    assert world.outbox[-1].reason is NotifyReason.REPEAT_DUE
    for number in range(5):
        world.seconds += 100.0
        world.take(resolved(firing(number), world.seconds))
        world.settle()
    due_at = world.grouping.next_due_at()
    world.restart([CHAT])
    assert world.grouping.next_due_at() == due_at


# --- what another incident says ----------------------------------------------------------------


def silent(incident: Incident) -> Incident:
    return msgspec.structs.replace(incident, inhibited_by=IncidentId("site"))


def test_of_an_inhibited_incident_nothing_is_told_until_it_is_released() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, silent(firing(1)))
    assert send(grouping, 3600) == []
    note(grouping, 3600, firing(1))
    (message,) = send(grouping, 3700)
    assert told(message) == [(NEW, 1)]


def test_one_that_is_inhibited_while_it_waits_is_not_told() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    note(grouping, 5, silent(firing(1)))
    assert send(grouping, 3600) == []


def test_of_one_that_was_told_before_nobody_is_reminded_but_its_end_is_owed() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    assert len(send(grouping, 10)) == 1
    note(grouping, 20, silent(firing(1)))
    assert send(grouping, 3600) == []
    note(grouping, 3600, resolved(silent(firing(1)), 3600))
    (last,) = send(grouping, 3700)
    assert told(last) == [(RESOLVED, 1)]


def test_one_that_ends_while_inhibited_and_untold_is_never_spoken_of() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, silent(firing(1)))
    note(grouping, 50, resolved(silent(firing(1)), 50))
    assert send(grouping, 3600) == []


# --- silences, acknowledgements, digests ---------------------------------------------------


def silenced(incident: Incident) -> Incident:
    return msgspec.structs.replace(incident, silenced_by="silence ab12")


def acknowledged(incident: Incident) -> Incident:
    return msgspec.structs.replace(incident, acknowledged_by="anna")


def test_what_is_silenced_is_told_when_the_silence_ends_if_it_still_fires() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, silenced(firing(1)), silenced(firing(2)))
    assert send(grouping, 1000) == []
    note(grouping, 1000, resolved(silenced(firing(2)), 1000))
    note(grouping, 2000, firing(1))
    (message,) = send(grouping, 2000 + WAIT)
    assert told(message) == [(NEW, 1)]


def test_a_silence_never_swallows_the_end_of_what_was_told() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    send(grouping, WAIT)
    note(grouping, 100, silenced(firing(1)))
    assert send(grouping, 100_000) == [], "and nobody is reminded"
    note(grouping, 100_000, resolved(silenced(firing(1)), 100_000))
    (message,) = send(grouping, 100_000 + WAIT)
    assert told(message) == [(RESOLVED, 1)]


def test_what_was_told_before_the_silence_is_raised_again_after_it() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    send(grouping, WAIT)
    note(grouping, 100, silenced(firing(1)))
    note(grouping, 5000, firing(1))
    (message,) = send(grouping, 5000)
    assert (told(message), message.reason) == ([(STILL, 1)], NotifyReason.REPEAT_DUE)


def test_what_is_silenced_is_not_listed_beside_what_is_not() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    send(grouping, WAIT)
    note(grouping, 100, silenced(firing(1)), firing(2))
    (message,) = send(grouping, 100 + INTERVAL)
    assert told(message) == [(NEW, 2)]


def test_nobody_is_reminded_of_what_is_acknowledged_but_of_its_end_all_hear() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1))
    send(grouping, WAIT)
    note(grouping, 100, acknowledged(firing(1)))
    assert send(grouping, 100_000) == []
    note(grouping, 100_000, resolved(acknowledged(firing(1)), 100_000))
    assert [told(m) for m in send(grouping, 100_000 + WAIT)] == [[(RESOLVED, 1)]]


def test_of_two_the_one_nobody_took_on_is_reminded_of() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1), firing(2))
    send(grouping, WAIT)
    note(grouping, 100, acknowledged(firing(1)))
    (message,) = send(grouping, WAIT + 600)
    assert told(message) == [(STILL, 1), (STILL, 2)]


def test_what_is_acknowledged_before_it_was_told_is_told_once() -> None:
    grouping = Grouping([CHAT])
    note(grouping, 0, acknowledged(firing(1)))
    assert [told(m) for m in send(grouping, WAIT)] == [[(NEW, 1)]]
    assert send(grouping, 100_000) == []


DIGEST = replace(CHAT, digest=900.0, group_by=(), repeat=())


def test_a_digest_collects_what_happens() -> None:
    grouping = Grouping([DIGEST])
    note(grouping, 0, firing(1), firing(9))
    note(grouping, 300, firing(2, alert=OVERDUE, severity=Severity.WARNING))
    note(grouping, 400, resolved(firing(9), 400))
    assert send(grouping, 899) == []
    (message,) = send(grouping, 900)
    assert told(message) == [(NEW, 1), (NEW, 2)], "what came and went meanwhile is no news"
    note(grouping, 1000, resolved(firing(1), 1000))
    note(grouping, 1100, firing(3, alert=OVERDUE, severity=Severity.WARNING))
    assert send(grouping, 1899) == []
    (message,) = send(grouping, 1900)
    assert told(message) == [(NEW, 3), (STILL, 2), (RESOLVED, 1)]


def test_what_is_worse_does_not_wait_for_the_digest() -> None:
    grouping = Grouping([DIGEST])
    note(grouping, 0, firing(1, alert=OVERDUE, severity=Severity.WARNING))
    send(grouping, 900)
    note(grouping, 1000, firing(2))
    (message,) = send(grouping, 1000 + WAIT)
    assert message.reason is NotifyReason.WORSE


def test_what_was_told_in_the_future_was_told_by_a_clock_that_was_wrong() -> None:
    before = Grouping([CHAT])
    note(before, 5000, firing(101, since=5000))
    rows = [r for n in before.due(now=at(9000)) for r in before.queued(n, now=at(9000))]
    after = Grouping([CHAT], incidents=before.open_incidents, notified=rows, now=at(100))
    note(after, 100, TWO)
    due_at = seconds_until_due(after)
    assert due_at is not None
    assert due_at <= 100 + max(CHAT.group_wait, CHAT.group_interval)


# --- a group in which a bug is met ---------------------------------------------------------------


def poisoned(incident: Incident) -> Incident:
    return msgspec.structs.replace(incident, severity=None)


def by_account() -> Grouping:
    grouping = Grouping([CHAT])
    note(grouping, 0, firing(1), firing(2, account="bolt"))
    return grouping


def met(grouping: Grouping) -> list[tuple[str, str]]:
    return [(receiver, type(error).__name__) for receiver, _, error in grouping.met()]


def test_the_other_groups_are_told_and_it_is_tried_again_later() -> None:
    grouping = by_account()
    sound = grouping._incidents[firing(1).id]
    grouping._incidents[sound.id] = poisoned(sound)
    (sent,) = send(grouping, WAIT)
    assert sent.items[0].incident.account == "bolt"
    assert met(grouping) == [("chat", "KeyError")]
    assert met(grouping) == []
    assert seconds_until_due(grouping) == WAIT + PUT_OFF_SECONDS, "it does not spin"
    grouping._incidents[sound.id] = sound
    (sent,) = send(grouping, WAIT + PUT_OFF_SECONDS)
    assert sent.items[0].incident.account == "acme"


def test_one_whose_time_cannot_be_known_holds_up_no_other() -> None:
    grouping = by_account()
    group = grouping._places[firing(1).id][0]
    group.fresh[firing(1).id] = None
    assert [each.items[0].incident.account for each in send(grouping, WAIT)] == ["bolt"]
    assert met(grouping) == [("chat", "TypeError")]
    note(grouping, 30, firing(3))
    group.fresh[firing(1).id] = at(0)
    (sent,) = send(grouping, 40)
    assert told(sent) == [(NEW, 1), (NEW, 3)], "touched again, it is tried again"


def test_what_cannot_be_noted_of_a_message_puts_its_group_off() -> None:
    grouping = by_account()
    first, _ = grouping.due(now=at(WAIT))
    grouping.put_off(first, ZeroDivisionError(), now=at(WAIT))
    assert met(grouping) == [("chat", "ZeroDivisionError")]
    assert len(send(grouping, WAIT)) == 1
    assert len(send(grouping, WAIT + PUT_OFF_SECONDS)) == 1
    grouping.put_off(first, ZeroDivisionError(), now=at(WAIT))


# --- what matters little -------------------------------------------------------------------------

EVENING = replace(CHAT, group_interval=None, repeat=())
"""People close their softphones within an hour, and open them within another."""


def messages(severity: Severity, *, phones: int = 60) -> list[int]:
    """How many are sent while so many phones go within an hour, and while they come back."""
    grouping, sent = Grouping([EVENING]), []
    for begin in (0, 14 * 3600):
        count = 0
        for second in range(0, 5400, 10):
            number = second // 60
            if second % 60 == 0 and number < phones:
                gone = firing(number, severity=severity)
                note(grouping, begin + second, resolved(gone, begin + second) if begin else gone)
            count += len(send(grouping, begin + second))
        sent.append(count)
    return sent


@pytest.mark.parametrize(
    ("severity", "most"),
    [(Severity.CRITICAL, [60, 13]), (Severity.WARNING, [13, 13]), (Severity.INFO, [5, 5])],
)
def test_the_less_it_matters_the_fewer_messages_it_makes(
    severity: Severity, most: list[int]
) -> None:
    assert messages(severity) == most


def test_what_gets_worse_waits_for_no_pace() -> None:
    grouping = Grouping([replace(EVENING, group_by=("account",))])
    note(grouping, 0, firing(1, severity=Severity.INFO))
    assert len(send(grouping, 10)) == 1
    note(grouping, 20, firing(2, severity=Severity.CRITICAL))
    assert len(send(grouping, 30)) == 1


# --- hours ---------------------------------------------------------------------------------------

OFFICE = Schedule("office", frozenset(range(7)), (Hours(8 * 60, 18 * 60),), UTC)
EVENING_AT = 71_200.0
"""18:00 of the next day: `START` is a Tuesday, 22:13:20."""
DAY_CHAT = replace(CHAT, key="day", active=OFFICE)
NIGHT = replace(CHAT, key="night", receivers=("pager",))
SHIFTS = [DAY_CHAT, NIGHT]


def heard(
    grouping: Grouping, until: float, *, since: float = 0.0
) -> list[tuple[float, str, NotifyReason, list[tuple[ItemStatus, int | None]]]]:
    """All that goes out until then; each so many seconds before or after the evening begins."""
    said = []
    while (due_at := seconds_until_due(grouping)) is not None and due_at <= until:
        since = max(since, due_at)
        sent = send(grouping, since)
        said += [(since - EVENING_AT, each.receiver, each.reason, told(each)) for each in sent]
    return said


def before_the_evening(*incidents: Incident) -> Grouping:
    """Told of at five minutes to six."""
    grouping = Grouping(SHIFTS, now=at(EVENING_AT - 300))
    note(grouping, EVENING_AT - 300, *incidents)
    return grouping


def test_what_still_fires_when_hours_end_is_told_to_whose_hours_begin() -> None:
    """It fires at 17:55, still at 18:05, and is over at 18:40."""
    grouping = before_the_evening(firing(1))
    said = heard(grouping, EVENING_AT + 2400)
    note(grouping, EVENING_AT + 2400, resolved(firing(1), EVENING_AT + 2400))
    said += heard(grouping, EVENING_AT + 9000)
    assert said == [
        (-290, "chat", NotifyReason.FIRST_SEEN, [(NEW, 1)]),
        (10, "pager", NotifyReason.FIRST_SEEN, [(NEW, 1)]),
        (610, "pager", NotifyReason.REPEAT_DUE, [(STILL, 1)]),
        (2410, "pager", NotifyReason.ALL_RESOLVED, [(RESOLVED, 1)]),
        (2410, "chat", NotifyReason.ALL_RESOLVED, [(RESOLVED, 1)]),
    ]


def test_what_is_over_before_the_hours_end_concerns_nobody_else() -> None:
    grouping = before_the_evening(firing(1))
    heard(grouping, EVENING_AT - 100)
    note(grouping, EVENING_AT - 100, resolved(firing(1), EVENING_AT - 100))
    assert [each[1] for each in heard(grouping, EVENING_AT + 9000)] == ["chat"]


def test_what_waits_while_hours_end_is_told_by_the_hours_that_are_then() -> None:
    grouping = Grouping(SHIFTS, now=at(EVENING_AT - 5))
    note(grouping, EVENING_AT - 5, firing(1))
    assert [each[:2] for each in heard(grouping, EVENING_AT + 60)] == [(10, "pager")]


def test_in_the_morning_the_chat_hears_of_the_night_and_of_yesterday_nothing_anew() -> None:
    morning = EVENING_AT + 14 * 3600
    grouping = before_the_evening(firing(1))
    heard(grouping, EVENING_AT + 60)
    note(grouping, EVENING_AT + 60, firing(2))
    heard(grouping, morning - 1)
    (first, *_) = heard(grouping, morning + 60)
    assert first == (14 * 3600, "chat", NotifyReason.REPEAT_DUE, [(NEW, 2), (STILL, 1)])


@pytest.mark.parametrize(
    "changes",
    [{"severity": Severity.INFO}, {"acknowledged_by": "anna", "acknowledged_at": at(71_000)}],
    ids=["nothing but info", "somebody is at it"],
)
def test_others_are_not_told_when_their_hours_begin_of_what_waits_for_nobody(
    changes: dict[str, object],
) -> None:
    grouping = before_the_evening(msgspec.structs.replace(firing(1, since=70_900), **changes))
    assert [each[1] for each in heard(grouping, EVENING_AT + 90)] == ["chat"]


def test_who_would_have_been_told_when_it_was_acknowledged_is_told() -> None:
    slow = replace(NIGHT, receivers=("mail",), digest=900.0)
    grouping = Grouping([replace(DAY_CHAT, continue_=True), slow], now=at(EVENING_AT - 300))
    note(grouping, EVENING_AT - 300, firing(1))
    heard(grouping, EVENING_AT - 280)
    taken = msgspec.structs.replace(
        firing(1), acknowledged_by="anna", acknowledged_at=at(EVENING_AT - 270)
    )
    note(grouping, EVENING_AT - 270, taken)
    rows = [row for by in grouping._rows.values() for row in by.values()]
    again = Grouping(
        [replace(DAY_CHAT, continue_=True), slow],
        incidents=[taken],
        notified=rows,
        now=at(EVENING_AT - 200),
    )
    for each in (grouping, again):
        assert [said[1] for said in heard(each, EVENING_AT + 1000)] == ["mail"]


def test_by_night_the_pace_of_the_night_holds_also_for_what_was_told_by_day() -> None:
    both = [DAY_CHAT, replace(NIGHT, receivers=("chat",), repeat=())]
    grouping = Grouping(both, now=at(EVENING_AT - 300))
    note(grouping, EVENING_AT - 300, firing(1))
    assert [each[0] for each in heard(grouping, EVENING_AT + 9000)] == [-290]


def test_a_restart_between_two_shifts_forgets_nobody() -> None:
    grouping = before_the_evening(firing(1))
    rows = [
        row
        for each in grouping.due(now=at(EVENING_AT - 290))
        for row in grouping.queued(each, now=at(EVENING_AT - 290))
    ]
    again = Grouping(SHIFTS, incidents=[firing(1)], notified=rows, now=at(EVENING_AT + 100))
    said = heard(again, EVENING_AT + 200, since=EVENING_AT + 100)
    assert [each[1] for each in said] == ["pager"]
    note(again, EVENING_AT + 300, resolved(firing(1), EVENING_AT + 300))
    assert {each[1] for each in heard(again, EVENING_AT + 400)} == {"chat", "pager"}


# --- what nobody acknowledges --------------------------------------------------------------------

PAGED = replace(CHAT, escalation=Escalation(900.0, ("pager",)), repeat=())


def paged(until: float, *events: tuple[float, Incident]) -> list[tuple[float, str, list[object]]]:
    said = timeline([PAGED], events, until)
    return [(when, receiver, words) for when, receiver, _, words in said]


def test_what_nobody_acknowledges_is_told_to_others_with_all_of_its_group() -> None:
    assert paged(5000, (0, firing(1)), (200, firing(2)), (2000, resolved(firing(1), 2000))) == [
        (10, "chat", [(NEW, 1)]),
        (210, "chat", [(NEW, 2), (STILL, 1)]),
        (910, "pager", [(NEW, 1), (NEW, 2)]),
        (2000, "pager", [(STILL, 2), (RESOLVED, 1)]),
        (2010, "chat", [(STILL, 2), (RESOLVED, 1)]),
    ]


def test_a_group_escalates_again_for_what_is_told_in_it_later() -> None:
    said = paged(5000, (0, firing(1)), (1000, firing(2)))
    assert [each for each in said if each[1] == "pager"] == [
        (910, "pager", [(NEW, 1)]),
        (1910, "pager", [(NEW, 2), (STILL, 1)]),
    ]


def test_what_is_acknowledged_or_over_or_silenced_in_time_is_not_told_further() -> None:
    for change in (acknowledged(firing(1)), resolved(firing(1), 800), silenced(firing(1))):
        said = paged(50_000, (0, firing(1)), (800, change))
        assert "pager" not in [receiver for _, receiver, _ in said]


def test_only_what_nobody_took_on_is_told_further() -> None:
    said = paged(50_000, (0, firing(1)), (1, firing(2)), (500, acknowledged(firing(1))))
    assert said[-1] == (910, "pager", [(NEW, 2)])


def test_what_is_silenced_no_more_is_told_further_if_its_time_is_over() -> None:
    grouping = Grouping([PAGED])
    note(grouping, 0, firing(1))
    send(grouping, 10)
    note(grouping, 800, silenced(firing(1)))
    assert send(grouping, 3999) == []
    note(grouping, 4000, firing(1))
    assert [(each.receiver, told(each)) for each in send(grouping, 4000)] == [("pager", [(NEW, 1)])]


def test_who_was_not_told_further_hears_of_no_end() -> None:
    said = paged(5000, (0, firing(1)), (800, resolved(firing(1), 800)))
    assert [receiver for _, receiver, _ in said] == ["chat", "chat"]


def test_who_was_told_further_hears_at_once_of_what_gets_worse() -> None:
    mild = firing(1, alert=OVERDUE, severity=Severity.WARNING)
    said = paged(50_000, (0, mild), (2000, escalated(mild)))
    assert said[-2:] == [(2000, "pager", [(NEW, 1)]), (2010, "chat", [(NEW, 1)])]


def test_what_gets_worse_before_waits_from_then_on() -> None:
    mild = firing(1, alert=OVERDUE, severity=Severity.WARNING)
    said = paged(50_000, (0, mild), (600, escalated(mild)))
    assert said[-1] == (1510, "pager", [(NEW, 1)])


def test_a_restart_in_between_changes_no_time_of_it() -> None:
    grouping = Grouping([PAGED])
    note(grouping, 0, firing(1))
    rows = [row for each in grouping.due(now=at(10)) for row in grouping.queued(each, now=at(10))]
    again = Grouping([PAGED], incidents=[firing(1)], notified=rows, now=at(300))
    assert seconds_until_due(again) == 910
    assert again.escalations.coming(firing(1).id) == [(at(910), ("pager",))]
    late = Grouping([PAGED], incidents=[firing(1)], notified=rows, now=at(5000))
    (message,) = late.due(now=at(5000))
    assert (message.receiver, message.unacknowledged_for) == ("pager", 4990)
    again.due(now=at(910))
    (message,) = again.due(now=at(910))
    assert message.unacknowledged_for == 900


def test_reminders_do_not_put_it_off() -> None:
    said = timeline([replace(PAGED, repeat=(300.0,))], [(0, firing(1))], 950)
    assert [(when, receiver) for when, receiver, *_ in said] == [
        (10, "chat"),
        (310, "chat"),
        (610, "chat"),
        (910, "chat"),
        (910, "pager"),
    ]


def test_what_was_told_in_office_hours_is_told_further_after_them() -> None:
    shifts = [replace(DAY_CHAT, escalation=PAGED.escalation), replace(NIGHT, receivers=("mail",))]
    grouping = Grouping(shifts, now=at(EVENING_AT - 300))
    note(grouping, EVENING_AT - 300, firing(1))
    said = heard(grouping, EVENING_AT + 700)
    assert [each[:2] for each in said] == [
        (-290, "chat"),
        (10, "mail"),
        (610, "mail"),
        (610, "pager"),
    ]


@given(by=st.sampled_from([-86_400.0, -500.0, 500.0, 86_400.0]))
def test_a_clock_that_is_set_makes_nobody_wait_longer_or_shorter(by: float) -> None:
    grouping = Grouping([PAGED])
    note(grouping, 0, firing(1))
    send(grouping, 10)
    list(grouping.clock_set(by))
    assert seconds_until_due(grouping) == 910 + by


# --- ends that nobody is told of -----------------------------------------------------------------


def test_on_a_route_that_says_so_nobody_hears_of_an_end() -> None:
    grouping = Grouping([replace(CHAT, send_resolved=False)])
    note(grouping, 0, firing(1), firing(2))
    send(grouping, 10)
    note(grouping, 100, resolved(firing(1), 100))
    assert send(grouping, 300) == []
    (row,) = grouping.unsaid
    assert (row.incident_id, row.receiver, row.resolved_at) == (firing(1).id, "chat", at(100))
    note(grouping, 400, firing(3))
    (message,) = send(grouping, 410)
    assert told(message) == [(NEW, 3), (STILL, 2)]
    note(grouping, 500, resolved(firing(2), 500), resolved(firing(3), 500))
    assert send(grouping, 100_000) == []
    assert grouping._incidents == {}


def test_others_are_told_of_the_end_all_the_same() -> None:
    routes = [
        replace(CHAT, receivers=("quiet",), key="quiet", send_resolved=False, continue_=True),
        CHAT,
    ]
    grouping = Grouping(routes)
    note(grouping, 0, firing(1))
    send(grouping, 10)
    note(grouping, 100, resolved(firing(1), 100))
    assert [each.receiver for each in send(grouping, 200)] == ["chat"]


def test_one_that_cannot_be_handed_over_keeps_nobody_from_hearing_of_the_others() -> None:
    grouping = before_the_evening(firing(1), firing(2, account="bolt"))
    heard(grouping, EVENING_AT - 100)
    grouping._incidents[firing(1).id] = poisoned(firing(1))
    said = heard(grouping, EVENING_AT + 60)
    assert [each[1:] for each in said] == [("pager", NotifyReason.FIRST_SEEN, [(NEW, 2)])]
    assert met(grouping) == [("", "AttributeError")]
