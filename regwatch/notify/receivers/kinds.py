"""The table of the kinds of receivers: one line each, in the order in which errors and the schema
name them. A service whose line stands here is known to the file, to its schema and to the daemon.
"""

# ruff: noqa: F401, I001 - the imports are the table

from collections.abc import Mapping
from typing import Any

from regwatch.notify.receivers.kind import Kind

from regwatch.notify.receivers.webhook import WEBHOOK
from regwatch.notify.receivers.slack_bot import SLACK
from regwatch.notify.receivers.alertmanager import ALERTMANAGER
from regwatch.notify.receivers.pagerduty import PAGERDUTY
from regwatch.notify.receivers.mattermost import MATTERMOST
from regwatch.notify.receivers.telegram import TELEGRAM
from regwatch.notify.receivers.discord import DISCORD
from regwatch.notify.receivers.ntfy import NTFY
from regwatch.notify.receivers.pushover import PUSHOVER
from regwatch.notify.receivers.teams import TEAMS
from regwatch.notify.receivers.email import EMAIL
from regwatch.notify.receivers.apprise import APPRISE

KINDS: Mapping[str, Kind[Any]] = {
    each.name: each for each in vars().values() if isinstance(each, Kind)
}
"""By their names: whatever is a kind among the imports above."""
