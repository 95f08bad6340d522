"""`regwatch unregister`: has the daemon delete registrations at the PBX, for a person."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from rich.text import Text

from regwatch.cli.console import look, print_lines
from regwatch.cli.errors import RemoteError
from regwatch.cli.loops import confirm
from regwatch.cli.remote import Remote, whoami
from regwatch.cli.show import registration_lines
from regwatch.web.api.bodies import ExtensionBody, RegistrationBody, ShowBody, Unregistered

PBX_SECONDS = 60.0
"""The daemon asks the PBX three times, and waits where that is slow."""


async def unregister(
    remote: Remote, *, extension: str, registration_id: str | None, yes: bool, author: str | None
) -> None:
    """Show what there is, ask, have it deleted, and show what is left."""
    path = f"/extensions/{quote(extension)}"
    found = (await remote.get(ShowBody, path)).extension
    _show(f"{_named(found)} before", found.registrations)
    _check(found, registration_id)
    if not yes:
        what = f"registration {registration_id}" if registration_id else "all its registrations"
        confirm(f"Delete {what} of {_named(found)}?")
    path += "/registrations" + (f"/{quote(registration_id, safe='')}" if registration_id else "")
    patient = replace(remote, timeout_seconds=PBX_SECONDS)
    query = {"author": author or whoami()}
    done = await patient.send(Unregistered, "DELETE", path, query=query)
    _show(f"{_named(found)} after", done.after)


def _named(extension: ExtensionBody) -> str:
    named = extension.number or extension.name or str(extension.id)
    return f"{named} ({extension.label})" if extension.label else named


def _check(extension: ExtensionBody, registration_id: str | None) -> None:
    if not extension.registrations:
        raise RemoteError("nothing is registered: nothing to delete")
    known = [each.id for each in extension.registrations]
    if registration_id is not None and registration_id not in known:
        raise RemoteError(f"it has no registration `{registration_id}`; it has {', '.join(known)}")


def _show(title: str, registrations: Sequence[RegistrationBody]) -> None:
    count = f"{len(registrations)} registered" if registrations else "not registered"
    print_lines([Text.assemble((f"{title}: ", "bold"), count)])
    print_lines(registration_lines(registrations, look()))
