"""The minimal form of a message, as each service gets it after it refused the whole."""

import json

import pytest
from fakes.kinds import SPOKEN, sent
from fakes.notifications import NEW, lost, notification
from msgspec.structs import replace

NAME = "Анна <b>*_`<!channel>@here"
HARD = replace(
    notification(*((NEW, replace(lost(n), summary=f"{NAME} is lost " * 20)) for n in range(1, 40))),
    is_minimal=True,
)
LEAST = 700
"""Bytes."""


@pytest.mark.parametrize("kind", sorted(SPOKEN))
async def test_it_is_short_and_holds_nothing_that_a_service_might_refuse(kind: str) -> None:
    message = json.dumps(await sent(kind, HARD, external_url="https://r.example.com"))
    assert "39" in message
    assert not any(each in message for each in ("\\u04", "blocks", "embeds", "<b>", "<!", "@here"))
    assert len(message) < LEAST + 900 * (kind == "teams"), "a card has a frame"


@pytest.mark.parametrize("kind", sorted(SPOKEN))
async def test_no_template_has_a_part_in_it(kind: str) -> None:
    from regwatch.notify.words.templates import OwnWords, Template

    own = OwnWords(title=Template("own title"), body=Template("own body"))
    assert "own" not in json.dumps(await sent(kind, HARD, own=own))
