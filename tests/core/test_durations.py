import pytest

from regwatch.core.durations import humanise


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (0.6, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (95, "1 min 35 s"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (3659, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert humanise(seconds) == words
