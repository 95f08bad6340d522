"""What keeps a daemon from beginning, asked in one way by all."""

import gc
import threading
from functools import partial
from pathlib import Path

import pytest

from regwatch.app.soundness import ConfigFile, in_thread, load_sound
from regwatch.clock import wall_clock
from regwatch.config import Config, ConfigError, load_config

PROXIED = "url: 'https://pbx.example.com', access_token: t0ken, proxy_from_environment: true"
CONFIG = f"""\
accounts:
  - {{name: acme, {PROXIED}}}
  - {{name: bolt, {PROXIED}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "regwatch.yml"
    path.write_text(CONFIG)
    return path


def test_a_proxy_that_is_none_is_told_for_each_account(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://me:hush@p:port")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_sound(file, environ={})
    assert [problem.path for problem in caught.value.problems] == ["accounts[0]", "accounts[1]"]
    assert "hush" not in str(caught.value)


async def test_it_is_read_beside_the_loop(file: Path) -> None:
    seen: list[tuple[bool, bool]] = []

    def read() -> Config:
        seen.append((threading.current_thread() is threading.main_thread(), gc.isenabled()))
        return load_config(file, environ={})

    await in_thread(read)
    assert seen == [(False, False)]
    assert gc.isenabled()
    read_again = await ConfigFile(file, {}).load(clock=wall_clock)
    assert len(read_again.accounts) == 2


async def test_a_bad_one_is_told_through_the_thread(file: Path) -> None:
    file.write_text("accounts: [")
    with pytest.raises(ConfigError):
        await ConfigFile(file, {}).load(clock=wall_clock)
    assert gc.isenabled()


async def test_a_disk_that_does_not_answer_is_not_waited_for(file: Path) -> None:
    answer = threading.Event()

    def read() -> Config:
        answer.wait()
        raise AssertionError

    hanging = partial(in_thread, seconds=0.01)
    with pytest.raises(ConfigError, match="could not be read in time"):
        await ConfigFile(file, {}, lambda _load: hanging(read)).load(clock=wall_clock)
    assert gc.isenabled()
    answer.set()
