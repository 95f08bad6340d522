"""A message about thousands is small, and says the same of them."""

import msgspec
import pytest
from fakes.notifications import (
    NEW,
    NOW,
    RESOLVED,
    STILL,
    api_unavailable,
    lost,
    notification,
    overdue,
    phones_lost,
    resolved,
)
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from regwatch.core.dispatch.groups import in_order
from regwatch.core.dispatch.mentions import (
    MOST_SHOWN,
    Stored,
    from_stored,
    not_shown,
    stored_form,
    with_shown,
)
from regwatch.core.dispatch.merging import merged
from regwatch.core.model import IncidentId, IncidentState, ItemStatus, Mention, Notification
from regwatch.notify.words.first_line import headline
from regwatch.notify.words.wording import sections

ID_AND_SECONDS = 12
"""Bytes: what each incident costs that is not shown."""
MAKERS = {NEW: lost, STILL: overdue, RESOLVED: lambda n, **how: resolved(lost(n, **how))}


def size(made: Notification) -> int:
    return len(msgspec.msgpack.encode(stored_form(made)))


def stored(made: Notification) -> Notification:
    """As it is read again."""
    text = msgspec.msgpack.encode(stored_form(made))
    return from_stored(msgspec.msgpack.decode(text, type=Stored))


def said(made: Notification) -> set[tuple[ItemStatus, IncidentId, bool]]:
    return {(word.status, word.id, word.told_before) for word in made.words}


def test_an_incident_more_costs_its_id_and_a_time() -> None:
    small, large = size(phones_lost(1_000)), size(phones_lost(10_000))
    assert large - small <= 9_000 * ID_AND_SECONDS + 10
    assert large < 200_000


def test_the_first_of_each_part_are_shown() -> None:
    parts = [(status, MAKERS[status](n)) for status in ItemStatus for n in range(1000, 1050)]
    read = stored(notification(*parts))
    for status in ItemStatus:
        shown = read.with_status(status)
        assert shown == tuple(MAKERS[status](n) for n in range(1000, 1000 + MOST_SHOWN))
    assert [(s.count, s.left_out) for s in sections(read, max_lines=15)] == [(50, 45)] * 3


def test_a_short_message_is_kept_as_it_is() -> None:
    made = replace(notification((NEW, lost()), (RESOLVED, resolved(lost(2)))), in_place_of="pager")
    assert stored(made) == made


def test_a_message_of_an_earlier_version_is_read_whole() -> None:
    made = phones_lost(200)
    fields = {name: getattr(made, name) for name in made.__struct_fields__ if name != "mentions"}
    text = msgspec.msgpack.encode(fields)
    assert from_stored(msgspec.msgpack.decode(text, type=Stored)) == made


def test_half_an_incident_makes_a_message_unreadable() -> None:
    text = msgspec.msgpack.encode(stored_form(phones_lost(40)))
    fields = msgspec.msgpack.decode(text)
    fields["bunches"][0][5] = fields["bunches"][0][5][:-1]
    with pytest.raises(msgspec.ValidationError, match="half an incident"):
        msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Stored)


def test_an_id_of_another_kind_is_kept() -> None:
    items = [(NEW, replace(lost(n), id=IncidentId(f"test-{n}"))) for n in range(60)]
    made = notification(*items)
    assert said(stored(made)) == said(made)


def test_nothing_is_told_of_a_time_that_does_not_fit() -> None:
    made = notification(*((NEW, replace(lost(n), started_at=-5.0)) for n in range(60)))
    assert {each.seconds for each in stored(made).mentions} == {0}


# --- what is said stays the same ---------------------------------------------------------------

PARTS = st.lists(
    st.tuples(
        st.sampled_from(ItemStatus),
        st.integers(1, 200),
        st.sampled_from(["riga", "vilnius", "tallinn"]),
        st.integers(1, 4000),
    ),
    max_size=150,
    unique_by=lambda part: part[1],
)


def made_of(parts, *, number: int = 1) -> Notification:
    items = ((s, MAKERS[s](n, site=site, ago=float(ago))) for s, n, site, ago in parts)
    plain = notification(*items, number=number)
    return replace(plain, items=in_order(plain.items))


@given(PARTS)
def test_law_the_first_line_and_the_counts_are_those_of_the_whole_message(parts) -> None:
    made = made_of(parts)
    read = stored(made)
    assert said(read) == said(made)
    assert (read.is_resolved, read.severity) == (made.is_resolved, made.severity)
    assert headline(read) == headline(made)
    numbers = [(s.status, s.count) for s in sections(made, max_lines=0)]
    assert [(s.status, s.count) for s in sections(read, max_lines=0)] == numbers


@given(st.lists(PARTS, min_size=1, max_size=3))
def test_law_messages_merge_as_the_whole_ones_do(messages) -> None:
    made = [made_of(parts, number=number) for number, parts in enumerate(messages)]
    whole, read = merged(made), merged([stored(each) for each in made])
    if whole is None or read is None:
        assert whole is read
        return
    assert said(read) == said(whole)
    assert headline(read) == headline(whole)


# --- in full again -----------------------------------------------------------------------------


def test_what_is_not_shown_is_looked_up_in_order() -> None:
    made = phones_lost(100)
    read = stored(made)
    assert not_shown(read, most=MOST_SHOWN) == ()
    wanted = not_shown(read, most=50)
    assert wanted == tuple(item.id for item in made.items[MOST_SHOWN:50])
    assert len(not_shown(read, most=0)) == 100 - MOST_SHOWN
    found = {item.id: item.incident for item in made.items}
    assert with_shown(read, found) == made
    part = with_shown(read, {i: found[i] for i in wanted})
    assert (len(part.items), said(part)) == (50, said(made))
    assert with_shown(read, {}) == read


@pytest.mark.parametrize("status", [NEW, STILL])
def test_what_ended_since_is_told_as_it_fired(status: ItemStatus) -> None:
    over = resolved(lost())
    (item,) = with_shown(mentioned(status), {over.id: over}).items
    assert (item.status, item.incident.state) == (status, IncidentState.FIRING)
    assert item.incident.resolved_at is None


def test_an_end_is_told_though_the_incident_was_read_as_it_fired() -> None:
    fires = lost()
    (item,) = with_shown(mentioned(RESOLVED), {fires.id: fires}).items
    assert item.incident.state is IncidentState.RESOLVED
    assert item.incident.resolved_at == fires.started_at + 60


def mentioned(status: ItemStatus) -> Notification:
    """A message that shows nothing."""
    each = Mention(status, lost().id, lost().alert, lost().severity, "riga", 60.0)
    return replace(notification(), mentions=(each,))


def test_a_lone_incident_that_is_not_shown_still_has_a_first_line() -> None:
    assert headline(mentioned(RESOLVED)).startswith("RESOLVED riga: 1 phone back after ")
    account = replace(api_unavailable(), facts=replace(api_unavailable().facts, account="acme"))
    made = notification((NEW, account), created_at=NOW)
    assert made.items[0].where == "account acme"
