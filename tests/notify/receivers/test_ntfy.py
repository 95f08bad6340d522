"""ntfy: what a push notification holds, and who may read the topic."""

import pytest
from fakes.kinds import REST, sent
from fakes.notifications import all_new, lost, mixed, phones_lost
from hypothesis import given
from hypothesis import strategies as st

from regwatch.notify.http import Credentials
from regwatch.notify.receivers.ntfy import (
    MESSAGE_BYTES,
    TITLE_BYTES,
    NtfySettings,
    NtfyShape,
    payload,
    request,
    settings_of,
    utf8_length,
)
from regwatch.notify.words.composition import Composed, default


async def test_ntfy_opens_the_status_page_and_adds_tags():
    message = await sent("ntfy", mixed(), external_url="https://r.example", tags=("phone",))
    assert message["click"] == "https://r.example"
    assert message["tags"] == ["rotating_light", "phone"]
    assert "click" not in await sent("ntfy", mixed())


async def test_ntfys_message_never_becomes_an_attachment():
    message = await sent("ntfy", phones_lost(500))
    assert len(message["message"].encode()) <= 4096
    assert "… and 470 more new, not listed here" in message["message"]


def test_ntfys_topic_is_a_secret():
    assert "hidden" not in repr(NtfySettings(topic="hidden"))


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("101", 3), ("ü", 2), ("ש", 2), ("🔥", 4), ("\ud800", 1)]
)
def test_bytes_are_counted_as_they_are_sent(text, length):
    assert utf8_length(text) == length


@given(st.text(), st.none() | st.text(max_size=5000))
def test_words_of_any_length_fit_into_a_push_notification(title, body):
    message = payload(Composed(all_new([lost()]), title, body), NtfySettings("topic"))
    assert len(message["title"].encode(errors="replace")) <= TITLE_BYTES
    assert len(message["message"].encode(errors="replace")) <= MESSAGE_BYTES


@pytest.mark.parametrize(
    ("auth", "credentials"),
    [
        ({}, Credentials()),
        ({"token": "t0ken"}, Credentials(bearer_token="t0ken")),
        (
            {"basic_auth": {"username": "noc", "password": "s3cret"}},
            Credentials(username="noc", password="s3cret"),
        ),
    ],
    ids=["open", "token", "password"],
)
def test_who_it_is_is_sent_and_never_shown(auth, credentials):
    shape = NtfyShape.model_validate(
        {"topic": "hidden", "url": "https://u:urlsecret@n.example", **auth}
    )
    settings = settings_of(shape, REST)
    post = request(default(mixed()), settings)
    assert settings.credentials == credentials
    assert post.headers == credentials.headers()
    assert {"hidden", *filter(None, credentials.secrets), "urlsecret"} <= set(post.secrets)


def test_the_file_s_words_become_settings():
    shape = NtfyShape.model_validate(
        {"topic": "hidden", "url": "https://n.example", "tags": ["phone"], "timeout": "5s"}
    )
    assert settings_of(shape, REST) == NtfySettings(
        "hidden", "https://n.example", ("phone",), timeout_seconds=5.0, external_url="https://r"
    )


def test_the_settings_defaults_are_the_file_s():
    shape = NtfyShape.model_validate({"topic": "hidden"})
    assert settings_of(shape, REST) == NtfySettings("hidden", external_url="https://r")
