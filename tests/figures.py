"""Figures of the house, read from its sources: how large things are, and whose tests are where.

`python -m figures`, with `tests` on the path, prints them; `test_structure` holds their bounds.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "regwatch"
LONG_LINES = 30
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the house, parsed."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """`core/phones/diff.py`"""
        return self.path.relative_to(HOUSE).as_posix()

    @property
    def dotted(self) -> str:
        """`regwatch.core.phones.diff`"""
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)

    @property
    def tests(self) -> Path:
        """The file of tests of its own."""
        place = self.path.relative_to(HOUSE)
        return ROOT / "tests" / place.with_name(f"test_{place.name}")

    @property
    def functions(self) -> list[Function]:
        """All of them, methods and inner ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @property
    def classes(self) -> list[ast.ClassDef]:
        """All of them."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]


def house() -> list[Module]:
    """Every module, by name."""
    files = sorted(HOUSE.rglob("*.py"))
    return [Module(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]


def public_methods(a_class: ast.ClassDef) -> list[str]:
    """The names that others may call or read."""
    names = (node.name for node in a_class.body if isinstance(node, Function))
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def lines_of(function: Function) -> int:
    """Of its body: a long list of parameters, or a docstring, is no long way of doing things."""
    first, *others = function.body
    is_docstring = ast.get_docstring(function) is not None
    begins_at = others[0].lineno if is_docstring and others else first.lineno
    return (function.end_lineno or begins_at) - begins_at + 1


def long_functions(modules: list[Module]) -> list[tuple[int, str]]:
    """How many lines, and which; the longest first."""
    found = (
        (lines_of(function), f"{module.name}:{function.name}")
        for module in modules
        for function in module.functions
        if lines_of(function) > LONG_LINES
    )
    return sorted(found, reverse=True)


def largest_classes(modules: list[Module]) -> list[tuple[int, str]]:
    """How many public methods, and which; the largest first."""
    found = (
        (len(public_methods(each)), f"{module.name}:{each.name}")
        for module in modules
        for each in module.classes
    )
    return sorted(found, reverse=True)


def imported(file: Path) -> set[str]:
    """The modules that a file imports, by dotted names."""
    return set(_imports(ast.parse(file.read_text(encoding="utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _print() -> None:
    modules = house()
    functions = sum(len(module.functions) for module in modules)
    too_long = long_functions(modules)
    print(f"{len(modules)} modules, {functions} functions")
    print(f"over {LONG_LINES} lines: {len(too_long)} ({len(too_long) / functions:.2%})")
    for lines, where in too_long:
        print(f"  {lines:3} {where}")
    print("most public methods:")
    for count, where in largest_classes(modules)[:5]:
        print(f"  {count:3} {where}")


if __name__ == "__main__":
    _print()
