"""Nothing that the documents point to is absent."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = ("regwatch", "config", "systemd", "docs", "tests", ".ci")
FILES = ("Makefile", "pyproject.toml", "LICENSE", "CHANGELOG.md", "README.md")
LONGEST_README = 200
MENTIONED = re.compile(
    r"(?<![\w/.])(?P<file>(?:docs/[\w/-]+|README|CHANGELOG)\.md)(?:#(?P<anchor>[\w-]+))?"
)
"""A document as other files speak of it."""


def test_links_lead_somewhere(document):
    for link in document.links:
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = document.path.parent / file if file else document.path
        assert target.exists(), link
        if anchor:
            assert anchor in type(document)(target).anchors, link


def test_no_two_headings_share_an_anchor(document):
    headings = [h for h in document.headings if document.path.name != "CHANGELOG.md" or h.level < 3]
    found = [heading.anchor for heading in headings]
    assert len(found) == len(set(found)), sorted(a for a in found if found.count(a) > 1)


CONTENTS = re.compile(r"^- .*\]\(#", re.MULTILINE)


def test_contents_name_every_chapter(pages):
    """A page that begins with a list of its chapters lists them all."""
    begins = {name: page.text.partition("\n## ")[0] for name, page in pages.items()}
    with_contents = {name for name, begin in begins.items() if CONTENTS.search(begin)}
    assert with_contents >= {"alerts", "configure", "troubleshoot", "reference/commands"}
    for name in with_contents:
        chapters = [heading for heading in pages[name].headings if heading.level == 2]
        for heading in chapters:
            assert f"](#{heading.anchor})" in begins[name], (name, heading.text)


def test_the_readme_is_short_and_leads_to_every_page(readme, documents):
    assert readme.text.count("\n") <= LONGEST_README
    runbooks = {name for name in documents if name.startswith("docs/alerts/")}
    pages = {*documents} - {"README.md"} - runbooks
    assert pages <= {link.partition("#")[0] for link in readme.links}


def test_the_page_of_alerts_leads_to_every_runbook(pages):
    runbooks = {name for name in pages if name.startswith("alerts/")}
    assert {f"{name}.md" for name in runbooks} <= {*pages["alerts"].links}


def test_every_page_leads_back_to_the_list_of_all(pages):
    for name, page in pages.items():
        assert page.links[-1].endswith("README.md#where-to-read-on"), name


def test_every_page_begins_with_a_title_and_what_it_is_for(document):
    title, introduction = document.text.split("\n\n")[:2]
    assert re.fullmatch(r"# .+", title)
    assert re.match(r"\w", introduction)
    assert [heading.level for heading in document.headings].count(1) == 1


def test_files_named_in_code_exist(document, root):
    for code in document.code:
        first = code.partition("/")[0]
        if (first in FOLDERS and "/" in code and " " not in code) or code in FILES:
            assert (root / code.partition("#")[0]).exists(), code


def test_what_other_files_say_of_the_documents_is_there(documents, root):
    """Rules, units, examples, help texts and comments: the chapter that they name exists."""
    for file in texts(root):
        for mention in MENTIONED.finditer(file.read_text(encoding="utf-8")):
            assert mention["file"] in documents, (file, mention[0])
            if mention["anchor"]:
                assert mention["anchor"] in documents[mention["file"]].anchors, (file, mention[0])


def texts(root: Path) -> Iterator[Path]:
    """What is no document, and no test."""
    yield from (root / "Makefile", root / "pyproject.toml", root / ".ci/run")
    for folder in ("regwatch", "config", "systemd"):
        found = (path for path in (root / folder).rglob("*") if path.suffix in TEXTS)
        yield from found


TEXTS = (".py", ".yml", ".service", ".html", ".j2", ".js", ".json")


def test_the_modules_that_how_it_works_names_exist(pages, root):
    section = pages["how-it-works"].section("From an answer to a message")
    named = [code for code in section.code if re.fullmatch(r"[\w/]+(\.py|/)", code)]
    assert len(named) >= 15
    for name in named:
        assert (root / "regwatch" / name).exists(), name


def test_how_it_works_takes_fifteen_lines(pages):
    section = pages["how-it-works"].section("From an answer to a message")
    steps = re.findall(r"^(\d+)\. ", section.prose, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 16)]


def test_no_picture_is_fetched_from_outside_to_show_a_document(document):
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<img[^>]*src=\"([^\"]+)\"", document.text)
    for picture in (one or other for one, other in pictures):
        assert not picture.startswith(("http:", "https:", "//")), picture


def test_the_install_commands_copy_files_that_exist(pages, root):
    blocks = pages["install"].blocks
    copied = re.findall(r"install -m \d+ (\S+) (\S+)", "".join(b.body for b in blocks))
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
