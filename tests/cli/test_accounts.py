"""Which account and which extension a person means."""

import pytest
import yaml
from fakes.values import extension

from regwatch.cli.accounts import find_extension, split_reference
from regwatch.config import Config
from regwatch.core.model import Extension, ExtensionId, Listing

ACCOUNT = "{name: %s, url: 'https://pbx.example.com', access_token: t}"


def config(*names: str) -> Config:
    listed = ", ".join(ACCOUNT % name for name in names)
    return Config.model_validate(yaml.safe_load(f"accounts: [{listed}]"))


@pytest.mark.parametrize(
    ("reference", "names", "found"),
    [
        ("101", ["acme"], ("acme", "101")),
        ("acme/101", ["acme"], ("acme", "101")),
        ("b/000*101", ["a", "b"], ("b", "000*101")),
        ("a/x/y", ["a", "b"], ("a", "x/y")),
    ],
)
def test_the_account_may_be_left_out_if_there_is_but_one(
    reference: str, names: list[str], found: tuple[str, str]
) -> None:
    account, rest = split_reference(reference, config(*names))
    assert (account.name, rest) == found


@pytest.mark.parametrize(
    ("reference", "names", "message"),
    [
        ("101", ["a", "b"], "say of which account: a/101, b/101"),
        ("c/101", ["a", "b"], "no account is named `c`; there are: a, b"),
    ],
)
def test_what_it_may_be_is_said(
    reference: str, names: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        split_reference(reference, config(*names))
    assert message in capsys.readouterr().err


class Pbx:
    """The list of a PBX."""

    def __init__(self, *extensions: Extension, complete: bool = True) -> None:
        self._listing = Listing(extensions, complete)

    async def extensions(self, *, type: str | None, status: str | None) -> Listing:  # noqa: A002
        assert (type, status) == (None, None), "whatever it is"
        return self._listing


ONE, TWO = extension(1), extension(2)


@pytest.mark.parametrize("reference", ["1", "000*101", "101"])
async def test_by_id_full_name_or_number(reference: str) -> None:
    assert await find_extension(reference, Pbx(ONE, TWO)) == ONE  # type: ignore[arg-type]


async def test_an_id_that_a_list_in_part_does_not_show_may_exist() -> None:
    found = await find_extension("77", Pbx(ONE, complete=False))  # type: ignore[arg-type]
    assert found == Extension(ExtensionId(77), "")


@pytest.mark.parametrize(
    ("reference", "pbx", "message"),
    [
        ("77", Pbx(ONE), "the PBX's list has no extension `77`"),
        ("x", Pbx(ONE, complete=False), "the PBX's list has no extension `x`"),
        ("000*10?", Pbx(ONE, TWO),
         "`000*10?` may be 000*101 (id 1), 000*102 (id 2): give the id or the full name"),
    ],
    ids=["unknown", "no id at all", "several"],
)  # fmt: skip
async def test_one_and_no_other_must_be_meant(
    reference: str, pbx: Pbx, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        await find_extension(reference, pbx)  # type: ignore[arg-type]
    assert message in " ".join(capsys.readouterr().err.split())
