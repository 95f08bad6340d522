"""The chat services, as strict as their documents: what these promise to refuse is refused, with
their own words."""

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from aiohttp import web
from fakes.receivers import FakeService, FakeSlack, moment

HTML_TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote"}
)
HTML_ENTITIES = frozenset({"lt", "gt", "amp", "quot"})
EMBED_LIMITS = {"title": 256, "description": 4096}
TEXT_RUN = {"type", "text", "weight", "size", "isSubtle", "italic", "color", "selectAction"}
CARD_WORDS = {
    "weight": {"Lighter", "Default", "Bolder"},
    "size": {"Small", "Default", "Medium", "Large", "ExtraLarge"},
    "spacing": {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"},
    "style": {"default", "emphasis", "good", "attention", "warning", "accent"},
}
UPDATE_ARGUMENTS = {"channel", "ts", "text", "blocks", "attachments"}
POST_ARGUMENTS = {
    "channel", "text", "blocks", "attachments", "thread_ts", "reply_broadcast", "unfurl_links",
    "unfurl_media",
}  # fmt: skip


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class RefusedError(Exception):
    """What the service answers instead of taking the message."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(body))
        self.response = (
            web.Response(status=status, text=body)
            if isinstance(body, str)
            else web.json_response(body, status=status)
        )


class FakeChat(FakeService):
    """JSON in; `take` raises a refusal, or gives the answer."""

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        try:
            if request.content_type != "application/json":
                raise self.bad("not JSON by its Content-Type")
            message = json.loads(body)
            answer = self.take(request, message)
        except RefusedError as refusal:
            return refusal.response
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            return self.bad(repr(error)).response
        self.taken.append(message)
        return answer

    def bad(self, what: str) -> RefusedError:
        raise NotImplementedError

    def take(self, request: web.Request, message: dict) -> web.Response:
        raise NotImplementedError


# --- Mattermost ------------------------------------------------------------


class FakeMattermost(FakeChat):
    """An incoming webhook. Whom a post mentions is found as the server finds it."""

    path = "/hooks/mattermostsecretkey1234567"

    def bad(self, what: str) -> RefusedError:
        answer = {"id": "web.incoming_webhook.parse.app_error", "message": what}
        return RefusedError(400, {**answer, "detailed_error": "", "status_code": 400})

    def take(self, request: web.Request, message: dict) -> web.Response:
        known = {"text", "channel", "username", "icon_url", "attachments", "props", "priority"}
        if unknown := message.keys() - known:
            raise self.bad(f"unknown {unknown}")
        if not message.get("text") and not message.get("attachments"):
            raise self.bad("No text specified.")
        texts = [message.get("text", ""), *map(self._attached, message.get("attachments", []))]
        if sum(len(text) for text in texts) > 16_383:
            raise self.bad("Maximum text length is 16383 characters")
        assert not any(mentions(text) for text in texts), "somebody was pinged"
        return web.Response(text="ok")

    def _attached(self, attachment: dict) -> str:
        assert attachment["fallback"]
        assert re.fullmatch(r"#[0-9a-fA-F]{6}", attachment["color"])
        assert isinstance(attachment["text"], str)
        return attachment["text"]


def mentions(text: str) -> set[str]:
    """As StandardMentionParser of the server does it: words made of letters, digits and `:.-_@`;
    markup is read before, so that a backslash is no protection."""
    words = re.findall(r"[\w:.@-]+", text.replace("\\", ""))
    return {
        word for each in words if (word := each.strip(":.-_")).startswith("@") and len(word) > 1
    }


# --- Telegram ------------------------------------------------------------


class TelegramHtml(HTMLParser):
    """The tags and entities that the Bot API documents, closed as they were opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.text = ""
        self.entities = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in HTML_TAGS, f'Unsupported start tag "{tag}"'
        assert all(name == "href" for name, _ in attrs) or tag != "a"
        self.open.append(tag)
        self.entities += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"Unexpected end tag {tag}"
        assert self.open.pop() == tag, f"Unmatched end tag {tag}"

    def handle_data(self, data: str) -> None:
        assert "<" not in data, "Unsupported start tag"
        self.text += data

    def handle_entityref(self, name: str) -> None:
        assert name in HTML_ENTITIES, f"entity {name}"
        self.text += html.unescape(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.text += html.unescape(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        raise AssertionError("comment")


def telegram_text(marked: str) -> str:
    parser = TelegramHtml()
    parser.feed(marked)
    parser.close()
    assert not parser.open, f"Can't find end tag corresponding to start tag {parser.open[-1]}"
    assert parser.entities <= 100
    return parser.text


class FakeTelegram(FakeChat):
    """sendMessage of the Bot API."""

    path = "/bot{token}/sendMessage"

    def __init__(
        self, *, token: str = "123456:telegramsecret", chats: tuple = ("-100123",)
    ) -> None:
        super().__init__()
        self.token = token
        self.chats = chats
        self.moved: dict[str, int] = {}
        """Groups that became supergroups, and their new ids."""

    def bad(self, what: str, code: int = 400) -> RefusedError:
        kind = {400: "Bad Request: ", 401: "", 404: ""}[code]
        return RefusedError(code, {"ok": False, "error_code": code, "description": kind + what})

    def take(self, request: web.Request, message: dict) -> web.Response:
        if request.match_info["token"] != self.token:
            raise self.bad("Unauthorized", 401)
        known = {"chat_id", "message_thread_id", "text", "parse_mode", "link_preview_options"}
        if unknown := message.keys() - known:
            raise self.bad(f"unknown {unknown}")
        if (now := self.moved.get(str(message["chat_id"]))) is not None:
            told = {
                "ok": False,
                "error_code": 400,
                "description": "Bad Request: group chat was upgraded to a supergroup chat",
                "parameters": {"migrate_to_chat_id": now},
            }
            raise RefusedError(400, told)
        if str(message["chat_id"]) not in self.chats:
            raise self.bad("chat not found")
        if not isinstance(message.get("message_thread_id", 1), int):
            raise self.bad("invalid message_thread_id")
        if message.get("parse_mode") is None:
            return web.json_response({"ok": True, "result": {"text": message["text"]}})
        assert message["parse_mode"] == "HTML"
        assert message["link_preview_options"] == {"is_disabled": True}
        try:
            text = telegram_text(message["text"])
        except AssertionError as error:
            raise self.bad(f"can't parse entities: {error}") from None
        if not text.strip():
            raise self.bad("message text is empty")
        if utf16(text) > 4096:
            raise self.bad("message is too long")
        assert not re.search(r"(?<!\w)@\w{4,}", text), "somebody was pinged"
        return web.json_response({"ok": True, "result": {"message_id": 7, "text": text}})


# --- Discord ------------------------------------------------------------


class FakeDiscord(FakeChat):
    """Execute Webhook, with the limits of embeds."""

    path = "/api/webhooks/1234567890/{token}"
    token = "discordsecrettoken_abcdef"

    def bad(self, what: str) -> RefusedError:
        return RefusedError(400, {"message": "Invalid Form Body", "code": 50035, "errors": what})

    def take(self, request: web.Request, message: dict) -> web.Response:
        if request.match_info["token"] != self.token:
            raise RefusedError(401, {"message": "Invalid Webhook Token", "code": 50027})
        assert request.query["wait"] == "true", "nobody would learn whether it was saved"
        known = {"content", "username", "avatar_url", "tts", "embeds", "allowed_mentions", "flags"}
        assert not message.keys() - known
        if not message.get("content") and not message.get("embeds"):
            raise RefusedError(400, {"message": "Cannot send an empty message", "code": 50006})
        assert utf16(message.get("content", "")) <= 2000
        assert message["allowed_mentions"] == {"parse": []}
        embeds = message.get("embeds", [])
        assert len(embeds) <= 10
        if (total := sum(map(self._embed, embeds))) > 6000:
            raise self.bad(f"Embed size exceeds maximum size of 6000: {total}")
        return web.json_response({"id": "99", "channel_id": "5", "embeds": embeds})

    def _embed(self, embed: dict) -> int:
        assert not embed.keys() - {"title", "description", "url", "timestamp", "color", "footer"}
        assert 0 <= embed["color"] <= 0xFFFFFF
        moment(embed["timestamp"])
        for name, limit in EMBED_LIMITS.items():
            if utf16(embed[name].strip()) > limit:
                raise self.bad(f"{name}: Must be {limit} or fewer in length.")
        assert embed["title"]
        return sum(utf16(embed[name]) for name in EMBED_LIMITS)


# --- ntfy ------------------------------------------------------------


class FakeNtfy(FakeChat):
    """Publishing as JSON, on a server without attachments."""

    path = "/"

    def __init__(self, *, topic: str = "regwatch-topicsecret", token: str = "") -> None:
        super().__init__()
        self.topic = topic
        self.token = token

    def bad(self, what: str, code: int = 40024, status: int = 400) -> RefusedError:
        return RefusedError(status, {"code": code, "http": status, "error": what})

    def take(self, request: web.Request, message: dict) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            raise self.bad("forbidden", 40301, 403)
        known = {"topic", "message", "title", "tags", "priority", "actions", "click", "markdown"}
        assert not message.keys() - known
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", message["topic"]):
            raise self.bad("invalid request: topic invalid", 40009)
        if message["topic"] != self.topic:
            raise self.bad("forbidden", 40301, 403)
        if len(message["message"].encode()) > 4096:
            raise self.bad("invalid request: attachments not allowed", 40014)
        assert 0 < len(message["title"].encode()) <= 256
        # What a phone's push service carries in one go.
        assert len(message["title"].encode()) + len(message["message"].encode()) <= 4096
        if message["priority"] not in (1, 2, 3, 4, 5):
            raise self.bad("invalid priority parameter", 40007)
        assert message["tags"]
        assert all(isinstance(tag, str) and "," not in tag for tag in message["tags"])
        assert "click" not in message or message["click"].startswith(("http://", "https://"))
        return web.json_response({"id": "xyz", "event": "message", **message})


# --- Microsoft Teams ------------------------------------------------------------


class FakeTeams(FakeChat):
    """A flow of the Workflows app: it accepts the message, and renders version 1.4 of the cards."""

    path = "/workflows/9a8b7c6d5e4f/triggers/manual/paths/invoke"
    sig = "teamssecretsignature"

    def bad(self, what: str) -> RefusedError:
        error = {"code": "TriggerInputSchemaMismatch", "message": what}
        return RefusedError(400, {"error": error})

    def judge(self, request: web.Request, body: bytes) -> web.Response:
        if len(body.decode().encode("utf-16-le")) > 28 * 1024:
            return web.json_response({"error": {"code": "RequestEntityTooLarge"}}, status=413)
        return super().judge(request, body)

    def take(self, request: web.Request, message: dict) -> web.Response:
        if request.query.get("sig") != self.sig:
            error = {"code": "AuthorizationFailed", "message": "The signature is not valid."}
            raise RefusedError(401, {"error": error})
        assert request.charset == "utf-8"
        assert message["type"] == "message"
        (attachment,) = message["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        card = attachment["content"]
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
        for element in card["body"]:
            self._element(element)
        for action in card.get("actions", []):
            self._action(action)
        return web.Response(status=202)

    def _element(self, element: dict) -> None:
        self._enums(element)
        if element["type"] == "Container":
            assert not element.keys() - {"type", "style", "bleed", "items", "spacing"}
            for item in element["items"]:
                self._element(item)
        elif element["type"] == "TextBlock":
            assert not element.keys() - {"type", "text", "wrap", "spacing", "weight", "size"}
            assert element["text"]
        else:
            assert element["type"] == "RichTextBlock"
            assert not element.keys() - {"type", "inlines", "spacing"}
            assert element["inlines"]
            for run in element["inlines"]:
                self._run(run)

    def _run(self, run: dict) -> None:
        assert run["type"] == "TextRun"
        assert not run.keys() - TEXT_RUN
        assert isinstance(run["text"], str)
        assert run["text"]
        self._enums(run)
        if "selectAction" in run:
            self._action(run["selectAction"])

    def _action(self, action: dict) -> None:
        assert action["type"] == "Action.OpenUrl"
        assert action["url"].startswith("https://")
        assert not action.keys() - {"type", "title", "url"}

    def _enums(self, element: dict) -> None:
        for name, allowed in CARD_WORDS.items():
            assert element.get(name, min(allowed)) in allowed, (name, element[name])


# --- Slack's Web API ------------------------------------------------------------


class FakeSlackApi(FakeChat):
    """chat.postMessage and chat.update; `channel` shows what people see."""

    path = "/api/{method}"

    def __init__(self, *, token: str = "xoxb-slackbotsecret") -> None:
        super().__init__()
        self.token = token
        self.messages: dict[str, dict] = {}
        """By `ts`."""
        self.calls: list[str] = []

    @property
    def api(self) -> str:
        return self.url.rstrip("/")

    def bad(self, what: str) -> RefusedError:
        return RefusedError(200, {"ok": False, "error": what})

    def take(self, request: web.Request, message: dict) -> web.Response:
        method = request.match_info["method"]
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise self.bad("invalid_auth")
        assert request.charset == "utf-8"
        self._check_content(message)
        ts = self._posted(message) if method == "chat.postMessage" else self._updated(message)
        self.calls.append(method)
        echo = {"text": message["text"], "attachments": message.get("attachments", [])}
        return web.json_response({"ok": True, "channel": "C0ALERTS", "ts": ts, "message": echo})

    def _check_content(self, message: dict) -> None:
        verdict = FakeSlack().judge(_Json(), json.dumps(message).encode())
        if verdict.status != 200:
            raise self.bad(verdict.text or "invalid_blocks")

    def _posted(self, message: dict) -> str:
        if message.keys() - POST_ARGUMENTS:
            raise self.bad("invalid_arguments")
        if message["channel"] not in ("#alerts", "C0ALERTS"):
            raise self.bad("channel_not_found")
        thread = message.get("thread_ts")
        if thread is not None and thread not in self.messages:
            raise self.bad("thread_not_found")
        ts = f"1700000000.{len(self.messages):06}"
        self.messages[ts] = message
        return ts

    def _updated(self, message: dict) -> str:
        if message.keys() - UPDATE_ARGUMENTS:
            raise self.bad("invalid_arguments")
        if message["channel"] != "C0ALERTS":  # an id, not a name
            raise self.bad("channel_not_found")
        if message["ts"] not in self.messages:
            raise self.bad("message_not_found")
        self.messages[message["ts"]] = message
        return message["ts"]

    def roots(self) -> list[dict]:
        return [m for m in self.messages.values() if "thread_ts" not in m]

    def replies(self) -> list[dict]:
        return [m for m in self.messages.values() if "thread_ts" in m]


class _Json:
    content_type = "application/json"


def texts_of(value: object) -> Iterator[str]:
    """Every text in a message, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)
