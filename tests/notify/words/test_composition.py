"""Words of one's own, for every kind that people read; what fails costs them, never the message."""

import pytest
from fakes.chats import texts_of
from fakes.kinds import SPOKEN, deliver
from fakes.notifications import all_new, lost, mixed
from fakes.receivers import Canned, serving
from msgspec.structs import replace

from regwatch.config.template_folder import ESCAPES
from regwatch.notify.errors import ReceiverRefusedError
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import OwnWords, Template

TITLE = "{{ alerts | length }} down!\n"
BODY = "{% for alert in new %}\nwho: {{ alert.words.who }}\n{% endfor %}"


def own(kind: str, *, title: str | None = TITLE, body: str | None = BODY) -> OwnWords:
    escape = ESCAPES[kind.removesuffix("_bot")]
    return OwnWords(
        Template(title, known=NAMES) if title is not None else None,
        Template(body, known=NAMES, escape=escape) if body is not None else None,
    )


async def sent(kind: str, words: OwnWords, *script: Canned, note=None) -> list[str]:
    """The texts of the message that was taken."""
    async with serving(SPOKEN[kind].fake()) as service:
        service.script += script
        await deliver(SPOKEN[kind], service, note or mixed(), own=words)
    (message,) = service.taken
    return list(texts_of(message))


def anywhere(words: str, texts: list[str]) -> bool:
    return any(words in text for text in texts)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_title_and_body_of_ones_own(kind):
    texts = await sent(kind, own(kind))
    assert anywhere("6 down!", texts)
    assert anywhere("who: 101 (Reception)\nwho: 102\nwho: 305 (Lab)", texts)
    assert not anywhere("extensions lost", texts)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_title_alone_keeps_the_usual_body_and_the_other_way_round(kind):
    titled = await sent(kind, own(kind, body=None))
    assert anywhere("6 down!", titled)
    assert anywhere("lease ran out", titled)
    bodied = await sent(kind, own(kind, title=None))
    assert anywhere("4 extensions lost", bodied)
    assert not anywhere("lease ran out", bodied)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_what_may_come_again_says_so_in_the_usual_words(kind):
    marked = replace(mixed(), possibly_repeated=True)
    usual = OwnWords(None, None)
    assert anywhere("may come again", await sent(kind, usual, note=marked))
    assert not anywhere("may come again", await sent(kind, usual))


@pytest.mark.parametrize("kind", SPOKEN)
async def test_an_empty_title_is_none(kind):
    assert anywhere("4 extensions lost", await sent(kind, own(kind, title=" \n")))


@pytest.mark.parametrize("kind", SPOKEN)
async def test_values_in_a_body_are_escaped_for_the_service(kind):
    note = all_new([lost(label="<!here> *x*")])
    texts = "".join(await sent(kind, own(kind), note=note))
    assert "101 (" + ESCAPES[kind.removesuffix("_bot")]("<!here> *x*") in texts


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_template_that_fails_is_told_in_the_usual_message(kind):
    texts = await sent(kind, own(kind, body="{{ new[99].words }}"))
    assert anywhere("4 extensions lost", texts)
    assert anywhere("lease ran out", texts)
    assert anywhere("The template failed, line 1: UndefinedError", texts)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_text_that_the_service_refuses_is_replaced(kind):
    texts = await sent(kind, own(kind), Canned(400, "I do not like it"))
    assert anywhere("4 extensions lost", texts)
    assert anywhere("The text of the template was refused", texts)
    assert anywhere("I do not like it", texts)


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_service_that_refuses_all_refuses_once_without_templates(kind):
    async with serving(SPOKEN[kind].fake()) as service:
        service.script += [Canned(400, "no")] * 5
        with pytest.raises(ReceiverRefusedError):
            await deliver(SPOKEN[kind], service, mixed())
        assert len(service.requests) == 1
        with pytest.raises(ReceiverRefusedError):
            await deliver(SPOKEN[kind], service, mixed(), own=own(kind))
        assert len(service.requests) == 3


@pytest.mark.parametrize("kind", SPOKEN)
async def test_a_text_far_too_long_is_cut_or_replaced(kind):
    body = "{% for i in range(3000) %}\n\U0001f525 <b>{{ alerts[0].words.who }}</b>\n{% endfor %}"
    texts = await sent(kind, own(kind, body=body))  # the fake refuses what is too long
    replaced = anywhere("The text of the template is too long", texts)
    assert replaced == (kind == "telegram")  # cut anywhere, its tags would no longer close
    assert anywhere("🔥", texts) != replaced


async def test_html_that_telegram_cannot_parse_is_replaced():
    texts = await sent("telegram", own("telegram", body="<b>never closed"))
    assert anywhere("can&#x27;t parse entities", texts)
    assert anywhere("lease ran out", texts)
