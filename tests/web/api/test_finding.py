"""What a path names: how an incident's id begins. (Extensions are found in `test_handlers`.)"""

import pytest
from fakes.notifications import lost
from fakes.web import FakeOperations, account, watched

from regwatch.web.api.finding import find_extension, find_incident
from regwatch.web.api.request import ApiError


async def test_an_incident_by_its_id_or_how_that_begins() -> None:
    operations = FakeOperations(kept=[lost(0xAB), lost(0x1AB)])
    assert (await find_incident(operations, lost(0xAB).id)).id == lost(0xAB).id
    with pytest.raises(ApiError, match="000000 may be any of 00000000000000ab, 00000000000001ab"):
        await find_incident(operations, "000000")
    with pytest.raises(ApiError, match="no incident has the id ffffff"):
        await find_incident(operations, "ffffff")


async def test_an_extension_of_one_of_the_accounts() -> None:
    row = await find_extension([account(watched(101))], "acme/101")
    assert (row.account, row.watched.extension.id) == ("acme", 101)
