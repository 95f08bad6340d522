"""Man pages: one for each command, as man(7) has it. (click-man writes such pages, but escapes no
text, and knows no groups that load their commands, no exit status and no examples.)
"""

import re
from collections.abc import Iterator, Sequence

from regwatch.cli.manual.tree import NO_DEFAULT, REQUIRED, Entry, OptionEntry

CODE = re.compile(r"`([^`]*)`|(?<![\w-])(--?[a-z][a-z-]*)")
"""What is typed: between backticks, or an option."""
FILES = (
    ("/etc/regwatch/regwatch.yml", "The configuration."),
    ("/run/regwatch/regwatch.sock", "The daemon's socket: who may open it may read and write."),
)
TOKEN = ("REGWATCH_TOKEN", "The token of `http.api_token`, for commands that change something.")
PASSWORD = ("REGWATCH_PASSWORD", "The password of --user.")


def man_page(entry: Entry, others: Sequence[Entry], *, program: str, version: str) -> str:
    """The page of a command; `others`: all commands, to which it may point."""
    title = page_name(entry.name, program)
    lines = [f'.TH "{title.upper()}" 1 "" "{program} {version}" "{program}"']
    lines += _section("NAME", [f"{_escaped(title)} \\- {_text(entry.short)}"])
    lines += _section("SYNOPSIS", [f".B {_escaped(entry.call)}", _brief(entry)])
    lines += _section("DESCRIPTION", _paragraphs([*entry.paragraphs, entry.epilog]))
    lines += _section("COMMANDS", _list(entry.commands))
    lines += _section("OPTIONS", _list((each.written, _meaning(each)) for each in entry.options))
    lines += _section("EXAMPLES", _examples(entry.examples))
    lines += _section("EXIT STATUS", _list((str(n), f"{w}.") for n, w in entry.exits.items()))
    lines += _section("ENVIRONMENT", _list(_environment(entry)))
    lines += _section("FILES", _list(FILES))
    lines += _section("SEE ALSO", [_see_also(entry, others, program)])
    return "\n".join(lines) + "\n"


def page_name(name: str, program: str) -> str:
    """`regwatch-silence-add`."""
    return "-".join([program, *name.split()])


def _section(title: str, body: Sequence[str]) -> list[str]:
    kept = [line for line in body if line]
    return [f'.SH "{title}"', *kept] if kept else []


def _brief(entry: Entry) -> str:
    return "[\\fIOPTION\\fR]..." if entry.options else ""


def _paragraphs(texts: Sequence[str]) -> list[str]:
    return [line for text in texts if text for line in (".PP", _text(text))]


def _list(items: "Iterator[tuple[str, str]] | Sequence[tuple[str, str]]") -> list[str]:
    return [line for name, about in items for line in (".TP", f".B {_escaped(name)}", _text(about))]


def _meaning(option: OptionEntry) -> str:
    if option.default in (NO_DEFAULT, REQUIRED):
        return option.help
    return f"{option.help} By default `{option.default}`."


def _examples(examples: Sequence[str]) -> list[str]:
    return [
        line for each in examples for line in (".PP", ".EX", f".RS 4\n{_line(each)}\n.RE", ".EE")
    ]


def _environment(entry: Entry) -> Iterator[tuple[str, str]]:
    for option in entry.options:
        if option.envvar:
            yield option.envvar, f"In place of {option.names[-1]}."
    if any(option.envvar == "REGWATCH_USER" for option in entry.options):
        yield from (PASSWORD, TOKEN)


def _see_also(entry: Entry, others: Sequence[Entry], program: str) -> str:
    near = [other.name for other in others if other.name != entry.name and _is_near(entry, other)]
    pages = [f"\\fB{_escaped(page_name(name, program))}\\fR(1)" for name in near]
    return ",\n".join(pages)


def _is_near(entry: Entry, other: Entry) -> bool:
    """The whole of it, its group, and what stands below."""
    if not entry.name:
        return bool(other.name)
    return not other.name or f"{entry.name} ".startswith(f"{other.name} ") or (
        f"{other.name} ".startswith(f"{entry.name} ")
    )  # fmt: skip


def _text(text: str) -> str:
    """A paragraph, in which what is typed is bold."""
    pieces, at = [], 0
    for match in CODE.finditer(text):
        pieces.append(_escaped(text[at : match.start()]))
        pieces.append(f"\\fB{_escaped(match[1] if match[1] is not None else match[2])}\\fR")
        at = match.end()
    return _guarded("".join([*pieces, _escaped(text[at:])]))


def _line(text: str) -> str:
    return _guarded(_escaped(text))


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return escaped.replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")


def _guarded(line: str) -> str:
    """At the beginning of a line a full stop would be an order."""
    return f"\\&{line}" if line.startswith(".") else line
