"""How things stand, in lines: what `status` and `watch` show."""

from collections.abc import Iterator

from rich.text import Text

from regwatch.cli.look import Look
from regwatch.cli.records import counted, incident_lines, spaced
from regwatch.cli.tables import wrapped
from regwatch.core.durations import humanise
from regwatch.web.api.bodies import AccountBody, IncidentsBody, ReceiverBody, StatusBody

INDENT = 2
LEAST_SHARE = 0.01
"""Of what the PBX was asked for; less is not told."""


def overview_lines(overview: StatusBody, look: Look) -> Iterator[Text]:
    """What is wrong with regwatch itself, accounts with their sites, receivers that are behind."""
    if overview.problem:
        yield from _wrapped(Text(f"regwatch itself: {overview.problem}", "bold red"), look)
    for account in overview.accounts:
        yield from _account_lines(account, look)
        for site in account.sites:
            line = Text.assemble("  site ", (site.name, "bold"), ": ", counted(site.extensions))
            yield from _wrapped(line, look, indent=2 * INDENT)
    for receiver in overview.receivers:
        if receiver.waiting:
            yield from _wrapped(_receiver(receiver, look), look)


def open_lines(found: IncidentsBody, look: Look) -> Iterator[Text]:
    """What is wrong: how many, and each."""
    if not found.incidents:
        yield Text("No open incidents.", "green")
        return
    many = "s" if found.found > 1 else ""
    yield Text(f"{found.found} open incident{many}:", "bold")
    yield from incident_lines(found.incidents, look)
    if found.found > len(found.incidents):
        yield Text(f"and {found.found - len(found.incidents)} more: `regwatch incidents`", "dim")


def set_aside_lines(overview: StatusBody, look: Look) -> Iterator[Text]:
    """What bugs were met by."""
    if not overview.set_aside:
        return
    total = overview.set_aside_count
    yield Text(f"Set aside because of bugs in regwatch: {total}", "bold red")
    for each in overview.set_aside:
        last = look.shown(each.last_at)
        times = f", {each.times} times, last at {last}" if each.times > 1 else ""
        line = f"  {each.what} ({each.where}) since {look.shown(each.since)}{times}: {each.why}"
        yield from _wrapped(Text(line), look, indent=2 * INDENT)
    if total > len(overview.set_aside):
        yield Text(f"  and {total - len(overview.set_aside)} more", "dim")


def _wrapped(line: Text, look: Look, indent: int = INDENT) -> list[Text]:
    return wrapped(line, look.width, indent=indent)


def _account_lines(account: AccountBody, look: Look) -> Iterator[Text]:
    """Where no person looks, one line."""
    first = Text.assemble((account.name, "bold"), ": ", counted(account.extensions))
    more = list(_about(account, look))
    if look.width is None:
        yield Text("; ").join([first, *more])
        return
    yield from _wrapped(first, look)
    # Unlike details, a sentence of what is wrong has a line of its own.
    details = [each for each in more if each.style == "dim"]
    for line in (*(each for each in more if each.style != "dim"), Text("; ").join(details)):
        if line.plain:
            yield from _wrapped(Text("  ").append_text(line), look)


def _about(account: AccountBody, look: Look) -> Iterator[Text]:
    if account.api_problem:
        yield Text(account.api_problem, "bold red")
    if not account.first_sweep_done:
        yield Text("starting: not all of them were asked for yet", "yellow")
    if account.oldest_answer_at is not None:
        yield Text(f"oldest answer {humanise(look.age(account.oldest_answer_at))} ago", "dim")
    if account.quota is not None:
        yield Text(f"{account.quota.remaining} of {account.quota.limit} requests left", "dim")
    if shares := _shares(account):
        yield Text(f"asked for: {', '.join(shares)}", "dim")


def _shares(account: AccountBody) -> list[str]:
    """Those that can be seen."""
    asked = sum(account.ids_asked.values())
    shares = ((purpose, count / asked) for purpose, count in account.ids_asked.items() if count)
    return [f"{share:.0%} {spaced(purpose)}" for purpose, share in shares if share >= LEAST_SHARE]


def _receiver(receiver: ReceiverBody, look: Look) -> Text:
    since = look.shown(receiver.oldest_at)
    return Text(f"{receiver.name}: {receiver.waiting} messages wait, since {since}", "yellow")
