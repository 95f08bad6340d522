"""`regwatch status`: how things stand, from the running daemon."""

from collections.abc import Iterator

from rich.text import Text

from regwatch.cli.console import look, print_lines
from regwatch.cli.look import Look
from regwatch.cli.output import print_json
from regwatch.cli.overview import open_lines, overview_lines, set_aside_lines
from regwatch.cli.remote import Remote
from regwatch.web.api.bodies import IncidentsBody, StatusBody

INCIDENTS = "20"


async def status(remote: Remote, *, as_json: bool) -> None:
    """Show accounts, open incidents and receivers, as the running daemon sees them."""
    overview = await remote.get(StatusBody, "/status")
    if as_json:
        print_json(overview)
        return
    found = await remote.get(IncidentsBody, "/incidents", limit=INCIDENTS, folded="true")
    print_lines(status_lines(overview, found, look()))


def status_lines(overview: StatusBody, found: IncidentsBody, look: Look) -> Iterator[Text]:
    """All of it; nothing but lines with something in them where no person looks."""
    yield from overview_lines(overview, look)
    if look.width is not None and found.incidents:
        yield Text()
    yield from open_lines(found, look)
    if look.width is not None and overview.set_aside:
        yield Text()
    yield from set_aside_lines(overview, look)
