"""Whatever is written by others, each decoder gives values, or raises its boundary's own errors.

`make reliability-decoders` tries each on thousands of examples, here it is a few.
"""

import ast
from contextlib import suppress

import pytest
from fakes.decoders import DECODERS, Decoder
from fakes.hostile import WORDS, bodies, values
from figures import Module, house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW, MANY = 15, 2000


def given_to(decoder: Decoder) -> st.SearchStrategy[object]:
    if decoder.takes == "text":
        return WORDS
    if decoder.takes == "json":
        return values(decoder.names)
    return bodies(decoder.names, decoder.samples)


def check(decoder: Decoder, examples: int) -> None:
    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(given_to(decoder))
    def only_its_own_errors(said: object) -> None:
        with suppress(*decoder.may_raise):
            decoder.work(said)

    only_its_own_errors()


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda each: each.name)
def test_nothing_but_its_own_errors(decoder: Decoder) -> None:
    check(decoder, FEW)


@pytest.mark.long
@pytest.mark.by_hand
@pytest.mark.parametrize("decoder", DECODERS, ids=lambda each: each.name)
def test_nothing_but_its_own_errors_of_many_words(decoder: Decoder) -> None:
    check(decoder, MANY)


# --- that none is forgotten ------------------------------------------------------------

FOREIGN = {
    "BasicAuth.decode", "Decoder", "IPv6Address", "ZoneInfo", "base64.b64decode", "choose_encoder",
    "datetime.fromisoformat", "fnmatchcase", "getproxies_environment", "ip_network", "json.loads",
    "make_url", "msgspec.convert", "msgspec.json.Decoder", "msgspec.json.decode",
    "msgspec.msgpack.decode", "os.environ.get", "environ.get", "parseaddr", "parsedate_to_datetime",
    "urlsplit", "yaml.compose", "yaml.load", "zlib.decompressobj",
}  # fmt: skip
"""Readers of the libraries: who calls one, reads what others wrote."""
ELSEWHERE = {
    "app/http_side.py": "a folder that the service manager made",
    "cli/completing.py": "hands the environment's URL on to `whereabouts`",
    "cli/reaching.py": "a URL that `whereabouts` has read",
    "cli/remote.py": "the name of this machine's user",
    "config/top.py": "a default of ours",
    "config/source.py": "by the loader, whose file it is",
    "notify/receivers/slack_bot.py": "its own note, and what `notify/http.py` has read",
    "notify/receivers/webhook.py": "a key of the configuration: what is no base64 is the key",
    "logs.py": "compares a word of the environment, and reads nothing of it",
    "sources/ringme/lenient.py": "by wire and wire_lists, whose bodies it reads",
    "sources/ringme/transport.py": "the PBX's URL, which the configuration has checked",
    "store/database.py": "the storage URL, which the configuration has checked",
}
"""Modules that read, and are no decoders of their own; and why."""


def reads(module: Module) -> bool:
    """Whether it calls a reader of a library."""
    calls = (node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return any(ast.unparse(called) in FOREIGN for called in calls)


def test_every_module_that_reads_is_held_to_its_errors() -> None:
    held = {decoder.module for decoder in DECODERS}
    reading = {module.name for module in house() if reads(module)}
    assert sorted(reading - held - set(ELSEWHERE)) == []
    assert sorted(set(ELSEWHERE) - reading) == [], "excused, and reads nothing"
