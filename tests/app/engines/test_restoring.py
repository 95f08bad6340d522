"""A start goes on without the one incident in which a bug is met."""

from collections.abc import Sequence

import pytest
from fakes.notifications import lost
from structlog.testing import capture_logs

from regwatch.app.engines.restoring import built_with
from regwatch.core.bugs import Where
from regwatch.core.model import Incident
from regwatch.guard import Bugs


def test_it_is_built_with_the_others_and_said() -> None:
    def build(some: Sequence[Incident]) -> list[str]:
        if lost(2) in some:
            raise ZeroDivisionError
        return [each.id for each in some]

    bugs = Bugs()
    with capture_logs() as logs:
        assert built_with([lost(1), lost(2), lost(3)], build, bugs) == [lost(1).id, lost(3).id]
    assert [(line["event"], line["incident"]) for line in logs] == [
        ("incident_not_restored", lost(2).id)
    ]
    assert [(each.where, each.what) for each in bugs.latest()] == [
        (Where.RESTORE, f"incident {lost(2).id}")
    ]


def test_what_cannot_be_built_at_all_is_raised() -> None:
    def build(_some: Sequence[Incident]) -> None:
        raise KeyError("the whole")

    with pytest.raises(KeyError, match="the whole"):
        built_with([lost(1)], build, bugs := Bugs())
    assert bugs.kept == 0
