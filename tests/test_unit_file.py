"""The systemd unit, as systemd itself judges it."""

import re
import subprocess
from pathlib import Path

import pytest
from fakes.debian import program

from regwatch.web.door import MOST_CONNECTIONS

UNIT = Path(__file__).parents[1] / "systemd" / "regwatch.service"
SYSUSERS = UNIT.with_name("regwatch.sysusers.conf")
WORST_EXPOSURE = 1.5


@pytest.mark.needs_debian
def test_it_is_hardened() -> None:
    command = [program("systemd-analyze"), "security", "--offline=true", "--no-pager", UNIT]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(r"Overall exposure level for regwatch.service: ([0-9.]+)", result.stdout)
    assert match, result.stdout + result.stderr
    assert float(match.group(1)) <= WORST_EXPOSURE


@pytest.mark.needs_debian
def test_systemd_finds_no_fault_in_it(tmp_path: Path) -> None:
    """But that the daemon is not installed here: a program that is stands in for it."""
    unit = tmp_path / "regwatch.service"
    unit.write_text(UNIT.read_text().replace("/opt/regwatch/bin/regwatch", "/bin/true"))
    command = [program("systemd-analyze"), "verify", "--man=no", unit]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.needs_debian
def test_the_user_and_the_group_that_it_names_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    command = [program("systemd-sysusers"), "--root", tmp_path, SYSUSERS.resolve()]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "regwatch:" in (tmp_path / "etc/passwd").read_text()
    assert "regwatch:" in (tmp_path / "etc/group").read_text()


def test_it_waits_for_the_clock_where_the_machine_does_but_does_not_pull_that_in() -> None:
    """A passive target: whoever sets the clock pulls it in (systemd.special(7))."""
    lines = UNIT.read_text().splitlines()
    assert "time-sync.target" in next(line for line in lines if line.startswith("After="))
    assert not [line for line in lines if line.startswith("Wants=") and "time-sync" in line]


def test_what_may_pass_is_tried_again_and_a_bad_configuration_is_not() -> None:
    settings = dict(
        line.split("=", 1)
        for line in UNIT.read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert settings["RestartPreventExitStatus"] == "2"
    assert settings["Restart"] == "always", "systemd takes an end by SIGHUP for a good one"
    assert settings["StartLimitIntervalSec"] == "0", "what may pass is tried again for ever"
    assert int(settings["RestartSec"]) > 0
    assert settings["Type"] == "notify"
    assert settings["StateDirectory"] == "regwatch"
    assert "DynamicUser" not in settings, "a static group of its name would stop it"
    assert (settings["User"], settings["Group"]) == ("regwatch", "regwatch")
    assert (settings["RuntimeDirectory"], settings["RuntimeDirectoryMode"]) == ("regwatch", "0750")
    assert int(settings["LimitNOFILE"]) >= 10 * MOST_CONNECTIONS
    assert int(settings["WatchdogSec"]) > 0
