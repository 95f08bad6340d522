"""What several chats have in common, each in its own way: how bad it is, and what is no success."""

import pytest
from fakes.kinds import SPOKEN, deliver, sent
from fakes.notifications import (
    RESOLVED,
    all_new,
    api_unavailable,
    lost,
    mixed,
    notification,
    overdue,
    resolved,
)
from fakes.receivers import Canned, serving
from msgspec.structs import replace

from regwatch.core.model import Severity
from regwatch.notify.errors import ReceiverRefusedError

INFO = all_new([replace(lost(), severity=Severity.INFO)])
WARNING = all_new([overdue()])
CRITICAL = all_new([api_unavailable()])
OVER = notification((RESOLVED, resolved(lost())))


@pytest.mark.parametrize(
    ("note", "bar", "mark", "priority", "tag", "style"),
    [
        (CRITICAL, "#c62828", "🔴", 5, "rotating_light", "attention"),
        (WARNING, "#ef8f00", "🟠", 4, "warning", "warning"),
        (INFO, "#1565c0", "🔵", 3, "information_source", "accent"),
        (OVER, "#2e7d32", "🟢", 3, "white_check_mark", "good"),
    ],
    ids=["critical", "warning", "info", "resolved"],
)
async def test_how_bad_it_is_is_seen_at_a_glance(note, bar, mark, priority, tag, style):
    assert (await sent("slack", note))["attachments"][0]["color"] == bar
    assert (await sent("mattermost", note))["attachments"][0]["color"] == bar
    assert (await sent("discord", note))["embeds"][0]["color"] == int(bar[1:], 16)
    assert (await sent("telegram", note))["text"].startswith(f"{mark} <b>")
    push = await sent("ntfy", note)
    assert (push["priority"], push["tags"]) == (priority, [tag])
    card = (await sent("teams", note))["attachments"][0]["content"]
    assert card["body"][0]["style"] == style


@pytest.mark.parametrize("kind", ["mattermost", "slack"])
async def test_an_answer_other_than_ok_is_no_success(kind):
    async with serving(SPOKEN[kind].fake()) as service:
        service.script.append(Canned(200, "<html>a proxy's page</html>"))
        with pytest.raises(ReceiverRefusedError, match="answer, 200: <html>a proxy's page"):
            await deliver(SPOKEN[kind], service, mixed())
