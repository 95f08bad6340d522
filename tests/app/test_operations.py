"""What people ask of the daemon, against a real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.notifications import lost
from fakes.values import at
from msgspec.structs import replace
from structlog.testing import capture_logs

from regwatch.app.operations import Operations, warn_of_silences
from regwatch.core.alerts.conditions import NO_ACCOUNT
from regwatch.core.alerts.mutes import Mutes, Silence
from regwatch.core.history import Sought
from regwatch.core.known_labels import KnownLabels
from regwatch.core.matchers import Matchers
from regwatch.core.model import Incident, IncidentId
from regwatch.guard import Bugs
from regwatch.store import Store, StoreUnavailableError
from regwatch.web.views import NeverMatchesError, UnavailableError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/regwatch.db")
    yield opened
    await opened.close()


class Engine:
    """As much of one as operations need."""

    def __init__(self) -> None:
        self.mutes = Mutes()
        self.bugs = Bugs()
        self.known_labels = KnownLabels(accounts=["acme"], receivers=[], sites={"riga": {}})

        self.open_ones: list[Incident] = []

    def incidents(self) -> list[Incident]:
        return self.open_ones


async def test_a_silence_is_stored_before_it_counts(store: Store) -> None:
    engine = Engine()
    operations = Operations(engine, store.operations, clock=lambda: at(10))  # type: ignore[arg-type]
    made = await operations.silence(
        Matchers.of({"site": "riga"}), starts_at=at(10), ends_at=at(20), author="anna", comment="x"
    )
    assert list(await store.operations.silences()) == list(engine.mutes.silences) == [made]
    ended = await operations.expire(made.id, "bob")
    assert ended is not None
    assert ended.is_over(now=at(10))
    assert await operations.expire(made.id, "bob") is None
    assert list(await store.operations.silences()) == list(operations.silences()) == [ended]
    lines = await operations.history(Sought())
    assert [line.text for line in lines] == [
        f"silence {made.id}: bob ended the silence of site=riga",
        f"silence {made.id}: anna silenced site=riga: x",
    ]


async def test_an_incident_is_found_by_how_its_id_begins_wherever_it_is(store: Store) -> None:
    engine = Engine()
    operations = Operations(engine, store.operations, clock=lambda: at(10))  # type: ignore[arg-type]
    stored, held = lost(0x1A), lost(0x1B)
    await store.accounts.save(stored.account, watched=(), incidents=[stored])
    engine.open_ones = [held]

    async def found(beginning: str) -> list[str]:
        return [each.id for each in await operations.incidents_like(beginning)]

    assert await found(held.id) == [held.id]
    assert await found(held.id[:-1]) == [stored.id, held.id]
    assert await found("00000") == [], "too short: it may be anything"


async def test_a_database_that_fails_silences_nothing(store: Store) -> None:
    engine = Engine()
    operations = Operations(engine, store.operations, clock=lambda: at(10))  # type: ignore[arg-type]

    async def full(_works: object) -> None:
        raise StoreUnavailableError("database or disk is full")

    store._database.writer.work_for(full)
    with pytest.raises(UnavailableError):
        await operations.silence(
            Matchers(), starts_at=at(10), ends_at=at(20), author="anna", comment="x"
        )
    assert engine.mutes.silences == ()


async def test_a_silence_that_can_never_match_is_refused(store: Store) -> None:
    engine = Engine()
    operations = Operations(engine, store.operations, clock=lambda: at(10))  # type: ignore[arg-type]
    with pytest.raises(NeverMatchesError, match=r"no `site` matches `rga` \(did you mean `riga`"):
        await operations.silence(
            Matchers.of({"site": "rga"}), starts_at=at(10), ends_at=at(20), author="a", comment="x"
        )
    assert (engine.mutes.silences, await store.operations.silences()) == ((), [])


def test_a_stored_silence_that_matches_nothing_any_more_is_a_line_in_the_log() -> None:
    engine = Engine()
    gone = silence_of(site="gone")
    over = replace(gone, id="over", ends_at=at(5))
    engine.mutes.replace_silences([silence_of(site="riga"), gone, over])
    with capture_logs() as lines:
        warn_of_silences(engine, now=at(10))  # type: ignore[arg-type]
    assert lines == [
        {
            "event": "silence_matches_nothing",
            "log_level": "warning",
            "silence": "gone",
            "why": "no `site` matches `gone` (one of `riga`)",
        }
    ]


def test_one_in_which_a_bug_is_met_stops_no_start_and_the_others_are_looked_at() -> None:
    engine = Engine()
    broken = replace(silence_of(site="riga"), id="bad", matchers=None)
    engine.mutes.replace_silences([broken, silence_of(site="gone")])
    with capture_logs() as lines:
        warn_of_silences(engine, now=at(10))  # type: ignore[arg-type]
    assert [line["event"] for line in lines] == ["silence_not_checked", "silence_matches_nothing"]
    assert [each.what for each in engine.bugs.latest()] == ["silence bad"]


def silence_of(*, site: str) -> Silence:
    return Silence(
        id=site,
        matchers=Matchers.of({"site": site}),
        starts_at=at(0),
        ends_at=at(20),
        author="anna",
        comment="x",
        created_at=at(0),
    )


async def test_an_incident_of_former_times_is_found(store: Store) -> None:
    operations = Operations(Engine(), store.operations, clock=lambda: at(10))  # type: ignore[arg-type]
    await store.accounts.save(NO_ACCOUNT, watched=(), incidents=[lost()])
    assert await operations.incident(lost().id) == lost()
    assert await operations.incident(IncidentId("none")) is None
