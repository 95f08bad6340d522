"""Reading Markdown as far as the checks of the documents need it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(?P<level>#{1,6}) (?P<text>.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    line: int

    @property
    def anchor(self) -> str:
        """As forges make it of the text."""
        kept = re.sub(r"[^\w\- ]", "", self.text.lower())
        return kept.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    language: str
    body: str
    mark: str
    """The comment on the line before it; empty if there is none."""


class Document:
    """A Markdown file."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8") if text is None else text

    @cached_property
    def prose(self) -> str:
        """The text with its fenced blocks and comments blanked out, line for line."""
        blanked = FENCE.sub(lambda match: "\n" * match.group(0).count("\n"), self.text)
        return COMMENT.sub("", blanked)

    @cached_property
    def headings(self) -> Sequence[Heading]:
        return [
            Heading(len(m["level"]), m["text"].strip(), self.prose[: m.start()].count("\n"))
            for m in HEADING.finditer(self.prose)
        ]

    @property
    def anchors(self) -> set[str]:
        """What a link can lead to in it."""
        return {heading.anchor for heading in self.headings}

    @property
    def links(self) -> Sequence[str]:
        return [match["target"] for match in LINK.finditer(self.prose)]

    @property
    def code(self) -> Sequence[str]:
        """Everything in backquotes outside fenced blocks."""
        return CODE.findall(self.prose)

    @property
    def blocks(self) -> Sequence[Block]:
        found = []
        for match in FENCE.finditer(self.text):
            before = self.text[: match.start()].rstrip("\n").rpartition("\n")[2]
            comment = re.fullmatch(r"<!-- (.*) -->", before)
            found.append(Block(match["language"], match["body"], comment[1] if comment else ""))
        return found

    def block(self, mark: str) -> Block:
        (found,) = [block for block in self.blocks if block.mark == mark]
        return found

    def section(self, title: str) -> "Document":
        """What stands under a heading, with its sub-headings."""
        headings = self.headings
        (index,) = [i for i, heading in enumerate(headings) if heading.text == title]
        level = headings[index].level
        ends = (h.line for h in headings[index + 1 :] if h.level <= level)
        lines = self.text.split("\n")
        return Document(self.path, "\n".join(lines[headings[index].line : next(ends, None)]))

    def rows(self) -> Sequence[Sequence[str]]:
        """The cells of all tables' rows, without their heads."""
        rows: list[list[str]] = []
        for line in self.prose.split("\n"):
            if not line.startswith("|"):
                continue
            cells = [cell.strip() for cell in line.strip("|").split(" |")]
            if set(cells[0]) == {"-"} or "---" in cells[0]:
                rows.pop()  # the line before was the head
            else:
                rows.append(cells)
        return rows


def all_documents() -> Mapping[str, Document]:
    """Every document that people read, by its path."""
    paths = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
    return {path.relative_to(ROOT).as_posix(): Document(path) for path in paths}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `document` is run with each of them."""
    if "document" in metafunc.fixturenames:
        documents = all_documents()
        metafunc.parametrize("document", documents.values(), ids=documents.keys())


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def documents() -> Mapping[str, Document]:
    """Every document, by its path in the checkout."""
    return all_documents()


@pytest.fixture(scope="session")
def pages(documents: Mapping[str, Document]) -> Mapping[str, Document]:
    """The pages of `docs/`, by their path in it without the suffix: `reference/metrics`."""
    found = ((name, page) for name, page in documents.items() if name.startswith("docs/"))
    return {name.removeprefix("docs/").removesuffix(".md"): page for name, page in found}


@pytest.fixture(scope="session")
def readme(documents: Mapping[str, Document]) -> Document:
    return documents["README.md"]


@pytest.fixture(scope="session")
def changelog(documents: Mapping[str, Document]) -> Document:
    return documents["CHANGELOG.md"]
