"""A message's sections in a service's own markup, as many lines as its limits take; pure.

Labels come from the PBX and may hold anything. `escape` disarms what would ping, link or format;
what is read from right to left is shut in.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TypeVar

from regwatch.core.model import ItemStatus, Notification, Severity
from regwatch.core.outside import made_safe
from regwatch.notify.words.links import incident_url
from regwatch.notify.words.wording import Line, Section, left_out_note, sections, truncate

T = TypeVar("T")

MAX_LINES = 30
"""More than this nobody reads in a chat; what is left out is counted."""
FIELD_LIMIT = 200
"""Of a single label, device or explanation: one must not crowd out the others."""
ESCAPED_LIMIT = 2 * FIELD_LIMIT
"""Of the same once it is escaped, which may make six characters of one."""
MANY = 3
"""From so many lines on, what they share is said once."""
EACH = "each listed:"
URL_LIMIT = 500
"""A longer link is left out: thirty of them would leave no room for words."""
COLOURS = {Severity.CRITICAL: "#c62828", Severity.WARNING: "#ef8f00", Severity.INFO: "#1565c0"}
RESOLVED_COLOUR = "#2e7d32"
TITLES = {ItemStatus.NEW: "New", ItemStatus.STILL: "Still", ItemStatus.RESOLVED: "Resolved"}
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]~<>|])")
RIGHT_TO_LEFT = frozenset({"R", "AL"})
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Markup:
    """How a service marks text up. All but `escape` take text that is escaped already."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    italic: Callable[[str], str]
    link: Callable[[str, str], str]
    """Text and URL."""
    indent: str = "\u2003"
    """Before a second line; no ASCII space, of which Markdown would make code or nothing."""
    shows_links: bool = True
    """Whether a link is seen as its text; else its URL has to be written out."""

    def field(self, text: str) -> str:
        """One value, cut and escaped."""
        # Cut before it is looked at character by character: a label may be as long as it likes.
        cut = truncate(tidy(text[: 2 * FIELD_LIMIT]), FIELD_LIMIT)
        return isolated(cut_escaped(cut, ESCAPED_LIMIT, self.escape))


def unmarked(text: str, _url: str = "") -> str:
    """The text as it is."""
    return text


PLAIN = Markup(
    escape=unmarked, bold=unmarked, italic=unmarked, link=unmarked, indent="    ", shows_links=False
)


def tidy(text: str) -> str:
    """One line, with single spaces; safe also where it is a template's."""
    return " ".join(made_safe(text).split())


def isolated(text: str) -> str:
    """Text read from right to left, shut in so that the words around it stay in order."""
    if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in text):
        return f"{ISOLATE}{text}{END_ISOLATE}"
    return text


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units: what services count that were written in Java or C#."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def cut_to(text: str, limit: int, size: Callable[[str], int] = len) -> str:
    """The text, shortened to a size with an ellipsis that shows it."""
    if size(text) <= limit:
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if size(text[:middle] + "…") <= limit:
            fits = middle
        else:
            too_long = middle
    return text[:fits].rstrip() + "…"


def cut_escaped(
    text: str, limit: int, escape: Callable[[str], str], size: Callable[[str], int] = len
) -> str:
    """The text escaped, and shortened before so that the result has at most that size."""
    return escape(cut_to(text, limit, lambda cut: size(escape(cut))))


def escape_markdown(text: str) -> str:
    """Markdown's special characters behind backslashes; those apart that mean something at the
    beginning of a line only, where no value ever stands.
    """
    return MARKDOWN_SPECIAL.sub(r"\\\1", text)


def markdown_link(text: str, url: str) -> str:
    """A link whose URL cannot end the link."""
    return f"[{text}]({url.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"


def colour(notification: Notification) -> str:
    """That of the severity, or green once it is over: `#rrggbb`."""
    return RESOLVED_COLOUR if notification.is_resolved else COLOURS[notification.severity]


def fitted(
    notification: Notification,
    build: Callable[[Sequence[Section]], T],
    fits: Callable[[T], bool],
    *,
    most: int = MAX_LINES,
    zone: tzinfo = UTC,
) -> T:
    """The message with as many lines as fit; without any it must, and then says how many."""
    message = build(sections(notification, max_lines=most, zone=zone))
    if fits(message):
        return message
    message, fitting, too_many = build(sections(notification, max_lines=0, zone=zone)), 0, most
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        longer = build(sections(notification, max_lines=middle, zone=zone))
        if fits(longer):
            message, fitting = longer, middle
        else:
            too_many = middle
    return message


def body(parts: Iterable[Section], markup: Markup, external_url: str) -> str:
    """The sections as one text."""
    return "\n".join(
        text for section in parts for text in section_texts(section, markup, external_url)
    )


def section_texts(section: Section, markup: Markup, external_url: str) -> Iterator[str]:
    """A section's title, what its incidents share, each of them, how many are left out."""
    shared = shared_details(section)
    yield markup.bold(f"{TITLES[section.status]} ({section.count})")
    if shared:
        yield markup.italic(f"{EACH} {joined(shared, markup)}")
    for line in section.lines:
        first = f"• {_name(line, markup, external_url)}{whereabouts(line, markup)}"
        rest = joined((d for d in line.details if d not in shared), markup)
        yield f"{first}\n{markup.indent}{rest}" if rest else first
    if note := left_out_note(section):
        yield markup.italic(note)


def shared_details(section: Section) -> tuple[str, ...]:
    """What many lines have in common, to be said once: it is the likely cause, too."""
    if len(section.lines) < MANY:
        return ()
    first, *others = (line.details for line in section.lines)
    return tuple(detail for detail in first if all(detail in each for each in others))


def joined(details: Iterable[str], markup: Markup) -> str:
    """Details on one line."""
    return " · ".join(markup.field(detail) for detail in details)


def whereabouts(line: Line, markup: Markup) -> str:
    """What follows the name: where, what, since when."""
    at = f" at {markup.field(line.where)}" if line.where else ""
    comma = "," if line.incident.resolved_at is not None else ""
    return f"{at}: {line.title}{comma} {line.when}"


def _name(line: Line, markup: Markup, external_url: str) -> str:
    name = markup.bold(markup.field(line.who))
    url = incident_url(line.incident.id, external_url)
    return markup.link(name, url) if url and len(url) <= URL_LIMIT else name
