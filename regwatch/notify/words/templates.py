"""Words of one's own: Jinja2 templates in a sandbox (`sandbox`), compiled when the configuration is
checked.

Every value is escaped for the service it goes to, unless the template says `| safe`.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import jinja2
from jinja2 import meta, nodes
from markupsafe import Markup

from regwatch.notify.redaction import redact
from regwatch.notify.words.sandbox import BUDGET, LONGEST, BoundedEnvironment, Budget

LONGEST_SOURCE = 1 << 18
"""Characters of a template."""
FILE = "<template>"
"""How Jinja2 calls the source of a template without a file, in tracebacks."""

Escape = Callable[[str], str]


class TemplateError(Exception):
    """A template cannot be compiled or rendered; `line` is counted from 1, None if unknown."""

    def __init__(self, message: str, line: int | None = None, name: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.name = name
        """The variable that is not known, if that is what is wrong."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class Template:
    """A compiled template."""

    def __init__(
        self, source: str, *, known: Iterable[str] = (), escape: Escape | None = None
    ) -> None:
        """`known`: the variables there are. Raises `TemplateError`."""
        self._made_of = (source, escape)
        if len(source) > LONGEST_SOURCE:
            raise TemplateError(f"more than {LONGEST_SOURCE} characters")
        environment = _environment(escape)
        try:
            tree = environment.parse_bounded(source)
            self._template = environment.from_string(tree)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(error.message or "not a template", error.lineno) from error
        for name in sorted(meta.find_undeclared_variables(tree) - set(known)):
            raise TemplateError(f"there is no variable `{name}`", _line_of(tree, name), name)

    def __eq__(self, other: object) -> bool:
        """Whether it says the same: then a reload need not disturb its receiver."""
        return isinstance(other, Template) and self._made_of == other._made_of

    def __hash__(self) -> int:
        return hash(self._made_of)

    def render(self, context: Mapping[str, object]) -> str:
        """The text; raises `TemplateError`, whatever the template does."""
        try:
            return "".join(_bounded(self._template.generate({**context, BUDGET: Budget()})))
        except TemplateError:
            raise
        except Exception as error:
            message = redact(f"{type(error).__name__}: {error}")
            raise TemplateError(message, _failing_line(error)) from error


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A receiver's own templates; None: regwatch's words."""

    title: Template | None = None
    body: Template | None = None


NO_TEMPLATES = OwnWords()


def _environment(escape: Escape | None) -> BoundedEnvironment:
    environment = BoundedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=escape is not None,
        finalize=_escaping(escape) if escape else str,
    )
    if escape:
        environment.filters["e"] = environment.filters["escape"] = _escaping(escape)
    return environment


def _escaping(escape: Escape) -> Callable[[object], Markup]:
    """Jinja2 itself escapes for HTML alone; what is marked as safe it leaves as it is."""

    def escaped(value: object) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(str(value)))  # noqa: S704

    return escaped


def _line_of(tree: nodes.Template, name: str) -> int | None:
    return min((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), default=None)


def _failing_line(error: Exception) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == FILE), None)


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LONGEST:
            raise TemplateError(f"more than {LONGEST} characters")
        yield piece
