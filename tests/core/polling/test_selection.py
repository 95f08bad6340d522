"""Who of an account is watched."""

import pytest
from fakes.values import extension

from regwatch.core.model import Extension, ExtensionId
from regwatch.core.polling.selection import Selection

CHOSEN = Selection(frozenset({ExtensionId(2), ExtensionId(9)}), exclude=("102", "000*103"))


@pytest.mark.parametrize(("number", "is_wanted"), [(1, True), (2, True), (3, False)])
def test_all_but_those_left_out_and_of_them_those_named_by_id(number: int, is_wanted: bool) -> None:
    assert CHOSEN.wants(extension(number)) is is_wanted


def test_explicit_ids_need_no_list() -> None:
    assert CHOSEN.unlisted({ExtensionId(2)}) == [Extension(ExtensionId(9), "")]
