"""Finding an account and an extension from what a person typed."""

from regwatch.cli.console import fail
from regwatch.config import Config
from regwatch.config.sections import AccountShape
from regwatch.core.matchers import names_extension
from regwatch.core.model import Extension, ExtensionId
from regwatch.sources.source import Source


def split_reference(reference: str, config: Config) -> tuple[AccountShape, str]:
    """`acme/101` as the account and the rest; the account may be left out if there is but one."""
    name, slash, rest = reference.partition("/")
    by_name = {account.name: account for account in config.accounts}
    if slash:
        if name not in by_name:
            fail(f"no account is named `{name}`; there are: {', '.join(by_name)}")
        return by_name[name], rest
    if len(config.accounts) > 1:
        fail(f"say of which account: {', '.join(f'{each}/{reference}' for each in by_name)}")
    return config.accounts[0], reference


async def find_extension(reference: str, source: Source) -> Extension:
    """The one extension of the PBX's list that is meant; raises `SourceError`."""
    listing = await source.extensions(type=None, status=None)
    found = [each for each in listing.extensions if names_extension(reference, each)]
    if not found and reference.isdecimal() and not listing.complete:
        return Extension(ExtensionId(int(reference)), "")
    if not found:
        fail(f"the PBX's list has no extension `{reference}`")
    if len(found) > 1:
        listed = ", ".join(f"{each.name} (id {each.id})" for each in found[:10])
        fail(f"`{reference}` may be {listed}: give the id or the full name")
    return found[0]
