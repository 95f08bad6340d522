"""`regwatch show`: all that is known of an extension, from the running daemon."""

from urllib.parse import quote

import click
from rich.text import Text

from regwatch.cli.console import out
from regwatch.cli.output import STATES, print_history, print_incidents, print_json, print_table
from regwatch.cli.remote import Remote, remote_options
from regwatch.cli.times import age, shown
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import ExtensionBody, RegistrationBody, ShowBody


@click.command(short_help="One extension, from the running daemon.")
@click.argument("extension", metavar="EXT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@remote_options
async def show(remote: Remote, *, extension: str, as_json: bool) -> None:
    """Show all that is known of EXT: its devices, what is wrong, what happened lately.

    EXT is an extension id, a full name (000*101) or a number (101); ACCOUNT/EXT where there are
    several accounts. Times are by this machine's clock.
    """
    found = await remote.get(ShowBody, f"/extensions/{quote(extension)}")
    if as_json:
        print_json(found)
        return
    _print_extension(found.extension)
    if found.incidents:
        out().print(Text("\nOpen incidents", "bold"))
        print_incidents(found.incidents)
    if found.history:
        out().print(Text("\nWhat happened, latest first", "bold"))
        print_history(found.history, whose=False)


def _print_extension(extension: ExtensionBody) -> None:
    named = f"{extension.number or extension.id} {extension.label}".strip()
    state = extension.state.value
    line = Text.assemble((named, "bold"), ": ", (state.replace("_", " "), STATES.get(state, "")))
    if extension.reason:
        line.append(f" ({extension.reason.replace('_', ' ')})")
    if extension.since is not None:
        line.append(f" since {shown(extension.since)}, for {humanise(age(extension.since))}")
    out().print(line)
    about = [extension.name, f"id {extension.id}", extension.account]
    about += [f"site {extension.site}"] if extension.site else []
    about += [] if extension.expected else ["not expected to be registered now"]
    if extension.answered_at is not None:
        about.append(f"answered {humanise(age(extension.answered_at))} ago")
    out().print(Text(" · ".join(about), "dim"))
    if extension.registrations:
        titles = ("registration", "address", "lease ends in", "device")
        print_table(titles, map(_registration, extension.registrations))
    elif extension.last_registered_at is not None:
        out().print(f"Last registered {shown(extension.last_registered_at)}.")


def _registration(each: RegistrationBody) -> tuple[str, str, str, str]:
    left = "–" if each.lease_ends_at is None else humanise(-age(each.lease_ends_at))
    return each.id, each.real_address.removeprefix("sip:"), left, each.device
