"""Reading Markdown as far as the checks of the documents need it."""

import re
from collections.abc import Sequence
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


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def readme() -> Document:
    return Document(ROOT / "README.md")


@pytest.fixture(scope="session")
def changelog() -> Document:
    return Document(ROOT / "CHANGELOG.md")
