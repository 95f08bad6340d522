"""`regwatch demo`: the whole of it on loopback, with nothing to configure.

A simulated PBX, the real daemon on a real configuration, a webhook that shows the alerts. Only the
phones are not real.
"""

import click

from regwatch.cli.loops import run_loop

EXTENSIONS = 40
LEASE_SECONDS = 60
SCRIPT = (
    (6, "unregister", 0, "a phone says good-bye: it un-REGISTERs"),
    (14, "reboot", 1, "a phone reboots: its old entry lingers; no alert may come of it"),
    (20, "die", 2, "a phone dies silently: the PBX notices only when its lease ends"),
    (32, "revive", 0, "the first phone comes back"),
    (75, "revive", 2, "the dead phone is powered on again"),
)
"""Seconds from the start, what, to which phone, in words. Afterwards it goes round again."""
ROUND_SECONDS = 90

CONFIG = """\
accounts:
  - name: demo
    url: {pbx}
    client_id: demo
    client_secret: demo-secret
    polling: {{interval: 3s, batch_size: 50, reserve: 0%}}
alerts:
  never_registered: {{after: 30s, severity: info}}
receivers:
  - {{name: terminal, webhook: {{url: "{hook}"}}}}
routes:
  - {{receivers: [terminal], group_wait: 1s, group_interval: 5s, repeat: 1h}}
http: {{listen: "{listen}"}}
storage: {{url: "sqlite:///{folder}/regwatch.db"}}
log: {{level: error}}
"""


@click.command()
@click.option(
    "--duration",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="End after so many seconds; without it, at Ctrl-C.",
)
@click.option("--listen", default="127.0.0.1:9877", show_default=True, help="The status page.")
def demo(duration: float | None, listen: str) -> None:
    """Show regwatch at work: a simulated PBX, the daemon, its status page, its alerts.

    Needs nothing and leaves nothing behind; all of it stays on this machine.
    """
    raise SystemExit(run_loop(lambda stop: _demo(duration, listen, stop)))
