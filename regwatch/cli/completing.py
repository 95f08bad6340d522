"""What the tab key offers: names and ids of the running daemon, asked for in a moment, or nothing.
Nothing is loaded before somebody presses it.
"""

import os
from contextlib import redirect_stderr, suppress
from dataclasses import replace
from io import StringIO

import click
from click.shell_completion import CompletionItem

SECONDS = 0.5
"""Longer nobody waits for the tab key."""
Items = list[CompletionItem]


def complete_extensions(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """By number, or full name or id as it was begun."""
    return _offered(context, "extensions", typed)


def complete_incidents(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """Open ones, by id."""
    return _offered(context, "incidents", typed)


def complete_subjects(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """Open incidents, and the extensions that these are about."""
    return _offered(context, "subjects", typed)


def complete_silences(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """In force or to come, by id."""
    return _offered(context, "silences", typed)


def complete_sites(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """By name."""
    return _offered(context, "sites", typed)


def complete_accounts(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """By name."""
    return _offered(context, "accounts", typed)


def complete_receivers(context: click.Context, _: click.Parameter, typed: str) -> Items:
    """By name."""
    return _offered(context, "receivers", typed)


def _offered(context: click.Context, kind: str, typed: str) -> Items:
    """Nothing, and not a word, whatever is in the way: somebody is typing."""
    with suppress(Exception, SystemExit), redirect_stderr(StringIO()):
        from regwatch.cli.offers import offers
        from regwatch.cli.whereabouts import without_asking

        given = context.params
        url = given.get("url") or os.environ.get("REGWATCH_URL")
        remote = without_asking(given["config_file"], url, given.get("user"))
        found = offers(replace(remote, timeout_seconds=SECONDS), kind, typed)
        return [CompletionItem(word, help=about) for word, about in found]
    return []
