"""What systemd knows of the service, where nothing answers."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

SYSTEMD = Path("/run/systemd/system")
"""There where systemd runs the machine: sd_booted(3)."""
SERVICE = "regwatch"
SECONDS = 2.0
LOOK = f"`systemctl status {SERVICE}` and `journalctl -u {SERVICE} -n 20` say why"
WORDS: Mapping[str, str] = {
    "activating": "it is starting; try again in some seconds",
    "reloading": "it reads its configuration again; try again in some seconds",
    "deactivating": "it is being stopped",
    "inactive": f"it is stopped: `sudo systemctl start {SERVICE}` starts it",
    "failed": f"it has failed: {LOOK}",
    "active": "it runs, and listens elsewhere: name its configuration by -c, or say --url",
}
"""By systemd's name of the state."""
RESTARTS = f"it has failed, and systemd starts it again: {LOOK}"


def state_of_the_service() -> str:
    """In words, with what to do; empty where there is no such service, or systemd is silent."""
    if not SYSTEMD.is_dir():
        return ""
    names = ("LoadState", "ActiveState", "SubState")
    call = ["systemctl", "show", SERVICE, f"--property={','.join(names)}"]
    try:
        told = subprocess.run(call, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return in_words(told.stdout)


def in_words(told: str) -> str:
    """Of what `systemctl show` prints."""
    known = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if known.get("LoadState") != "loaded":
        return ""
    if known.get("SubState") == "auto-restart":
        return RESTARTS
    return WORDS.get(known.get("ActiveState", ""), "")
