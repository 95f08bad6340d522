"""Nothing that the documents point to is absent."""

import re
import subprocess
from pathlib import Path

import pytest

DOCUMENTS = ("README.md", "CHANGELOG.md")
FOLDERS = ("regwatch", "config", "systemd", "tests", ".ci")
FILES = ("Makefile", "pyproject.toml", "LICENSE", "CHANGELOG.md", "README.md")


def anchors(document) -> set[str]:
    return {heading.anchor for heading in document.headings}


@pytest.mark.parametrize("fixture", ["readme", "changelog"])
def test_links_lead_somewhere(fixture, request, root):
    document = request.getfixturevalue(fixture)
    for link in document.links:
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        assert not file or (root / file).exists(), link
        if anchor and file in ("", document.path.name):
            assert anchor in anchors(document), link


def test_no_two_headings_share_an_anchor(readme):
    found = [heading.anchor for heading in readme.headings]
    assert len(found) == len(set(found)), sorted(a for a in found if found.count(a) > 1)


def test_the_table_of_contents_names_every_chapter(readme):
    contents = readme.text.partition("## Two commands")[0]
    for heading in readme.headings:
        if heading.level == 2:
            assert f"](#{heading.anchor})" in contents, heading.text


def test_files_named_in_code_exist(readme, root):
    for code in readme.code:
        first = code.partition("/")[0]
        if (first in FOLDERS and "/" in code and " " not in code) or code in FILES:
            assert (root / code).exists(), code


def test_the_modules_that_how_it_works_names_exist(readme, root):
    section = readme.section("How it works")
    named = [code for code in section.code if re.fullmatch(r"[\w/]+(\.py|/)", code)]
    assert len(named) >= 15
    for name in named:
        assert (root / "regwatch" / name).exists(), name


def test_how_it_works_takes_fifteen_lines(readme):
    steps = re.findall(r"^(\d+)\. ", readme.section("How it works").prose, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 16)]


def test_no_picture_or_link_is_fetched_from_outside_to_show_the_readme(readme):
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<img[^>]*src=\"([^\"]+)\"", readme.text)
    for picture in (one or other for one, other in pictures):
        assert not picture.startswith(("http:", "https:", "//")), picture


def test_the_install_commands_copy_files_that_exist(readme, root):
    section = readme.section("Install it under systemd")
    copied = re.findall(r"install -m \d+ (\S+) (\S+)", "".join(b.body for b in section.blocks))
    assert {Path(source).name for source, _ in copied} >= {"regwatch.service"}
    for source, _ in copied:
        assert (root / source).is_file(), source


def test_every_file_of_the_project_is_text_or_an_image(root):
    """The repository can be read: no database, archive or editor's leftover in it."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        assert not re.search(r"(~|\.(pyc|db|orig|rej|swp|log|zip|gz|whl))$", name), name
