"""`regwatch status`: how things stand, from the running daemon."""

import click
from rich.text import Text

from regwatch.cli.console import out
from regwatch.cli.output import STATES, print_incidents, print_json
from regwatch.cli.remote import Remote, remote_options
from regwatch.cli.times import age, shown
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import AccountBody, IncidentsBody, ReceiverBody, StatusBody

INCIDENTS = "20"


@click.command(short_help="How things stand, from the running daemon.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@remote_options
async def status(remote: Remote, *, as_json: bool) -> None:
    """Show accounts, open incidents and receivers, as the running daemon sees them."""
    overview = await remote.get(StatusBody, "/status")
    if as_json:
        print_json(overview)
        return
    found = await remote.get(IncidentsBody, "/incidents", limit=INCIDENTS)
    if overview.problem:
        out().print(Text(f"regwatch itself: {overview.problem}", "bold red"))
    for account in overview.accounts:
        out().print(_account(account))
    for receiver in overview.receivers:
        if receiver.waiting:
            out().print(_receiver(receiver))
    if not found.incidents:
        out().print(Text("No open incidents.", "green"))
    else:
        many = "s" if found.found > 1 else ""
        out().print(Text(f"\n{found.found} open incident{many}:", "bold"))
        print_incidents(found.incidents)
    _print_set_aside(overview)


def _print_set_aside(overview: StatusBody) -> None:
    if not overview.set_aside:
        return
    total = overview.set_aside_count
    out().print(Text(f"\nSet aside because of bugs in regwatch: {total}", "bold red"))
    for each in overview.set_aside:
        times = f", {each.times} times, last at {shown(each.last_at)}" if each.times > 1 else ""
        line = f"  {each.what} ({each.where}) since {shown(each.since)}{times}: {each.why}"
        out().print(Text(line), soft_wrap=True)
    if total > len(overview.set_aside):
        out().print(Text(f"  and {total - len(overview.set_aside)} more", "dim"))


def _account(account: AccountBody) -> Text:
    counts = [(state, count) for state, count in account.extensions.items() if count]
    line = Text.assemble((account.name, "bold"), ": ")
    for number, (state, count) in enumerate(counts):
        line.append(", " if number else "")
        line.append(f"{count} {state}", STATES.get(state, ""))
    line.append("no extensions" if not counts else "")
    if account.quota is not None:
        quota = account.quota
        line.append(f"; {quota.remaining} of {quota.limit} requests left", "dim")
    asked = sum(account.ids_asked.values())
    if asked:
        shares = [
            f"{count / asked:.0%} {purpose.replace('_', ' ')}"
            for purpose, count in account.ids_asked.items()
            if count
        ]
        line.append(f"; asked for: {', '.join(shares)}", "dim")
    if account.oldest_answer_at is not None:
        line.append(f"; oldest answer {humanise(age(account.oldest_answer_at))} ago", "dim")
    if account.api_problem:
        line.append(f"; {account.api_problem}", "bold red")
    return line


def _receiver(receiver: ReceiverBody) -> Text:
    since = shown(receiver.oldest_at)
    return Text(f"{receiver.name}: {receiver.waiting} messages wait, since {since}", "yellow")
