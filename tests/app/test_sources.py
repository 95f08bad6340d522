"""The PBX of an account, reached as the file says."""

import pytest
from fakes.pbx import SECRET, FakePbx, serving

from regwatch.app.settings.clients import pbx_settings
from regwatch.app.sources import ENDPOINTS, pbx_of
from regwatch.clock import wall_clock
from regwatch.config import Config
from regwatch.core.model import ExtensionId
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
        settings = pbx_settings(config, config.accounts[0])
        async with pbx_of(settings, clock=wall_clock, listeners=[made.append]) as source:
            assert source.batch_limit == 2
            said = await source.registrations([ExtensionId(i) for i in (1, 2, 3)])
    assert set(said.answers) == {1, 2, 3}
    assert [each.endpoint for each in made] == about
    assert set(about) <= set(ENDPOINTS)
