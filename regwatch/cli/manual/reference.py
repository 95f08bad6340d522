"""The reference of the commands: the parts of it that the command line knows stand between marks,
what only a person can say around them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from regwatch.cli.manual.tree import NO_DEFAULT, REQUIRED, Entry, OptionEntry

PART = re.compile(r"(<!-- made: ([a-z -]+) -->\n).*?(?=<!-- /made -->)", re.DOTALL)
TYPED = re.compile(r"(`[^`]*`|(?<![\w-])--?[a-z][a-z-]*|\$[A-Z_]+)")
SIGNS = re.compile(r"([*_<|])")
COMMON, EXITS = "common options", "exit codes"


def renewed(page: str, entries: Sequence[Entry]) -> str:
    """The page with all that stands between marks made anew; raises `KeyError` for a mark that no
    command has.
    """
    named = [each for each in entries if each.name and not each.commands]
    common = _common(named)
    parts = {each.name: "\n".join(_chapter(each, common)) for each in named}
    parts |= {COMMON: "\n".join(_common_table(common)), EXITS: "\n".join(_exit_table(named))}
    return PART.sub(lambda match: f"{match[1]}\n{parts[match[2]]}\n\n", page)


def _common(entries: Sequence[Entry]) -> Mapping[str, tuple[OptionEntry, list[str]]]:
    """Options that are the same in several commands, by how they are written, and whose."""
    found: dict[str, tuple[OptionEntry, list[str]]] = {}
    for entry in entries:
        for option in entry.options:
            if option.envvar:
                found.setdefault(option.written, (option, []))[1].append(entry.name)
    return found


def _common_table(common: Mapping[str, tuple[OptionEntry, list[str]]]) -> Iterator[str]:
    yield "| option | default | meaning | commands |"
    yield "|---|---|---|---|"
    for option, names in common.values():
        listed = ", ".join(f"`{name}`" for name in names)
        yield f"| {_cells(option)} | {listed} |"


def _chapter(entry: Entry, common: Mapping[str, object]) -> Iterator[str]:
    yield f"`{entry.call}`"
    for paragraph in (*entry.paragraphs, entry.epilog):
        if paragraph:
            yield f"\n{_text(paragraph)}"
    own = [option for option in entry.options if option.written not in common]
    if own:
        yield "\n| option | default | meaning |\n|---|---|---|"
        yield from (f"| {_cells(option)} |" for option in own)
    if entry.examples:
        yield "\n```sh\n" + "\n".join(entry.examples) + "\n```"


def _cells(option: OptionEntry) -> str:
    plain = option.default in (NO_DEFAULT, REQUIRED)
    default = option.default if plain else f"`{option.default}`"
    return f"`{option.written}` | {default} | {_text(option.help)}"


def _exit_table(entries: Sequence[Entry]) -> Iterator[str]:
    yield "| command | 0 | 1 | 2 | 3 |"
    yield "|---|---|---|---|---|"
    rows: dict[tuple[str, ...], list[str]] = {}
    for entry in entries:
        words = tuple(_text(entry.exits.get(status, "")) for status in range(4))
        rows.setdefault(words, []).append(entry.name)
    for words, names in rows.items():
        cells = [", ".join(f"`{name}`" for name in names), *words]
        yield "| " + " | ".join(cells) + " |"


def _text(text: str) -> str:
    """In which what is typed is set as such, and no sign of Markdown acts."""
    pieces = TYPED.split(text)
    return "".join(_code(each) if n % 2 else _prose(each) for n, each in enumerate(pieces))


def _code(typed: str) -> str:
    return typed if typed.startswith("`") else f"`{typed}`"


def _prose(text: str) -> str:
    return SIGNS.sub(r"\\\1", text)
