"""Changelog, license, layers: the promises around the program."""

import re
import tomllib
from datetime import date
from pathlib import Path

import regwatch

HEADING = re.compile(r"\[(?P<version>\d+\.\d+\.\d+)\] - (?P<date>Unreleased|\d{4}-\d{2}-\d{2})")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Known limits"}


def pyproject(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def versions(changelog) -> list[re.Match[str]]:
    headings = [h.text for h in changelog.headings if h.level == 2 and h.text != "[Unreleased]"]
    matches = [HEADING.fullmatch(text) for text in headings]
    assert all(matches), headings
    return matches


def test_the_changelog_begins_with_the_current_version(changelog):
    assert versions(changelog)[0]["version"] == regwatch.__version__


def test_the_changelog_counts_down(changelog):
    numbers = [tuple(map(int, match["version"].split("."))) for match in versions(changelog)]
    assert numbers == sorted(set(numbers), reverse=True)


def test_only_the_latest_version_may_be_unreleased_and_dates_are_dates(changelog):
    first, *others = versions(changelog)
    dates = [match["date"] for match in others]
    dates += [first["date"]] if first["date"] != "Unreleased" else []
    for text in dates:
        date.fromisoformat(text)


def test_the_changelog_s_kinds_of_changes_are_known_and_not_empty(changelog):
    for heading in changelog.headings:
        if heading.level == 3:
            assert heading.text in KINDS
            assert "\n- " in changelog.section(heading.text).text


def test_the_readme_shows_the_layers_that_are_checked(readme, root):
    contracts = pyproject(root)["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each.get("containers") == ["regwatch"]]
    assert readme.block("layers").body.split("\n")[:-1] == layers


def test_the_license_is_apache_2_in_full(root):
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    for heading in ("TERMS AND CONDITIONS", "9. Accepting Warranty", "APPENDIX: How to apply"):
        assert heading in text
    assert pyproject(root)["project"]["license"] == "Apache-2.0"


def test_the_readme_begins_with_what_the_package_says_of_itself(readme, root):
    description = pyproject(root)["project"]["description"]
    assert readme.text.startswith(f"# regwatch\n\n{description}.\n")
