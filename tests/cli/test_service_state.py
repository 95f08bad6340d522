"""What systemd knows of the service, where nothing answers."""

import pytest

from regwatch.cli.service_state import in_words, state_of_the_service


@pytest.mark.parametrize(
    ("active", "sub", "words"),
    [
        ("activating", "start", "it is starting; try again in some seconds"),
        ("activating", "auto-restart", "it has failed, and systemd starts it again: `systemctl"),
        ("inactive", "dead", "it is stopped: `sudo systemctl start regwatch` starts it"),
        ("failed", "failed", "it has failed: `systemctl status regwatch`"),
        ("deactivating", "stop-sigterm", "it is being stopped"),
        ("active", "running", "it runs, and listens elsewhere"),
        ("maintenance", "x", ""),
    ],
)
def test_its_state_is_said_with_what_to_do(active: str, sub: str, words: str) -> None:
    told = in_words(f"LoadState=loaded\nActiveState={active}\nSubState={sub}\n")
    assert told.startswith(words)
    assert bool(told) is bool(words)


@pytest.mark.parametrize("told", ["", "nonsense", "LoadState=not-found\nActiveState=inactive\n"])
def test_where_there_is_no_such_service_nothing_is_said(told: str) -> None:
    assert in_words(told) == ""


def test_asking_never_fails() -> None:
    assert isinstance(state_of_the_service(), str)
