"""How an account's PBX is reached, and which of its extensions are watched, as the file says."""

import pytest
from fakes.pbx import SECRET, FakePbx, serving

from regwatch.app.settings.clients import ENDPOINTS, pbx_of, selection
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.config.sections import AccountShape, ExtensionsShape
from regwatch.core.model import Extension, ExtensionId
from regwatch.sources.source import RequestMade


@pytest.mark.parametrize(
    ("credentials", "about"),
    [
        ({"client_id": "17", "client_secret": SECRET}, ["token", "registrations", "registrations"]),
        ({"access_token": "t0ken"}, ["registrations", "registrations"]),
    ],
)
async def test_a_pbx_is_asked_as_the_file_says(
    credentials: dict[str, str], about: list[str]
) -> None:
    pbx, made = FakePbx(), list[RequestMade]()
    pbx.accepted.add("t0ken")
    async with serving(pbx):
        account = {"url": pbx.url, "polling": {"batch_size": 2}} | credentials
        config = Config.model_validate({"accounts": [account]})
        opened = pbx_of(config, config.accounts[0], clock=wall_clock, listeners=[made.append])
        async with opened as source:
            assert source.batch_limit == 2
            said = await source.registrations([ExtensionId(i) for i in (1, 2, 3)])
    assert set(said.answers) == {1, 2, 3}
    assert [each.endpoint for each in made] == about
    assert set(about) <= set(ENDPOINTS)


def test_many_explicit_ids_are_looked_up_and_not_gone_through() -> None:
    """Counted: so many comparisons would be the square of the ids."""
    compared = 0

    class Counted(int):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    ids = [Counted(i) for i in range(2000)]
    chosen = selection(
        AccountShape.model_construct(extensions=ExtensionsShape.model_construct(ids=ids))
    )
    assert all(chosen.wants(Extension(ExtensionId(i), "")) for i in range(2000))
    assert chosen.unlisted({ExtensionId(i) for i in range(1999)}) == [
        Extension(ExtensionId(1999), "")
    ]
    assert compared <= 3 * len(ids)
