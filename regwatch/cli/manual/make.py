"""`python -m regwatch.cli.manual.make`: `man FOLDER` writes the man pages there, `reference FILE`
makes what the command line knows of that page anew, `schema REFERENCE FILE` the JSON Schema.
"""

from pathlib import Path

import click

from regwatch import __version__
from regwatch.cli import main
from regwatch.cli.manual.reference import renewed
from regwatch.cli.manual.roff import man_page, page_name
from regwatch.cli.manual.schema import described
from regwatch.cli.manual.tree import entries

PROGRAM = "regwatch"


@click.group()
def manual() -> None:
    """Make the manual."""


@manual.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def man(folder: Path) -> None:
    """Write the man pages to FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    all_of_them = list(entries(main, PROGRAM))
    for entry in all_of_them:
        page = man_page(entry, all_of_them, program=PROGRAM, version=__version__)
        file = folder / f"{page_name(entry.name, PROGRAM)}.1"
        file.write_text(page, encoding="utf-8")


@manual.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def reference(file: Path) -> None:
    """Make what FILE says between its marks anew."""
    page = file.read_text(encoding="utf-8")
    file.write_text(renewed(page, list(entries(main, PROGRAM))), encoding="utf-8")


@manual.command()
@click.argument("reference", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def schema(reference: Path, file: Path) -> None:
    """Write the configuration's JSON Schema to FILE, with what REFERENCE says of each key."""
    file.write_text(described(reference.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    manual()
