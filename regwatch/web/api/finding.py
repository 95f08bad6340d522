"""What people name in a path: an extension, an incident."""

from collections.abc import Sequence

from regwatch.core.matchers import is_named
from regwatch.core.model import Incident
from regwatch.web.api.request import ApiError
from regwatch.web.listing import Row
from regwatch.web.ordering import chunked
from regwatch.web.views import AccountView, OperationsView


async def find_extension(accounts: Sequence[AccountView], reference: str) -> Row:
    """`101`, `000*101`, an id; `account/…` in front where it is needed. Raises `ApiError`."""
    name, slash, rest = reference.partition("/")
    found: list[Row] = []
    for account in (a for a in accounts if not slash or a.name == name):
        async for chunk in chunked(list(account.watched().values())):
            found += [
                Row(account.name, watched)
                for watched in chunk
                if is_named(watched.extension, rest if slash else reference)
            ]
    if not found:
        raise ApiError(404, f"no watched extension is {reference}")
    if len(found) > 1:
        named = (f"{row.account}/{row.watched.extension.id}" for row in found[:10])
        raise ApiError(409, f"{reference} may be any of {', '.join(named)}")
    return found[0]


async def find_incident(operations: OperationsView, beginning: str) -> Incident:
    """By its id, or how that begins. Raises `ApiError`."""
    found = await operations.incidents_like(beginning)
    if not found:
        raise ApiError(404, f"no incident has the id {beginning}")
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise ApiError(409, f"{beginning} may be any of {ids}")
    return found[0]
