"""The file as a whole."""

from pathlib import Path

import pytest
from fakes.configured import SMALL, load
from pydantic import ValidationError

from regwatch.config.top import Config
from regwatch.notify.words.templates import NO_TEMPLATES


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL)
    assert config.path("ca.pem") == tmp_path / "ca.pem"
    assert config.path(None) is None


def test_all_but_the_accounts_may_be_left_out(tmp_path: Path) -> None:
    config = load(tmp_path, SMALL)
    assert (config.receivers, config.routes, config.notices) == ([], [], ())
    with pytest.raises(ValidationError):
        Config.model_validate({})
    with pytest.raises(ValidationError):
        Config.model_validate({"accounts": []})


def test_without_a_folder_of_templates_nobody_has_words_of_their_own(tmp_path: Path) -> None:
    assert load(tmp_path, SMALL).own_words("chat") is NO_TEMPLATES


def test_a_file_may_say_which_schema_an_editor_should_take(tmp_path: Path) -> None:
    assert load(tmp_path, SMALL + "$schema: regwatch.json\n").editor_schema == "regwatch.json"
