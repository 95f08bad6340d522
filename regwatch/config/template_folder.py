"""A folder of templates that change the words of messages: `slack.title.j2`, `ops-chat.body.j2`.

A file bears the name of a receiver or of a kind; that of a receiver wins.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from regwatch.config.receivers import ReceiverShape
from regwatch.core.suggestions import did_you_mean
from regwatch.notify.receivers.kinds import KINDS
from regwatch.notify.words.sample import try_out
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import Escape, OwnWords, Template, TemplateError
from regwatch.shapes.files import FileError, read_text
from regwatch.shapes.problems import Problem

SUFFIX = ".j2"
PARTS = ("title", "body")
ESCAPES: Mapping[str, Escape] = {
    kind.name: kind.escape for kind in KINDS.values() if kind.escape is not None
}
"""The kinds whose words can be changed, and how a value in a body is escaped."""


class TemplateFolder:
    """The templates of a folder, and what is wrong with them."""

    def __init__(self, folder: Path, receivers: Sequence[ReceiverShape]) -> None:
        self.unreadable = ""
        """Why the folder cannot be read."""
        self.problems: list[Problem] = []
        self._kinds = {r.name: r.kind for r in receivers if r.kind in ESCAPES}
        self._templates: dict[tuple[str, str], Template] = {}
        for file in self._files(folder):
            self._take(file)

    def own_words(self, receiver: str) -> OwnWords:
        """A receiver's own templates."""
        title, body = (self._of(receiver, part) for part in PARTS)
        return OwnWords(title, body)

    def _of(self, receiver: str, part: str) -> Template | None:
        names = (receiver, self._kinds.get(receiver, ""))
        return next((self._templates[n, part] for n in names if (n, part) in self._templates), None)

    def _files(self, folder: Path) -> Iterator[Path]:
        try:
            yield from sorted(file for file in folder.iterdir() if file.suffix == SUFFIX)
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "this is no name of a folder").lower()
            self.unreadable = f"{folder} cannot be read: {reason}"

    def _take(self, file: Path) -> None:
        name, _, part = file.name.removesuffix(SUFFIX).rpartition(".")
        kind = self._kinds.get(name, name)
        if kind not in ESCAPES or part not in PARTS:
            self._belongs_nowhere(file)
            return
        escape = ESCAPES[kind] if part == "body" else None
        try:
            source = read_text(file)
            template = Template(source, known=NAMES, escape=escape)
            try_out(template)
            self._templates[name, part] = template
        except TemplateError as error:
            advice = did_you_mean(error.name, NAMES) if error.name else None
            self.problems.append(Problem(file, error.line, "", error.message, advice))
        except FileError as error:
            self.problems.append(Problem(file, None, "", f"cannot be read: {error}"))

    def _belongs_nowhere(self, file: Path) -> None:
        names = [*self._kinds, *ESCAPES]
        known = [f"{name}.{part}{SUFFIX}" for name in names for part in PARTS]
        message = "belongs to no receiver whose words can be changed"
        self.problems.append(Problem(file, None, "", message, did_you_mean(file.name, known)))
