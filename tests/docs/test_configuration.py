"""The configuration reference says what the configuration's schema says."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.notifications import phones_lost

from regwatch.cli.options import DEFAULT_FILE
from regwatch.config import json_schema, load_config
from regwatch.config.loader import SECRETS_FOLDER
from regwatch.notify.receivers.slack import MRKDWN
from regwatch.notify.words.template_context import NAMES, template_context
from regwatch.notify.words.templates import Template
from regwatch.notify.words.webhook_body import payload
from regwatch.shapes.values import seconds, share

Node = Mapping[str, Any]
REQUIRED = object()
KEY = re.compile(r"`([a-z_$\[\].*]+)`")


def variants(node: Node) -> list[Node]:
    """The node and all that it may be instead, at any depth."""
    return [node, *(each for choice in node.get("anyOf", []) for each in variants(choice))]


def inner(schema: Node, node: Node) -> Node | None:
    """The mapping that a node refers to."""
    for variant in variants(node):
        if "$ref" in variant:
            return schema["$defs"][variant["$ref"].rpartition("/")[2]]
    return None


def of_each(node: Node) -> Node:
    """What the items of a list must be."""
    return next((v["items"] for v in variants(node) if "items" in v), {})


def of_any_name(node: Node) -> Node:
    """What stands under names of one's own."""
    more = node.get("additionalProperties")
    return more if isinstance(more, dict) else {}


def leaves(schema: Node, shape: Node, prefix: str = "") -> Iterator[tuple[str, Node, object]]:
    """Path, schema and default of every key that holds a value; `<key>_file` of secrets apart."""
    properties = shape["properties"]
    for key, node in properties.items():
        path = prefix + key
        if key.endswith("_file") and key.removesuffix("_file") in properties:
            continue
        if (mapping := inner(schema, node)) is not None:
            yield from leaves(schema, mapping, path + ".")
        elif (each := inner(schema, of_each(node))) is not None:
            yield from leaves(schema, each, path + "[].")
        elif (each := inner(schema, of_any_name(node))) is not None:
            yield from leaves(schema, each, path + ".*.")
        else:
            # The schema shows no empty mapping as a default.
            has_default = "default" in node or node.get("type") == "object"
            is_needed = key in shape.get("required", ()) or not has_default
            yield path, node, REQUIRED if is_needed else default_of(node)


def default_of(node: Node) -> object:
    default = node.get("default")
    if default is None and "`auto`" in node.get("description", ""):
        return "auto"
    if isinstance(default, str | list | dict):
        return meant(default, node) if default else None
    return default


def in_file(cell: str, node: Node) -> object:
    """A default as the table shows it, as the value it means."""
    if cell in ("required", "none"):
        return REQUIRED if cell == "required" else None
    return meant(yaml.safe_load(cell.strip("`")), node)


def meant(value: object, node: Node) -> object:
    """A value as written, as the program takes it."""
    if isinstance(value, list):
        return [convert(each, of_each(node)) for each in value]
    return convert(value, node)


def convert(value: object, node: Node) -> object:
    examples = node.get("examples", [])
    if "10%" in examples:
        return share(value)
    return seconds(value) if "30s" in examples else value


@pytest.fixture(scope="module")
def expected() -> dict[str, tuple[Node, object]]:
    schema = json_schema()
    return {path: (node, default) for path, node, default in leaves(schema, schema)}


@pytest.fixture(scope="module")
def rows(pages) -> dict[str, tuple[str, str]]:
    table = [row for row in pages["reference/configuration"].rows() if KEY.fullmatch(row[0])]
    paths = [row[0].strip("`") for row in table]
    assert len(paths) == len(set(paths)), "a key stands twice"
    return {row[0].strip("`"): (row[1], row[2].strip(" |")) for row in table}


def test_every_key_stands_in_the_reference_and_no_other(expected, rows):
    assert sorted(rows) == sorted(expected)


def test_the_reference_tells_the_true_defaults(expected, rows):
    wrong = {
        path: (cell, expected[path][1])
        for path, (cell, _) in rows.items()
        if in_file(cell, expected[path][0]) != expected[path][1]
    }
    assert wrong == {}


def test_secrets_are_called_secrets(expected, rows):
    secret = {
        path
        for path, (node, _) in expected.items()
        if any(variant.get("format") == "password" for variant in variants(node))
    }
    assert {path for path, (_, text) in rows.items() if "ecret" in text.split(".")[0]} == secret


def test_limits_in_the_reference_are_the_schema_s(expected, rows):
    node, _ = expected["accounts[].polling.batch_size"]
    assert f"up to {node['maximum']}" in rows["accounts[].polling.batch_size"][1]


def test_the_example_of_the_install_page_can_be_used(pages, tmp_path):
    config = written(pages["install"].block("config: load").body, tmp_path)
    assert load_config(config, environ={}).accounts[0].name == "acme"


