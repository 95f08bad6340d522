"""`regwatch ack`: somebody is at it."""

from collections.abc import Sequence
from urllib.parse import quote

import click

from regwatch.cli.console import look
from regwatch.cli.errors import RemoteError
from regwatch.cli.names import neither
from regwatch.cli.remote import Remote, whoami
from regwatch.web.api.bodies import Acknowledgement, IncidentBody, ShowBody

OVER = "resolved"


async def ack(remote: Remote, *, incident: str, comment: str, author: str | None) -> None:
    """Take on what is meant, and say who had it before."""
    wanted = Acknowledgement(author=author or whoami(), comment=comment)
    for each in await _meant(remote, incident):
        path = f"/incidents/{quote(each.id, safe='')}/acknowledge"
        taken = await remote.send(IncidentBody, "POST", path, wanted)
        click.echo(f"Acknowledged by {taken.acknowledged_by}{_before(each)}: {taken.summary}")


def _before(incident: IncidentBody) -> str:
    if not incident.acknowledged_by:
        return ""
    at = look().shown(incident.acknowledged_at)
    return f" (before by {incident.acknowledged_by}, at {at})"


async def _meant(remote: Remote, name: str) -> Sequence[IncidentBody]:
    """All that is open of an extension, or one incident. Raises `RemoteError`."""
    phone = await remote.find(ShowBody, f"/extensions/{quote(name)}")
    found = await remote.find(IncidentBody, f"/incidents/{quote(name, safe='')}")
    if phone is not None and found is not None:
        who = f"{phone.extension.account}/{phone.extension.id}"
        raise RemoteError(
            f"{name} is an extension and begins an incident's id: say {who} or {found.id}"
        )
    if found is not None:
        if found.state == OVER:
            raise RemoteError(f"incident {found.id} is over: {found.summary}")
        return [found]
    if phone is None:
        raise neither(name)
    if not phone.incidents:
        raise RemoteError(f"nothing is wrong with {name}: there is nothing to take on")
    return phone.incidents
