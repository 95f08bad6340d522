"""`regwatch show`: all that is known of an extension, from the running daemon."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from rich.text import Text

from regwatch.cli.console import look, print_lines
from regwatch.cli.look import NONE, Look
from regwatch.cli.output import print_json
from regwatch.cli.records import history_lines, incident_lines, spaced, state_of
from regwatch.cli.remote import Remote
from regwatch.cli.tables import Column, table, wrapped
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import ExtensionBody, RegistrationBody, ShowBody

REGISTRATION = (
    Column("registration"),
    Column("lease ends in"),
    Column("address", below=True),
    Column("device", below=True),
)


async def show(remote: Remote, *, extension: str, as_json: bool) -> None:
    """Show it."""
    found = await remote.get(ShowBody, f"/extensions/{quote(extension)}")
    if as_json:
        print_json(found)
    else:
        print_lines(show_lines(found, look()))


def show_lines(found: ShowBody, look: Look) -> Iterator[Text]:
    """Who it is, its devices, what is wrong, what happened."""
    yield from _extension_lines(found.extension, look)
    if found.incidents:
        yield from _title("Open incidents", look)
        yield from incident_lines(found.incidents, look)
    if found.history:
        yield from _title("What happened, latest first", look)
        yield from history_lines(found.history, look, whose=False)


def _title(words: str, look: Look) -> Iterator[Text]:
    if look.width is not None:
        yield Text(f"\n{words}", "bold")


def _extension_lines(extension: ExtensionBody, look: Look) -> Iterator[Text]:
    yield from wrapped(_headline(extension, look), look.width)
    about = [extension.name, f"id {extension.id}", extension.account]
    about += [f"site {extension.site}"] if extension.site else []
    about += [] if extension.expected else ["not expected to be registered now"]
    if extension.answered_at is not None:
        about.append(f"answered {humanise(look.age(extension.answered_at))} ago")
    yield from wrapped(Text(" · ".join(filter(None, about)), "dim"), look.width)
    if extension.registrations:
        yield from registration_lines(extension.registrations, look)
    elif extension.last_registered_at is not None:
        yield Text(f"Last registered {look.shown(extension.last_registered_at)}.")


def _headline(extension: ExtensionBody, look: Look) -> Text:
    named = f"{extension.number or extension.id} {extension.label}".strip()
    line = Text.assemble((named, "bold"), ": ", state_of(extension.state.value))
    if extension.reason:
        line.append(f" ({spaced(extension.reason)})")
    if extension.since is not None:
        lasted = humanise(look.age(extension.since))
        line.append(f" since {look.shown(extension.since)}, for {lasted}")
    return line


def registration_lines(registrations: Sequence[RegistrationBody], look: Look) -> list[Text]:
    """One for each; none without any."""
    rows = [_registration(each, look) for each in registrations]
    return table(REGISTRATION, rows, look.width) if rows else []


def _registration(each: RegistrationBody, look: Look) -> tuple[str, str, str, str]:
    left = NONE if each.lease_ends_at is None else humanise(-look.age(each.lease_ends_at))
    return each.id, left, each.real_address.removeprefix("sip:"), each.device
