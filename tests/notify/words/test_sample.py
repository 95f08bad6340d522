"""Templates are tried before anybody needs their words."""

import pytest

from regwatch.notify.words.sample import try_out
from regwatch.notify.words.template_context import NAMES
from regwatch.notify.words.templates import Template, TemplateError

FIRING = "{% if status == 'firing' %}{{ new[0].words.who }}{% else %}"


@pytest.mark.parametrize(
    "source",
    [
        "{{ title }}: {{ alerts | length }}",
        "{% for each in new + still + resolved %}{{ each.labels.alertname | upper }}{% endfor %}",
        "{{ alerts[0].labels.team }} {{ groupLabels.rack }} {{ commonLabels['any one'] }}",
        "{% for name, value in alerts[0].labels.items() %}{{ name }}{{ value }}{% endfor %}",
        "{{ alerts[0].regwatch.device[:12] }} {{ alerts[0].annotations.summary }}",
        "{{ new[4].words.who }} {{ (new | first).words.who }}",
        FIRING + "{{ resolved[0].endsAt }}{% endif %}",
    ],
)
def test_what_can_be_rendered_is_let_pass(source: str) -> None:
    try_out(Template(source, known=NAMES))


@pytest.mark.parametrize(
    ("source", "why", "line"),
    [
        ("one\n{{ alerts[0].labls.site }}", "has no attribute 'labls'", 2),
        ("{{ title | round }}", "TypeError", 1),
        ("{{ 1 // 0 }}", "ZeroDivisionError", 1),
        ("{{ alerts[0].words.whom }}", "has no attribute 'whom'", 1),
        ("{{ title.nobody() }}", "has no attribute 'nobody'", 1),
        (FIRING + "\n{{ alerts[0].end }}{% endif %}", "has no attribute 'end'", 2),
        ("{% for i in range(100000) %}{{ title * 100 }}{% endfor %}", "more than", 1),
    ],
)
def test_what_would_fail_on_every_message_is_found(source: str, why: str, line: int) -> None:
    template = Template(source, known=NAMES)
    with pytest.raises(TemplateError, match=why) as caught:
        try_out(template)
    assert caught.value.line == line
