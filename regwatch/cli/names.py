"""What people call things by, and what it is called: ids that are begun, sites, accounts."""

from collections.abc import Iterable

from regwatch.cli.errors import RemoteError
from regwatch.cli.remote import Remote
from regwatch.core.suggestions import did_you_mean
from regwatch.web.api.bodies import StatusBody

LEAST_BEGINNING = 6
"""Characters of an id that may stand for it, if no other begins like that."""
TOO_SHORT = f"give an id whole, or its first {LEAST_BEGINNING} characters or more"


def whole_id(begun: str, known: Iterable[str], what: str) -> str:
    """The one id that begins like that, or is it; raises `RemoteError`, which lists several."""
    ids = list(known)
    if begun in ids:
        return begun
    found = [each for each in ids if each.startswith(begun)]
    if len(begun) < LEAST_BEGINNING:
        raise RemoteError(f"no {what} has the id `{begun}`: {TOO_SHORT}")
    if not found:
        raise RemoteError(f"no {what} has the id `{begun}`")
    if len(found) > 1:
        raise RemoteError(f"`{begun}` may be any of {', '.join(found)}")
    return found[0]


def neither(name: str) -> RemoteError:
    """What is no extension and no incident."""
    short = f"; {TOO_SHORT}" if len(name) < LEAST_BEGINNING else ""
    return RemoteError(
        f"{name} is no watched extension, and no incident's id begins like that{short}"
    )


async def check_names(remote: Remote, **sought: str | None) -> None:
    """That there are such, if a site or an account is sought; asked where nothing was found. Raises
    `RemoteError`.
    """
    site, account = sought.get("site"), sought.get("account")
    if site is None and account is None:
        return
    overview = await remote.get(StatusBody, "/status")
    accounts = [each.name for each in overview.accounts]
    sites = {each.name for of_account in overview.accounts for each in of_account.sites}
    for what, name, known in (("site", site, sites), ("account", account, accounts)):
        if name is not None and name not in known:
            advice = did_you_mean(name, known)
            raise RemoteError(f"no {what} is named `{name}`" + (f": {advice}" if advice else ""))