def test_the_excerpts_of_the_configure_page_fit_together(pages, tmp_path):
    """Put together they make a configuration that can be used; the rest is the install page's."""
    whole = yaml.safe_load(pages["install"].block("config: load").body)
    whole["receivers"].append({"name": "pager", "webhook": {"url": "https://example.com/hook"}})
    excerpts = [block.body for block in pages["configure"].blocks if block.mark == "config: part"]
    assert len(excerpts) >= 5
    for excerpt in map(yaml.safe_load, excerpts):
        for key, value in excerpt.items():
            whole[key] = [whole[key][0] | value[0]] if key == "accounts" else value
    config = load_config(written(yaml.safe_dump(whole), tmp_path), environ={})
    assert config.accounts[0].extensions.expected == "office"
    assert [site.name for site in config.sites] == ["riga"]


def test_the_example_and_the_unit_speak_of_the_same_secrets(pages):
    section = pages["install"].section("Install it under systemd")
    example = {path.name for path in secret_files(pages["install"].block("config: load").body)}
    (drop_in,) = [block.body for block in section.blocks if block.language == "ini"]
    loaded = re.findall(r"^LoadCredential=([\w-]+):(\S+)$", drop_in, re.MULTILINE)
    assert {name for name, _ in loaded} == example
    shell = "".join(block.body for block in section.blocks if block.language == "sh")
    for _, path in loaded:
        assert f"> {path}'" in shell


def test_the_unit_runs_what_the_install_page_installs(pages, root):
    unit = (root / "systemd/regwatch.service").read_text(encoding="utf-8")
    (start,) = re.findall(r"^ExecStart=(\S+) run -c (\S+)$", unit, re.MULTILINE)
    section = pages["install"].section("Install it under systemd")
    shell = "".join(block.body for block in section.blocks if block.language == "sh")
    assert f"python3 -m venv {Path(start[0]).parents[1]}\n" in shell
    assert f"config/regwatch.example.yml {start[1]}\n" in shell


def test_the_commands_after_the_installation_find_what_it_installed(pages):
    section = pages["install"].section("Install it under systemd")
    shell = "".join(block.body for block in section.blocks if block.language == "sh")
    assert "ln -sf /opt/regwatch/bin/regwatch /usr/local/bin/regwatch\n" in shell
    assert DEFAULT_FILE in shell
    assert f"{Path(DEFAULT_FILE).parent / SECRETS_FOLDER}/api-token" in shell
    day_to_day = "".join(b.body for b in pages["operate"].blocks if b.language == "sh")
    assert "sudo regwatch silence add" in day_to_day


def test_the_commented_example_can_be_used(root, tmp_path):
    text = (root / "config/regwatch.example.yml").read_text(encoding="utf-8")
    load_config(written(text, tmp_path), environ={})


def test_the_commented_example_shows_the_true_defaults(root, expected):
    example = yaml.safe_load((root / "config/regwatch.example.yml").read_text(encoding="utf-8"))
    del example["alerts"]["overrides"]  # what is different from them
    shown = {path: value for path, value in values(example) if path.startswith(SHOWS_DEFAULTS)}
    assert len(shown) > 30
    wrong = {path for path, value in shown.items() if not is_default(value, path, expected)}
    assert wrong == set()


SHOWS_DEFAULTS = (
    "accounts[].extensions.discover", "accounts[].polling", "accounts[].proxy", "alerts",
    "recover_after", "receivers[].webhook.max_alerts", "receivers[].webhook.timeout",
    "routes[].group", "http", "metrics", "log",
)  # fmt: skip


def values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Path and value of every leaf of a file; lists of mappings are gone into."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from values(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for each in value:
            yield from values(each, path + "[]")
    else:
        yield path, value


def is_default(value: object, path: str, expected: Mapping[str, tuple[Node, object]]) -> bool:
    """Whether a value of the file means the default."""
    node, default = expected[path]
    return meant(value, node) == default


def secret_files(text: str) -> list[Path]:
    return [Path(name) for name in re.findall(r"\w_file: ([\w./-]+)", text)]


def written(text: str, folder: Path) -> Path:
    """The configuration in a folder, with a file for each secret it names."""
    for name in secret_files(text):
        (folder / name).write_text("https://a-secret\n", encoding="utf-8")
        (folder / name).chmod(0o600)
    config = folder / "regwatch.yml"
    config.write_text(text, encoding="utf-8")
    return config


def test_the_template_of_the_configure_page_works(pages):
    (source,) = [b.body for b in pages["configure"].section("Words of your own").blocks]
    context = template_context(phones_lost(2))
    said = Template(source, known=NAMES, escape=MRKDWN.escape).render(context)
    assert said.splitlines() == [
        "*1000 (Desk 0)* is gone since 03:12:00 UTC (2 min 5 s): expired",
        "*1001 (Desk 1)* is gone since 03:12:00 UTC (2 min 5 s): expired",
    ]


def test_what_a_template_can_use_is_listed(pages):
    listed = pages["configure"].section("Words of your own").code
    own = NAMES - {*payload(phones_lost(1))}
    assert own <= set(listed)
    assert template_context(phones_lost(1))["alerts"][0]["words"].keys() <= set(listed)
