"""What the running daemon knows by name, for the tab key."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from regwatch.cli.remote import Remote
from regwatch.web.api.bodies import (
    ExtensionBody,
    ExtensionsBody,
    IncidentsBody,
    SilencesBody,
    StatusBody,
)

MOST = "200"
Offer = tuple[str, str]
"""What is typed, and what it is."""


def offers(remote: Remote, kind: str, typed: str) -> Sequence[Offer]:
    """Those that begin like what is typed; raises what is in the way."""
    found = asyncio.run(KINDS[kind](remote, typed))
    return [(word, about) for word, about in found if word.startswith(typed)]


async def _extensions(remote: Remote, typed: str) -> list[Offer]:
    """Those that hold what is typed: the rest of an account's name is not in any of them."""
    wanted = typed.rpartition("/")[2]
    page = await remote.get(ExtensionsBody, "/extensions", q=wanted or None)
    prefix = typed[: len(typed) - len(wanted)]
    account = prefix.removesuffix("/")
    rows = [each for each in page.extensions if account in ("", each.account)]
    return [(prefix + name, _about(each)) for each in rows for name in _names(each, wanted)]


def _names(each: ExtensionBody, typed: str) -> list[str]:
    """The number; the full name or the id where these were begun, and the number was not."""
    number = each.number or str(each.id)
    if number.startswith(typed):
        return [number]
    return [name for name in (each.name, str(each.id)) if typed and name.startswith(typed)]


def _about(each: ExtensionBody) -> str:
    return " · ".join(filter(None, (each.label, each.state.value.replace("_", " "), each.site)))


async def _incidents(remote: Remote, _: str) -> list[Offer]:
    found = await remote.get(IncidentsBody, "/incidents", limit=MOST)
    return [(each.id, f"{each.severity}: {each.summary}") for each in found.incidents]


async def _subjects(remote: Remote, typed: str) -> list[Offer]:
    return [*await _extensions(remote, typed), *await _incidents(remote, typed)]


async def _silences(remote: Remote, _: str) -> list[Offer]:
    found = await remote.get(SilencesBody, "/silences")
    return [(each.id, f"{each.state}, {each.author}: {each.comment}") for each in found.silences]


async def _sites(remote: Remote, _: str) -> list[Offer]:
    overview = await remote.get(StatusBody, "/status")
    names = {site.name: each.name for each in overview.accounts for site in each.sites}
    return list(names.items())


async def _accounts(remote: Remote, _: str) -> list[Offer]:
    overview = await remote.get(StatusBody, "/status")
    sizes = {each.name: sum(each.extensions.values()) for each in overview.accounts}
    return [(name, f"{size} extensions") for name, size in sizes.items()]


async def _receivers(remote: Remote, _: str) -> list[Offer]:
    overview = await remote.get(StatusBody, "/status")
    return [(each.name, f"{each.waiting} messages wait") for each in overview.receivers]


KINDS: Mapping[str, Callable[[Remote, str], Coroutine[Any, Any, list[Offer]]]] = {
    "accounts": _accounts,
    "extensions": _extensions,
    "incidents": _incidents,
    "receivers": _receivers,
    "silences": _silences,
    "sites": _sites,
    "subjects": _subjects,
}
"""By the name under which the command line asks for them."""
