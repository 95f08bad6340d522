"""Where templates run: Jinja2's sandbox, and bounds on what they may cost.

A template is rendered between two messages, so it may neither loop without end nor take all the
memory: each turn of a loop and each call counts, and so does each character that comes of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 20_000
"""Turns of loops and calls in one rendering; a message about a hundred alerts needs hundreds."""
LONGEST = 1 << 20
"""Characters of a text, and of all that is put together on the way to it."""
WIDEST = 1000
"""Characters to which something is filled up."""
MOST_ITEMS = 100_000
MOST_BITS = 4096
BUDGET = "the budget of a rendering"
"""In its context; no template can name it."""
WIDTH = re.compile(r"\d{4,}")
"""In a format: a width beyond what is allowed."""
FILLING = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs"})
FORMATTING = frozenset({"format", "format_map"})

T = TypeVar("T")


class CostError(SecurityError):
    """A template asks for more than it may have."""


@dataclass(slots=True)
class Budget:
    """What one rendering may still take."""

    steps: int = MOST_STEPS
    characters: int = LONGEST

    def spend(self, *, steps: int = 0, characters: int = 0) -> None:
        """Raises `CostError` once it is used up."""
        self.steps -= steps
        self.characters -= characters
        if self.steps < 0:
            raise CostError(f"more than {MOST_STEPS} turns of loops, and calls")
        if self.characters < 0:
            raise CostError(f"more than {LONGEST} characters")


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose operators, calls, loops and filters have bounds."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *, finalize: Callable[[object], str] = str, **options: Any) -> None:
        """`finalize`: what becomes of each value that is shown."""

        @jinja2.pass_context
        def shown(context: Context, value: object) -> str:
            text = finalize(value)
            _budget(context).spend(characters=len(text))
            return text

        super().__init__(undefined=jinja2.StrictUndefined, finalize=shown, **options)
        del self.globals["lipsum"]
        self.filters.update(_bounded_filters(dict(self.filters)))

    def parse_bounded(self, source: str) -> nodes.Template:
        """The template, with its bounds; raises `jinja2.TemplateSyntaxError`."""
        tree: nodes.Template = _Bounding().visit(self.parse(source))
        tree.set_environment(self)
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would be too large before it is made."""
        if operator == "*":
            _check_product(left, right)
        elif operator == "**" and not (abs(left) <= WIDEST and 0 <= right <= WIDEST):
            raise CostError("too large a power")
        elif operator == "%" and isinstance(left, str):
            _check_format(left)
        return bounded(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """The same of calls; each of them counts."""
        _budget(__context).spend(steps=1)
        method = getattr(__obj, "__wrapped__", __obj)  # the sandbox has its own `format`
        owner, name = getattr(method, "__self__", None), getattr(method, "__name__", "")
        if isinstance(owner, str):
            _check_method(owner, name, args)
        return bounded(super().call(__context, __obj, *args, **kwargs))


def bounded(value: T) -> T:
    """It, unless it is too large."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise CostError(f"more than {LONGEST} characters")
    if isinstance(value, list | tuple) and len(value) > MOST_ITEMS:
        raise CostError(f"more than {MOST_ITEMS} items")
    return value


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | bytes | list | tuple) and len(one) * other > MOST_ITEMS:
            raise CostError("too large a product")
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())


def _check_bits(bits: int) -> None:
    if bits > MOST_BITS:
        raise CostError("too large a number")


def _check_format(text: str) -> None:
    if WIDTH.search(text) or "*" in text:
        raise CostError("too wide a format")


def _check_method(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if name in FILLING and any(isinstance(each, int) and each > WIDEST for each in args):
        raise CostError(f"filled up to more than {WIDEST} characters")
    if name in FORMATTING:
        _check_format(owner)
    if name == "replace" and len(args) > 1:
        _check_length(len(owner) * max(1, len(str(args[1]))))
    if name == "join" and args and hasattr(args[0], "__len__"):
        _check_length(len(owner) * len(args[0]))


def _check_length(length: int) -> None:
    if length > LONGEST:
        raise CostError(f"more than {LONGEST} characters")


def _bounded_filters(known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    def numbers_within(name: str) -> Callable[..., Any]:
        made: Callable[..., Any] = known[name]

        def checked(value: Any, *args: Any, **kwargs: Any) -> Any:
            for each in (*args, *kwargs.values()):
                too_wide = isinstance(each, int) and each > WIDEST
                if too_wide or (isinstance(each, str) and len(each) > WIDEST):
                    raise CostError(f"filled up to more than {WIDEST} characters")
            return bounded(made(value, *args, **kwargs))

        return checked

    yield from ((name, numbers_within(name)) for name in ("center", "indent", "batch", "slice"))

    def formatted(value: str, *args: Any, **kwargs: Any) -> Any:
        _check_format(str(value))
        return bounded(known["format"](value, *args, **kwargs))

    @jinja2.pass_eval_context
    def replaced(context: Any, text: str, old: str, new: str, count: int | None = None) -> Any:
        _check_length(len(str(text)) * max(1, len(str(new))))
        return known["replace"](context, text, old, new, count)

    @jinja2.pass_eval_context
    def joined(context: Any, value: Iterable[Any], d: str = "", attribute: Any = None) -> Any:
        items = bounded(list(value))
        _check_length(len(items) * len(str(d)))
        return bounded(known["join"](context, items, d, attribute))

    @jinja2.pass_environment
    def wrapped(environment: Any, text: str, width: int = 79, *args: Any, **kwargs: Any) -> Any:
        ends = (len(str(each)) for each in (*args, *kwargs.values()))
        _check_length(len(str(text)) * max(1, *ends, 1))
        return known["wordwrap"](environment, text, width, *args, **kwargs)

    yield from {
        "format": formatted,
        "replace": replaced,
        "join": joined,
        "wordwrap": wrapped,
        COUNTED: _counted,
        PIECE: bounded,
    }.items()


COUNTED, PIECE = "regwatch counted", "regwatch piece"
"""Filters that no template can name."""


@jinja2.pass_context
def _counted(context: Context, items: Iterable[T], weight: int) -> Iterator[T]:
    budget = _budget(context)
    for item in items:
        budget.spend(steps=1, characters=weight)
        yield item


def _budget(context: Context) -> Budget:
    found = context.resolve(BUDGET)
    return found if isinstance(found, Budget) else Budget()


class _Bounding(NodeTransformer):
    """Puts the bounds where loops and texts are."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - as the library calls it
        """Each turn counts, and what the template itself says in it."""
        if node.recursive:
            raise jinja2.TemplateSyntaxError("loops may not be recursive", node.lineno)
        weight = sum(len(each.data) for each in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        node.iter = _filtered(COUNTED, node.iter, nodes.Const(weight))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """What `~` puts together may be put together again."""
        self.generic_visit(node)
        return _filtered(PIECE, node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        """So may what a block says."""
        self.generic_visit(node)
        node.filter = nodes.Filter(node.filter, PIECE, [], [], None, None, lineno=node.lineno)
        return node


def _filtered(name: str, node: nodes.Node, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
