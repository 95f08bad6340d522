"""The manual as it stands in the documents, and as a build makes it."""

from pathlib import Path

from click.testing import CliRunner

from regwatch.cli import COMMANDS
from regwatch.cli.manual.make import manual

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def test_the_reference_is_current(tmp_path: Path) -> None:
    """Else: `make reference`."""
    copy = tmp_path / "commands.md"
    copy.write_text(REFERENCE.read_text(encoding="utf-8"), encoding="utf-8")
    assert CliRunner().invoke(manual, ["reference", str(copy)]).exit_code == 0
    assert copy.read_text(encoding="utf-8") == REFERENCE.read_text(encoding="utf-8")


def test_there_is_a_man_page_for_every_command(tmp_path: Path) -> None:
    assert CliRunner().invoke(manual, ["man", str(tmp_path / "man")]).exit_code == 0
    pages = {file.name for file in (tmp_path / "man").iterdir()}
    assert pages >= {"regwatch.1", "regwatch-silence-add.1"}
    assert pages >= {f"regwatch-{name}.1" for name in COMMANDS}
    assert all(
        file.read_text().startswith('.TH "REGWATCH') for file in (tmp_path / "man").iterdir()
    )
