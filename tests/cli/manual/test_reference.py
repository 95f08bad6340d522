"""The reference of the documents says what the command line says."""

import pytest

from regwatch.cli import main
from regwatch.cli.manual.reference import renewed
from regwatch.cli.manual.tree import Entry, OptionEntry, entries

ENTRY = Entry(
    name="look",
    short="Look",
    call="tool look WHAT",
    paragraphs=["Look for 000*101 and `a_b`, or --all of $HOME_DIR."],
    options=[
        OptionEntry(["--all"], "", "none", "All of a_b.", ""),
        OptionEntry(["-c", "--config"], "FILE", "x.yml", "The file.", "CONFIG"),
    ],
    exits={0: "found", 3: "not seen"},
    examples=["tool look x"],
    epilog="",
    commands=[],
)
PAGE = """\
## look
<!-- made: look -->
old
<!-- /made -->

By hand.

<!-- made: common options --><!-- /made -->
<!-- made: exit codes -->
<!-- /made -->
"""
MADE = """\
## look
<!-- made: look -->

`tool look WHAT`

Look for 000\\*101 and `a_b`, or `--all` of `$HOME_DIR`.

| option | default | meaning |
|---|---|---|
| `--all` | none | All of a\\_b. |

```sh
tool look x
```

<!-- /made -->

By hand.

<!-- made: common options -->

| option | default | meaning | commands |
|---|---|---|---|
| `-c, --config FILE` | `x.yml` | The file. | `look` |

<!-- /made -->
<!-- made: exit codes -->

| command | 0 | 1 | 2 | 3 |
|---|---|---|---|---|
| `look` | found |  |  | not seen |

<!-- /made -->
"""


def test_what_stands_between_marks_is_made_and_the_rest_stays() -> None:
    page = PAGE.replace("options --><", "options -->\n<")
    assert renewed(page, [ENTRY]) == MADE
    assert renewed(MADE, [ENTRY]) == MADE, "a second time changes nothing"


def test_a_mark_for_what_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError, match="gone"):
        renewed("<!-- made: gone -->\n<!-- /made -->", [ENTRY])


def test_nothing_that_is_said_breaks_a_table() -> None:
    named = [each for each in entries(main, "regwatch") if each.name]
    assert not any("|" in option.written for each in named for option in each.options)
