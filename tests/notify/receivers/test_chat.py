"""The path that all chats share, on a chat that takes plain words."""

from dataclasses import dataclass
from datetime import UTC, tzinfo

import aiohttp
import pytest
from aiohttp import web
from fakes.notifications import NOW, all_new, lost
from fakes.receivers import Canned, FakeService, serving

from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.http import Post
from regwatch.notify.memo import MemoryMemo
from regwatch.notify.receivers.chat import Chat
from regwatch.notify.receivers.kind import Means
from regwatch.notify.words.templates import NO_TEMPLATES, OwnWords, Template

SECRET = "a-secret-of-the-chat"


@dataclass(frozen=True)
class Settings:
    url: str
    timeout_seconds: float = 10.0
    external_url: str = ""
    zone: tzinfo = UTC
    own: OwnWords = NO_TEMPLATES


class Wall(FakeService):
    """Whatever is written there stays."""

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        self.taken.append(body.decode())
        return web.Response(text="fine")


def request(message, settings) -> Post:
    words = f"{message.title}|{message.body or ''}|{message.note}"
    return Post(settings.url, words.encode(), secrets=(SECRET,))


def refusal(reply) -> str:
    return "" if reply.body == "fine" else f"said {reply.body}"


async def tell(wall: Wall, chat: Chat, **settings) -> None:
    async with aiohttp.ClientSession() as session:
        means = Means(session, lambda: NOW, MemoryMemo())
        receiver = chat.receiver("ops", Settings(wall.url, **settings), means)
        assert (receiver.name, receiver.kind) == ("ops", "wall")
        await receiver.deliver(all_new([lost()]))


async def test_a_message_is_one_request():
    async with serving(Wall()) as wall:
        await tell(wall, Chat("wall", request, refusal))
    (words,) = wall.taken
    assert words.startswith("CRITICAL 101 lost at riga (Reception) since 03:12 UTC")


async def test_a_2xx_that_the_chat_finds_wrong_is_a_refusal_without_secrets():
    async with serving(Wall()) as wall:
        wall.script.append(Canned(200, f"no {SECRET}"))
        with pytest.raises(ReceiverRefusedError, match=r"^said no \*\*\*$"):
            await tell(wall, Chat("wall", request, refusal))
    assert wall.taken == []


async def test_without_a_test_of_its_own_any_2xx_is_success():
    async with serving(Wall()) as wall:
        wall.script.append(Canned(202, "whatever"))
        await tell(wall, Chat("wall", request))
    assert len(wall.requests) == 1


async def test_a_refusal_of_ones_own_words_costs_the_words_only():
    async with serving(Wall()) as wall:
        wall.script.append(Canned(200, "not these"))
        await tell(wall, Chat("wall", request, refusal), own=OwnWords(title=Template("mine")))
    assert wall.bodies[0].startswith(b"mine|")
    (words,) = wall.taken
    assert words.endswith("|The text of the template was refused: said not these")
