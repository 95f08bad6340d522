"""`regwatch replay`: what would have been sent."""

from collections import Counter
from datetime import datetime, tzinfo
from pathlib import Path

from rich.text import Text

from regwatch.app.replay import Replay, UnknownAccountError
from regwatch.cli.console import fail, out
from regwatch.cli.records import SEVERITIES
from regwatch.cli.settings import load_or_exit
from regwatch.core.model import Notification
from regwatch.notify.words.first_line import headline
from regwatch.sources.recorded.record import records_in
from regwatch.sources.source import SourceError


def replay(config_file: Path, file: Path) -> None:
    """Print each message, then how many there were."""
    config = load_or_exit(config_file)
    sent: Counter[str] = Counter()
    try:
        for message in Replay(config).play(records_in(file)):
            sent[message.receiver] += 1
            out().print(_line(message, config.timezone))
    except UnknownAccountError as error:
        known = ", ".join(account.name for account in config.accounts)
        fail(f"the record is of account `{error}`; the configuration has {known}")
    except SourceError as error:
        fail(str(error))
    total = ", ".join(f"{count} to {receiver}" for receiver, count in sent.most_common())
    out().print(Text(f"{sent.total()} messages: {total}" if sent else "Nobody would be told."))


def _line(message: Notification, zone: tzinfo) -> Text:
    at = datetime.fromtimestamp(message.created_at).astimezone()
    style = "green" if message.is_resolved else SEVERITIES[message.severity.value]
    reason = message.reason.value.replace("_", " ")
    return Text.assemble(
        (f"{at:%Y-%m-%d %H:%M:%S %Z}", "dim"),
        f"  {message.receiver:<12} ",
        (f"{reason:<14}", "dim"),
        (f" {headline(message, zone=zone)}", style),
    )
