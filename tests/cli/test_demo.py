"""`regwatch demo`: what it shows, and how it ends."""

import asyncio
from io import StringIO

import pytest
from click.testing import CliRunner
from fakes.commands import regwatch
from rich.console import Console

from regwatch.cli import main
from regwatch.cli.demo import Show


@pytest.mark.e2e
async def test_the_demo_names_the_address_that_is_taken_and_the_way_out() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await regwatch("demo", "--listen", f"127.0.0.1:{port}")
    server.close()
    await server.wait_closed()
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        f"regwatch: cannot listen on 127.0.0.1:{port}: address already in use; "
        "choose another address with --listen\n"
    )


def test_the_demo_refuses_an_address_that_is_none() -> None:
    result = CliRunner().invoke(main, ["demo", "--listen", "nonsense"])
    assert result.exit_code == 2
    assert "cannot listen on 'nonsense': write host:port" in result.stderr


@pytest.mark.e2e
async def test_the_demo_ends_by_itself() -> None:
    result = await regwatch("demo", "--duration", "1", "--listen", "127.0.0.1:0")
    assert (result.status, result.err) == (0, "")
    assert "status page  http://127.0.0.1:" in result.out
    assert "nothing is left behind" in result.out


# By hand: that both come, CI waits for when it runs the README's command.
@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.by_hand
async def test_the_demo_shows_a_loss_and_its_end() -> None:
    result = await regwatch("demo", "--duration", "45", "--listen", "127.0.0.1:0")
    assert (result.status, result.err) == (0, "")
    assert "INFO       100 signed off at riga (Petrov 100) since " in result.out
    assert "RESOLVED   100 back at riga (Petrov 100) after " in result.out


def shown(*alerts: dict[str, object]) -> list[str]:
    """What the terminal says of these, without the time of day."""
    text = StringIO()
    Show(Console(file=text, width=200)).alert({"alerts": alerts})
    return [line.partition("  ")[2] for line in text.getvalue().splitlines()]


def alert(status: str = "firing", severity: str = "critical") -> dict[str, object]:
    word = "RESOLVED" if status == "resolved" else severity.upper()
    return {
        "status": status,
        "labels": {"severity": severity},
        "annotations": {"summary": f"{word} 101 lost at riga since 03:12 UTC"},
        "startsAt": "2026-11-23T03:12:00.000Z",
        "endsAt": "2026-11-23T03:14:05.500Z",
    }


@pytest.mark.parametrize(
    ("status", "severity", "line"),
    [
        ("firing", "critical", "CRITICAL   101 lost at riga since 03:12 UTC"),
        ("firing", "info", "INFO       101 lost at riga since 03:12 UTC"),
        ("resolved", "critical", "RESOLVED   101 lost at riga since 03:12 UTC"),
    ],
)
def test_an_alert_is_a_line(status: str, severity: str, line: str) -> None:
    assert shown(alert(status, severity)) == [line]


def test_the_welcome_says_what_to_open_and_when_it_ends() -> None:
    text = StringIO()
    show = Show(Console(file=text, width=200))
    show.welcome("127.0.0.1:9877", None)
    show.welcome("127.0.0.1:9877", 90)
    assert text.getvalue().count("status page  http://127.0.0.1:9877/\n") == 2
    assert "Ctrl-C ends it." in text.getvalue()
    assert "It ends after 90 s." in text.getvalue()
