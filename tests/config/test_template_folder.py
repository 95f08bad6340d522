"""A folder of templates: whose words each file changes, and what is wrong with it."""

from pathlib import Path

import pytest

from regwatch.config.receivers import ReceiverShape
from regwatch.config.template_folder import TemplateFolder
from regwatch.notify.words.templates import NO_TEMPLATES

CHAT = ReceiverShape.model_validate({"name": "ops", "slack": {"url": "http://x"}})
OTHER = ReceiverShape.model_validate({"name": "dev", "slack": {"url": "http://y"}})
HOOK = ReceiverShape.model_validate({"name": "hook", "webhook": {"url": "http://z"}})
CONTEXT = {"title": "<b>"}


def folder(path: Path, **files: str) -> TemplateFolder:
    """With these; `__` in a name stands for a dot."""
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return TemplateFolder(path, [CHAT, OTHER, HOOK])


def said(templates: TemplateFolder, receiver: str) -> tuple[str | None, str | None]:
    words = templates.own_words(receiver)
    title, body = (t and t.render(CONTEXT) for t in (words.title, words.body))
    return title, body


def test_that_of_a_receiver_wins_over_that_of_its_kind(tmp_path: Path) -> None:
    templates = folder(
        tmp_path, slack__title__j2="all", slack__body__j2="every", ops__title__j2="ours"
    )
    assert templates.problems == []
    assert said(templates, "ops") == ("ours", "every")
    assert said(templates, "dev") == ("all", "every")
    assert templates.own_words("hook") == NO_TEMPLATES


def test_in_a_body_values_are_escaped_as_the_service_reads_them(tmp_path: Path) -> None:
    templates = folder(tmp_path, ops__title__j2="{{ title }}", ops__body__j2="{{ title }}")
    assert said(templates, "ops") == ("<b>", "&lt;b&gt;")


@pytest.mark.parametrize(
    ("name", "text", "line", "message", "advice"),
    [
        ("slack__titel__j2", "x", None, "belongs to no receiver whose words can be changed",
         "did you mean `slack.title.j2`?"),
        ("hook__body__j2", "x", None, "belongs to no receiver whose words can be changed", None),
        ("ops__body__j2", "a\n{{ titel }}", 2, "there is no variable `titel`",
         "did you mean `title`?"),
        ("ops__body__j2", "{% for", 1, "", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(
    tmp_path: Path, name: str, text: str, line: int | None, message: str, advice: str | None
) -> None:
    (problem,) = folder(tmp_path, **{name: text}).problems
    assert problem.file == tmp_path / name.replace("__", ".")
    assert problem.line == line
    assert problem.message.startswith(message)
    assert advice is None or problem.suggestion == advice


def test_what_is_no_text_is_said_and_what_is_no_template_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ops.body.j2").write_bytes(b"\xff")
    (tmp_path / "notes.txt").write_text("x")
    (problem,) = folder(tmp_path).problems
    assert problem.message == "cannot be read: it is not UTF-8 text"


@pytest.mark.parametrize("name", ["nowhere", "a\0b"])
def test_a_folder_that_is_none(tmp_path: Path, name: str) -> None:
    templates = TemplateFolder(tmp_path / name, [CHAT])
    assert "cannot be read: " in templates.unreadable
    assert templates.own_words("ops") == NO_TEMPLATES
