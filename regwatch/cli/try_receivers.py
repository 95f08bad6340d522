"""`regwatch test-alert` without a file: has the daemon send its receivers a test."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from rich.text import Text

from regwatch.cli.console import FAILED, print_lines
from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import Remote, whoami
from regwatch.web.api.bodies import StatusBody, TestAlert, TrialBody

RECEIVER_SECONDS = 60.0
"""A mail server may let one wait."""


async def try_receivers(remote: Remote, *, receiver: str | None) -> None:
    """One after the other; ends with 1 if one did not take it."""
    names = [receiver] if receiver else await _all(remote)
    patient = replace(remote, timeout_seconds=RECEIVER_SECONDS)
    trials = [await _tried(patient, name) for name in names]
    if not all(trial.taken for trial in trials):
        raise SystemExit(FAILED)


async def _all(remote: Remote) -> Sequence[str]:
    names = [each.name for each in (await remote.get(StatusBody, "/status")).receivers]
    if not names:
        raise RemoteError("the daemon has no receivers")
    return names


async def _tried(remote: Remote, name: str) -> TrialBody:
    path = f"/receivers/{quote(name, safe='')}/test"
    trial = await remote.send(TrialBody, "POST", path, TestAlert(author=whoami()))
    print_lines([trial_line(trial.receiver, trial.kind, trial.problem, retried=trial.retried)])
    return trial


def trial_line(receiver: str, kind: str, problem: str, *, retried: bool) -> Text:
    """What one answered; `problem`: why it did not take it."""
    again = "would try again" if retried else "would give it up"
    said = f"not taken: {problem} (regwatch {again})"
    words = (said, "red") if problem else ("taken, and taken back", "green")
    return Text.assemble((f"{receiver} ({kind}): ", "bold"), words)
