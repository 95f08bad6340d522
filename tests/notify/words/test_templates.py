"""Templates: what is escaped, how each failure is told."""

import pytest

from regwatch.notify.receivers.slack import escape
from regwatch.notify.words import templates
from regwatch.notify.words.templates import Template, TemplateError

CONTEXT = {"name": "<a>", "many": ["<", "b"]}


def rendered(text: str, **how) -> str:
    return Template(text, known=CONTEXT, **how).render(CONTEXT)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ name }} & <co>", "&lt;a&gt; & <co>"),
        ("{{ name | safe }}", "<a>"),
        ("{{ name | e }}", "&lt;a&gt;"),
        ("{{ name | upper }}", "&lt;A&gt;"),
        ("{{ many | join(', ') }}", "&lt;, b"),
        ("{% macro m(x) %}*{{ x }}*{% endmacro %}{{ m(name) }}", "*&lt;a&gt;*"),
        ("{% for each in many %}\n{{ each }}\n{% endfor %}", "&lt;\nb\n"),
        ("{{ 3 }}{{ none }}", "3None"),
    ],
)
def test_values_are_escaped_once(text, result):
    assert rendered(text, escape=escape) == result


def test_without_an_escape_values_stay_as_they_are():
    assert rendered("{{ name }}") == "<a>"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\n{{ name", 2, "unexpected end of template"),
        ("a\n\n{% nonsense %}", 3, "Encountered unknown tag 'nonsense'"),
        ("{{ name | nonsense }}", 1, "No filter named 'nonsense'"),
        ("a\n{{ nam }}", 2, "there is no variable `nam`"),
    ],
)
def test_what_cannot_work_is_told_when_it_is_compiled(text, line, message):
    with pytest.raises(TemplateError) as caught:
        Template(text, known=CONTEXT)
    assert caught.value.line == line
    assert message in caught.value.message
    assert str(caught.value).startswith(f"line {line}: ")


def test_a_missing_variable_is_named_for_a_suggestion():
    with pytest.raises(TemplateError) as caught:
        Template("{{ nam }}", known=CONTEXT)
    assert caught.value.name == "nam"


@pytest.mark.parametrize(
    "text",
    [
        "{{ name.nothing.at_all }}",
        "{{ many[17] + 1 }}",
        "{{ many.append('x') }}",
        "{{ name.__class__ }}",
        "{{ range(10 ** 9) | list }}",
        "{{ name % 3 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_whatever_a_template_does_raises_one_kind_of_error(text):
    with pytest.raises(TemplateError) as caught:
        rendered(text)
    assert caught.value.line == 1
    assert len(str(caught.value)) < 220


def test_an_error_from_nowhere_has_no_line():
    error = TemplateError("too long")
    assert str(error) == "too long"
    assert templates._failing_line(ValueError()) is None


def test_a_text_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(templates, "LONGEST", 10)
    with pytest.raises(TemplateError, match="more than 10 characters"):
        rendered("{% for i in range(9) %}{{ name }}{% endfor %}")
