"""`regwatch poll` against the simulated PBX."""

import json
from pathlib import Path

import pytest
from fakes.commands import config, regwatch
from fakes.terminal import in_a_terminal

from regwatch.simulator import Served, Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e

CALM = SimulatorSettings(extensions=25, calm=True)


def one_of(pbx: Served) -> tuple[int, str]:
    """An extension that is registered: its id and its name."""
    extension_id = pbx.control.registered_ids()[3]
    return extension_id, pbx.control.world.registrar.phones[extension_id].name


async def test_with_all_registered_it_ends_with_0(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        result = await regwatch("poll", "-c", config(tmp_path, pbx.url))
    assert (result.status, result.err) == (0, "")
    assert result.out.count("registered") == len(result.out.splitlines()) == 25
    assert result.out.startswith("000*100\t")


async def test_a_person_is_told_how_many_are_registered(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        status, shown = await in_a_terminal(60, "poll", "-c", config(tmp_path, pbx.url))
    assert status == 0
    assert shown.endswith("acme: 25 of 25 extensions registered\n")


async def test_what_is_not_registered_stands_on_top_and_it_ends_with_1(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, name = one_of(pbx)
        pbx.control.act(extension_id, "unregister")
        result = await regwatch("poll", "-c", config(tmp_path, pbx.url))
    assert result.status == 1
    first = result.out.splitlines()[0]
    assert name in first
    assert "not registered" in first


async def test_as_json_for_scripts(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, _ = one_of(pbx)
        result = await regwatch("poll", "--json", "-c", config(tmp_path, pbx.url))
    rows = json.loads(result.out)
    row = next(row for row in rows if row["extension_id"] == extension_id)
    assert row["registered"] is True
    assert row["registrations"][0]["lease_ends_at"] > 1_700_000_000


async def test_if_it_could_not_see_it_ends_with_3_and_says_why(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        pbx.control.set_faults({"access_denied": True})
        result = await regwatch("poll", "-c", config(tmp_path, pbx.url))
    assert result.status == 3
    assert "app_access_type_deny" in result.err
    assert "not answered" in result.out


async def test_without_a_list_it_says_why(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        pbx.control.set_faults({"token_invalid_client": True})
        result = await regwatch("poll", "-c", config(tmp_path, pbx.url))
    assert result.status == 3
    assert "acme: " in result.err


async def test_explicit_ids_need_no_list_and_one_that_is_unknown_was_not_seen(
    tmp_path: Path,
) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, _ = one_of(pbx)
        ids = f"    extensions: {{discover: false, ids: [{extension_id}, 999999]}}\n"
        result = await regwatch("poll", "-c", config(tmp_path, pbx.url, ids))
    assert result.status == 3
    assert "1 of 2 extensions were not answered" in result.err


async def test_of_several_accounts_each_extension_is_named_with_its_own(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        file = config(tmp_path, pbx.url, accounts=["other"])
        result = await regwatch("poll", "-c", file)
    assert result.status == 0
    assert "other/000*100" in result.out
    assert "acme/000*100" in result.out


async def test_a_bad_configuration_ends_it_with_2(tmp_path: Path) -> None:
    result = await regwatch("poll", "-c", str(tmp_path / "nowhere.yml"))
    assert result.status == 2
    assert "nowhere.yml: cannot be read" in result.err
