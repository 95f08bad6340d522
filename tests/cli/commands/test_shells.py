"""Which shells there is a completion for."""

import pytest
from click.shell_completion import get_completion_class

from regwatch.cli.commands.shells import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_click_knows_each_of_them(shell: str) -> None:
    assert get_completion_class(shell) is not None
