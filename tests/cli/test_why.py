"""`regwatch why`: the decisions with their evidence, and who was told."""

import json
from datetime import UTC, datetime

import pytest
from fakes.asked import ask
from fakes.notifications import lost
from fakes.web import NOW, FakeDaemon, FakeOperations, account, watched

from regwatch.cli.errors import RemoteError
from regwatch.cli.why import NOTHING, why
from regwatch.core.history import Happening, Kind
from regwatch.core.model import ExtensionId, ExtensionState, Incident, Timestamp

INCIDENT = lost(101)
FIRED = Happening(
    at=NOW, kind=Kind.INCIDENT, event="fired", text=INCIDENT.summary, because=INCIDENT.explanation,
    incident_id=INCIDENT.id, alert="extension_lost",
)  # fmt: skip
INHIBITED = Happening(
    at=NOW, kind=Kind.INCIDENT, event="inhibited", text=INCIDENT.summary, incident_id=INCIDENT.id,
    because="inhibited by site_lost: 8 of 40 phones silent", alert="extension_lost",
)  # fmt: skip
SEEN_ONCE = Happening(
    at=NOW, kind=Kind.UNTOLD, event="confirmed_back", because="there again 2 s later",
    extension_id=ExtensionId(101),
)  # fmt: skip


async def said(
    capsys: pytest.CaptureFixture[str],
    what: str,
    *lines: Happening,
    kept: tuple[Incident, ...] = (INCIDENT,),
    as_json: bool = False,
) -> str:
    daemon = FakeDaemon([account(watched(101, ExtensionState.LOST, label="Reception"))])
    operations = FakeOperations(list(reversed(lines)), kept=list(kept))
    await ask(why, daemon, operations, what=what, as_json=as_json)
    return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())


async def test_an_incident_by_how_its_id_begins(capsys: pytest.CaptureFixture[str]) -> None:
    text = await said(capsys, INCIDENT.id[:14], FIRED, INHIBITED)
    assert f"critical firing: {INCIDENT.summary} (incident {INCIDENT.id}, since " in text
    assert "Nobody is told: inhibited by site_lost: 8 of 40 phones silent." in text
    assert text.count(INCIDENT.explanation) == 1, "evidence is said once"
    assert text.count(INCIDENT.summary) == 1, "and so is what it is"
    fired, inhibited = text.index("\tfired\t"), text.index("\tinhibited\t")
    assert fired < inhibited, "in the order in which it happened"


async def test_whom_else_is_told_and_when_unless_somebody_acknowledges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon = FakeDaemon(escalating={INCIDENT.id: [(Timestamp(NOW + 900), ("pager", "boss"))]})
    operations = FakeOperations([FIRED], kept=[INCIDENT])
    await ask(why, daemon, operations, what=INCIDENT.id, as_json=False)
    text = " ".join(capsys.readouterr().out.split())
    at = datetime.fromtimestamp(NOW + 900, UTC).astimezone().isoformat()
    assert f"Unless somebody acknowledges it, pager and boss will be told too, at {at}." in text


async def test_an_extension_with_what_was_told_of_it_and_what_was_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = await said(capsys, "101", FIRED, SEEN_ONCE)
    assert text.startswith("101 Reception: lost, answered ")
    assert "It fires, and nobody is told yet" in text
    assert text.endswith("confirmed back\tthere again 2 s later")


async def test_an_extension_of_which_there_is_nothing_to_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (await said(capsys, "101", kept=())).endswith(NOTHING)


async def test_as_json_it_is_what_the_api_says(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(await said(capsys, "101", FIRED, as_json=True))
    assert found["incidents"][0]["reason"] == "waiting"
    assert found["incidents"][0]["story"][0]["because"] == INCIDENT.explanation


async def test_what_is_neither_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RemoteError, match=r"^nobody is no watched extension, and no incident's id"):
        await said(capsys, "nobody")


async def test_what_may_be_either_is_asked_for_more_precisely(
    capsys: pytest.CaptureFixture[str],
) -> None:
    twin = lost(0)  # whose id is all zeros
    daemon = FakeDaemon([account(watched(0))])
    operations = FakeOperations(kept=[twin])
    with pytest.raises(RemoteError, match=f"say acme/0 or {twin.id}"):
        await ask(why, daemon, operations, what="0", as_json=False)
