"""Commands that teach: what they end with, how they are called, what a mistyped one meant."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from regwatch.core.suggestions import did_you_mean

USUAL_EXITS: Mapping[int, str] = {
    0: "done",
    1: "not done: it says why",
    2: "a bad option, or a bad configuration",
}


class Command(click.Command):
    """Says in its help, in the manual and in the reference with what status it ends."""

    def __init__(
        self,
        *args: Any,
        exits: Mapping[int, str] = USUAL_EXITS,
        examples: Sequence[str] = (),
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.exits = exits
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Below the options."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write_text(example)
        with formatter.section("Exit status"):
            formatter.write_dl([(str(status), words) for status, words in self.exits.items()])
        super().format_epilog(ctx, formatter)


class Group(click.Group):
    """Knows what a mistyped command meant."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown one fails with the one that was meant, or with where they are listed."""
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        advice = did_you_mean(name, known) or f"`{ctx.command_path} --help` lists them"
        raise click.UsageError(f"There is no command `{name}`: {advice}", ctx)
