"""`regwatch unregister --direct` against the simulated PBX."""

from pathlib import Path

import pytest
from fakes.commands import config, regwatch

from regwatch.simulator import Served, Simulator, SimulatorSettings

pytestmark = pytest.mark.e2e

DIRECT = ("unregister", "--direct", "-c")
CALM = SimulatorSettings(extensions=3, calm=True, leases="3600", seed=2)


def one_of(pbx: Served) -> tuple[int, str]:
    extension_id = pbx.control.registered_ids()[1]
    return extension_id, pbx.control.world.registrar.phones[extension_id].name


async def test_it_asks_first_and_shows_before_and_after(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, name = one_of(pbx)
        result = await regwatch(
            "unregister", "--direct", "-c", config(tmp_path, pbx.url), name, answer="y\n"
        )
        left = pbx.control.registered_ids()
    assert result.status == 0
    assert "before: 1 registered" in result.out
    assert "Delete all its registrations of 101 (Ozola 101)?" in result.out
    assert "after: not registered" in result.out
    assert extension_id not in left


async def test_without_a_yes_nothing_is_deleted(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, name = one_of(pbx)
        result = await regwatch(
            "unregister", "--direct", "-c", config(tmp_path, pbx.url), name, answer="n\n"
        )
        left = pbx.control.registered_ids()
    assert result.status == 1
    assert extension_id in left


async def test_one_registration_of_several(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, name = one_of(pbx)
        pbx.control.act(extension_id, "add_device")
        phone = pbx.control.world.registrar.phones[extension_id]
        first, second = (binding.ruid for binding in phone.bindings)
        file = config(tmp_path, pbx.url)
        result = await regwatch(
            "unregister", "--direct", "-c", file, f"acme/{name}", first, "--yes"
        )
    assert result.status == 0
    assert "before: 2 registered" in result.out
    after = result.out.split("after: ")[1]
    assert after.startswith("1 registered")
    assert second in after


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("999",), "the PBX's list has no extension `999`"),
        (("nowhere/101",), "no account is named `nowhere`; there are: acme"),
        (("000*101", "uloc-0-0-0"), "it has no registration `uloc-0-0-0`"),
        (("000*1*",), "give the id or the full name"),
    ],
)
async def test_what_cannot_be_done_is_said(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    async with Simulator(CALM).serving() as pbx:
        result = await regwatch(
            "unregister", "--direct", "-c", config(tmp_path, pbx.url), "--yes", *words
        )
    assert (result.status, message in result.err) == (1, True), result.err


async def test_with_several_accounts_one_must_be_named(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        file = config(tmp_path, pbx.url, accounts=["other"])
        result = await regwatch(*DIRECT, file, "--yes", "101")
    assert result.status == 1
    assert "say of which account: acme/101, other/101" in result.err


async def test_nothing_registered_is_nothing_to_delete(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        extension_id, name = one_of(pbx)
        pbx.control.act(extension_id, "unregister")
        result = await regwatch(
            "unregister", "--direct", "-c", config(tmp_path, pbx.url), "--yes", name
        )
    assert result.status == 1
    assert "nothing to delete" in result.err


async def test_a_pbx_that_refuses_is_quoted(tmp_path: Path) -> None:
    async with Simulator(CALM).serving() as pbx:
        pbx.control.set_faults({"access_denied": True})
        result = await regwatch(
            "unregister", "--direct", "-c", config(tmp_path, pbx.url), "--yes", "000*101"
        )
    assert result.status == 1
    assert "app_access_type_deny" in result.err
