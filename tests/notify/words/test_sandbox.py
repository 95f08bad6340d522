"""What a template may cost: bounded before it is paid."""

import tracemalloc

import pytest

from regwatch.notify.words.sandbox import LONGEST, MOST_STEPS, Budget, CostError
from regwatch.notify.words.templates import Template, TemplateError

CONTEXT = {"word": "abc", "many": list(range(100))}
DOUBLING = "{% set x %}{{ x }}{{ x }}{% endset %}"

MOST_MEMORY = 64 << 20


def growing(start: str, step: str) -> str:
    """Larger at each turn."""
    loop = "{% for i in range(64) %}{% set n.x = " + step + " %}{% endfor %}"
    return "{% set n = namespace(x=" + start + ") %}" + loop


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        3 * "{% for i in many %}" + 3 * "{% endfor %}",
        "{% for i in range(20000) %}" + 1000 * "long " + "{% endfor %}",
        "{% set x %}{% for i in range(20000) %}" + 1000 * "long " + "{% endfor %}{% endset %}",
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ ([1] * 100000000) | length }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'x' | indent(1000000000) }}",
        "{{ many | batch(1000000000, 'x') | list }}",
        "{{ many | slice(1000000000) | list }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ 9 ** 9 ** 9 }}",
        growing("3", "n.x * n.x"),
        growing("'x'", "n.x ~ n.x"),
        growing("'x'", "n.x + n.x"),
        growing("[1]", "n.x + n.x"),
        growing("'xx'", "n.x.replace('x', n.x)"),
        growing("'xx'", "n.x | replace('x', n.x)"),
        growing("'xx'", "n.x.join(n.x)"),
        growing("'xx'", "n.x | join(n.x)"),
        growing("'xx'", "n.x | wordwrap(1, wrapstring=n.x)"),
        "{% set x = word %}" + 30 * DOUBLING + "{{ x }}",
        "{% macro m(n) %}{% if n %}"
        + 2 * "{{ m(n - 1) }}"
        + "{% endif %}{% endmacro %}{{ m(40) }}",
        "{% for i in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
        "{{ lipsum(n=100000) }}",
        "{{ word.encode('rot13') }}{{ 'x'.zfill(1000000000) }}",
    ],
)
def test_what_costs_too_much_is_refused_before_it_is_made(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TemplateError):
            Template(text, known=CONTEXT).render(CONTEXT)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{% for i in many %}{{ i }} {% endfor %}", "".join(f"{i} " for i in range(100))),
        ("{{ word * 3 }} {{ 2 ** 10 }} {{ 7 % 4 }} {{ 1 + 2 }}", "abcabcabc 1024 3 3"),
        ("{{ '%05.1f' % 3.14159 }} {{ '%s is %d' | format(word, 3) }}", "003.1 abc is 3"),
        ("{{ '{:>8}'.format(word) }}", "     abc"),
        ("{{ word.ljust(5) }}|{{ word | center(7) }}|", "abc  |  abc  |"),
        ("{{ word.replace('b', 'x') }} {{ word | replace('c', 'y') }}", "axc aby"),
        ("{{ ', '.join(['a', 'b']) }} {{ ['c', 'd'] | join('-') }}", "a, b c-d"),
        ("{{ 'one two' | wordwrap(3) }}", "one\ntwo"),
        ("{{ many | batch(50) | list | length }}", "2"),
        ("{% set x %}{{ word }}{{ word }}{% endset %}{{ x ~ '!' }}", "abcabc!"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(word) }}", "<abc>"),
        ("{% for i in many if i > 97 %}{{ loop.index }}:{{ i }} {% else %}none{% endfor %}",
         "1:98 2:99 "),
        ("{% for i in [] %}{% else %}none{% endfor %}", "none"),
        ("{{ many | sum }} {{ many | map('string') | first }}", "4950 0"),
    ],
)  # fmt: skip
def test_what_people_write_works_as_ever(text: str, result: str) -> None:
    assert Template(text, known=CONTEXT).render(CONTEXT) == result


def test_each_rendering_has_a_budget_of_its_own() -> None:
    text = "{% for i in range(15000) %}{% endfor %}"
    template = Template(text, known=CONTEXT)
    assert [template.render(CONTEXT) for _ in range(3)] == ["", "", ""]


def test_a_budget_says_what_is_used_up() -> None:
    with pytest.raises(CostError, match=f"more than {MOST_STEPS} turns"):
        Budget().spend(steps=MOST_STEPS + 1)
    with pytest.raises(CostError, match=f"more than {LONGEST} characters"):
        Budget().spend(characters=LONGEST + 1)
