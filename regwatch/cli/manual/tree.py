"""Every command with all that there is to say of it."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from regwatch.cli.grammar import USUAL_EXITS

NO_DEFAULT = "none"
REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class OptionEntry:
    """One option."""

    names: Sequence[str]
    metavar: str
    """Empty for a flag."""
    default: str
    help: str
    envvar: str

    @property
    def written(self) -> str:
        """`-c, --config FILE`."""
        names = ", ".join(self.names)
        return f"{names} {self.metavar}" if self.metavar else names


@dataclass(frozen=True, slots=True)
class Entry:
    """One command."""

    name: str
    """`silence add`; empty for all of it."""
    short: str
    call: str
    paragraphs: Sequence[str]
    options: Sequence[OptionEntry]
    exits: Mapping[int, str]
    examples: Sequence[str]
    epilog: str
    commands: Sequence[tuple[str, str]]
    """Of a group: names, and what they do."""


def entries(root: click.Group, program: str) -> Iterator[Entry]:
    """The whole of it first, then each command, those of a group behind their group."""
    yield from _walk(click.Context(root, info_name=program), "")


def _walk(context: click.Context, name: str) -> Iterator[Entry]:
    yield _entry(context, name)
    command = context.command
    if not isinstance(command, click.Group):
        return
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        if found is not None:
            below = click.Context(found, parent=context, info_name=each)
            yield from _walk(below, f"{name} {each}".strip())


def _entry(context: click.Context, name: str) -> Entry:
    command = context.command
    arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
    is_group = isinstance(command, click.Group)
    words = [context.command_path, *arguments, *(["COMMAND"] if is_group else ())]
    return Entry(
        name=name,
        short=(command.short_help or command.get_short_help_str(100)).rstrip("."),
        call=" ".join(words),
        paragraphs=_paragraphs(command.help or ""),
        options=[_option(p, context) for p in command.params if isinstance(p, click.Option)],
        exits=getattr(command, "exits", USUAL_EXITS),
        examples=getattr(command, "examples", ()),
        epilog=command.epilog or "",
        commands=list(_commands(command, context)),
    )


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            yield name, "" if found is None else found.get_short_help_str(100).rstrip(".")


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in inspect.cleandoc(text).split("\n\n") if each.strip()]


def _option(option: click.Option, context: click.Context) -> OptionEntry:
    envvar = option.envvar if isinstance(option.envvar, str) else ""
    return OptionEntry(
        names=option.opts,
        metavar="" if option.is_flag else option.make_metavar(context),
        default=_default(option),
        help=(option.help or "").strip(),
        envvar=envvar,
    )


def _default(option: click.Option) -> str:
    if option.required:
        return REQUIRED
    shown = option.to_info_dict()["default"]
    if option.is_flag or option.multiple or shown in (None, ""):
        return NO_DEFAULT
    return f"{shown:g}" if isinstance(shown, float) else str(shown)
