"""`regwatch unregister --direct`: the API's two DELETEs, for a person, where no daemon runs."""

import os
from pathlib import Path

from msgspec.structs import replace

from regwatch.app.settings.clients import pbx_settings
from regwatch.app.sources import pbx_of
from regwatch.cli.accounts import find_extension, split_reference
from regwatch.cli.console import err, fail, look, out, print_lines
from regwatch.cli.errors import RemoteError
from regwatch.cli.loops import confirm, run_loop
from regwatch.cli.settings import loaded_or_exit
from regwatch.cli.show import REGISTRATION
from regwatch.cli.tables import table
from regwatch.cli.whereabouts import remote_of
from regwatch.clock import wall_clock
from regwatch.config import load_accounts
from regwatch.core.alerts.conditions import name_of
from regwatch.core.durations import humanise
from regwatch.core.model import (
    Answer,
    Extension,
    FailureReason,
    Registration,
    RegistrationId,
)
from regwatch.sources.source import Deleting, SourceError
from regwatch.web.api.bodies import Deletion

IN_DOUBT = frozenset(
    {
        FailureReason.NETWORK,
        FailureReason.TIMEOUT,
        FailureReason.SERVER_ERROR,
        FailureReason.BAD_ANSWER,
    }
)
"""After these the PBX may have deleted all the same."""


def unregister(
    config_file: Path, extension: str, registration_id: str | None, *, yes: bool
) -> None:
    """Ask, do it, and exit."""
    raise SystemExit(
        run_loop(lambda _stop: _unregister(config_file, extension, registration_id, yes=yes))
    )


async def _unregister(
    config_file: Path, reference: str, registration_id: str | None, *, yes: bool
) -> int:
    config = loaded_or_exit(lambda: load_accounts(config_file, environ=os.environ))
    account, rest = split_reference(reference, config)
    try:
        async with pbx_of(pbx_settings(config, account), clock=wall_clock) as pbx:
            found = await find_extension(rest, pbx)
            before = await pbx.registration(found.id)
            _show("before", found, before)
            _check(before, registration_id)
            if not yes:
                confirm(_question(found, registration_id))
            ids = [r.id for r in before.registrations if registration_id in (None, r.id)]
            deletion = Deletion(account.name, list(ids))
            await _announce(config_file, deletion)
            try:
                await _delete(pbx, found, registration_id)
            except SourceError as error:
                if error.reason not in IN_DOUBT:
                    await _announce(config_file, replace(deletion, withdrawn=True))
                raise
            _show("after", found, await pbx.registration(found.id))
    except SourceError as error:
        fail(str(error))
    return 0


def _check(before: Answer, registration_id: str | None) -> None:
    if not before.registrations:
        fail("nothing is registered: nothing to delete")
    if registration_id is not None and registration_id not in {r.id for r in before.registrations}:
        fail(f"it has no registration `{registration_id}`")


def _question(extension: Extension, registration_id: str | None) -> str:
    what = f"registration {registration_id}" if registration_id else "all its registrations"
    return f"Delete {what} of {name_of(extension)}?"


async def _announce(config_file: Path, deletion: Deletion) -> None:
    """Tell the daemon, if one runs here, that their absence will be our doing, or will not."""
    try:
        remote = remote_of(config_file)
        if remote.token():
            await remote.send(Deletion, "POST", "/deletions", deletion)
    except RemoteError as error:
        err().print(f"A running daemon could not be told: {error}", style="dim")


async def _delete(pbx: Deleting, extension: Extension, registration_id: str | None) -> None:
    if registration_id is None:
        await pbx.unregister_all(extension.id)
    else:
        await pbx.unregister(extension.id, RegistrationId(registration_id))


def _show(when: str, extension: Extension, answer: Answer) -> None:
    console = out()
    console.print(f"{name_of(extension)} {when}: ", style="bold", end="")
    if not answer.registrations:
        console.print("not registered")
        return
    console.print(f"{len(answer.registrations)} registered")
    rows = [
        (each.id, _left(each, answer), each.real_address.removeprefix("sip:"), each.device)
        for each in answer.registrations
    ]
    print_lines(table(REGISTRATION, rows, look().width))


def _left(registration: Registration, answer: Answer) -> str:
    if registration.lease_ends_at is None:
        return "–"
    return humanise(registration.lease_ends_at - answer.answered_at)
