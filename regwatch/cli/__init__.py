"""The command line: one module per command. Talks to people; the work is done below."""

import click

from regwatch import __version__
from regwatch.cli.check_config import check_config
from regwatch.cli.demo import demo
from regwatch.cli.poll import poll
from regwatch.cli.run import run
from regwatch.cli.simulate import simulate
from regwatch.cli.test_alert import test_alert
from regwatch.cli.unregister import unregister

EPILOG = "Start with `regwatch demo`: it needs no configuration and no PBX."


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="regwatch")
def main() -> None:
    """Tells you within seconds, and without false alarms, that phones lost their registration at
    a cloud PBX.
    """


for command in (run, check_config, demo, simulate, poll, unregister, test_alert):
    main.add_command(command)
