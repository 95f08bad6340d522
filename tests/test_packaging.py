"""What is installed is the whole program, and is what the tests test."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

import regwatch

ROOT = Path(__file__).parents[1]
PACKAGE = Path(regwatch.__file__).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
IMPORT = re.compile(
    r"^ *(?:import (\w+)[\w.]*(?: as \w+)?$|from (\w+)[\w.]* import )", re.MULTILINE
)
PART_OF = {"yarl": "aiohttp", "pydantic-core": "pydantic", "markupsafe": "jinja2"}
"""Types in the public interface of a library, which requires the part it takes them from."""
NOT_OURS = {"regwatch", "fakes", "bench", "figures", *sys.stdlib_module_names}


@pytest.fixture
def installed() -> metadata.Distribution:
    """As pip installed it; the test is skipped where only a path leads to the checkout."""
    try:
        return metadata.distribution("regwatch")
    except metadata.PackageNotFoundError:
        if os.environ.get("CI") == "true":
            pytest.fail("regwatch is not installed")
        pytest.skip("regwatch is on the path, but not installed: `pip install .`")


def is_editable(installed: metadata.Distribution) -> bool:
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def files_of(package: Path) -> dict[str, bytes]:
    """What a link leads to is installed in its place."""
    found = (
        Path(at) / name for at, _, names in os.walk(package, followlinks=True) for name in names
    )
    return {
        str(path.relative_to(package)): path.read_bytes()
        for path in found
        if "__pycache__" not in path.parts
    }


def test_the_tests_test_what_is_installed_and_not_the_checkout(installed):
    if is_editable(installed):
        pytest.skip("installed with `pip install -e`: the checkout is what is installed")
    assert not PACKAGE.is_relative_to(ROOT / "regwatch")
    assert PACKAGE.parent == Path(sysconfig.get_path("purelib"))


def test_what_is_installed_is_what_stands_in_the_checkout():
    """Fails after a change: `pip install .` again."""
    assert files_of(PACKAGE) == files_of(ROOT / "regwatch")


def test_a_process_that_a_test_starts_runs_what_is_installed():
    """Also in the checkout, where `python -m` would otherwise find that first."""
    code = "import regwatch; print(regwatch.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert Path(said.stdout.strip()).parent == PACKAGE


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "web/pages/templates/status.html",
        "web/pages/static/status.css",
        "web/pages/static/patch.js",
        "web/pages/static/refresh.js",
    ],
)
def test_files_that_are_no_modules_are_installed(name):
    assert (PACKAGE / name).is_file()


def test_the_command_is_installed_and_says_its_version(installed):
    command = Path(sysconfig.get_path("scripts")) / "regwatch"
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == f"regwatch, version {regwatch.__version__}"


def test_it_runs_as_a_module_too():
    said = subprocess.run(
        [sys.executable, "-m", "regwatch", "--version"], capture_output=True, text=True, check=True
    )
    assert regwatch.__version__ in said.stdout


def test_the_metadata_tells_version_license_and_python(installed):
    found = installed.metadata
    assert found["Version"] == regwatch.__version__
    assert found["License-Expression"] == "Apache-2.0"
    assert found.get_all("License-File") == ["LICENSE"]
    assert found["Requires-Python"] == ">=3.11"
    assert found["Description-Content-Type"] == "text/markdown"


def imports_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Top-level names imported by the modules of a folder, and by which."""
    for module in folder.rglob("*.py"):
        for match in IMPORT.finditer(module.read_text(encoding="utf-8")):
            yield match[1] or match[2], str(module.relative_to(folder))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(requirements: list[object]) -> set[str]:
    """The distributions that requirement lines name."""
    lines = [line for line in requirements if isinstance(line, str)]
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in lines}


@cache
def providers_of_all() -> Mapping[str, Sequence[str]]:
    """By top-level name; it reads what pip knows of every library, so once is enough."""
    return metadata.packages_distributions()


def distributions_of(name: str) -> set[str]:
    """Those that a top-level name is imported from, and the libraries they are parts of."""
    providers = {normal(each) for each in providers_of_all().get(name, [name])}
    return providers | {PART_OF[each] for each in providers if each in PART_OF}


def undeclared(folder: Path, declared: set[str]) -> set[tuple[str, str]]:
    return {
        (name, module)
        for name, module in imports_of(folder)
        if name not in NOT_OURS and declared.isdisjoint(distributions_of(name))
    }


def test_every_library_that_is_imported_is_a_declared_dependency():
    project = PYPROJECT["project"]
    optional = [line for extra in project["optional-dependencies"].values() for line in extra]
    assert undeclared(PACKAGE, required(project["dependencies"] + optional)) == set()


def test_the_tests_import_nothing_beyond_the_test_group():
    declared = required(
        PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["test"]
    )
    assert undeclared(ROOT / "tests", declared) == set()


def test_no_dependency_is_declared_in_vain():
    """Plugins of another library, and data for one, are not imported by name."""
    plugins = {"aiosqlite", "tzdata"}
    imported = {name for name, _ in imports_of(PACKAGE)} - NOT_OURS
    used = {each for name in imported for each in distributions_of(name)}
    assert required(PYPROJECT["project"]["dependencies"]) - used - plugins == set()
