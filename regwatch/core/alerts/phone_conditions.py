"""In which words a person is told what a single extension does over several answers."""

from msgspec.structs import replace

from regwatch.core.addresses import host_of
from regwatch.core.alerts.conditions import Condition, about, at_site, name_of
from regwatch.core.durations import humanise
from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionState,
    Facts,
    Incident,
    Registration,
    Timestamp,
    Toll,
    Watched,
)
from regwatch.core.phones.flapping import Flaps
from regwatch.core.phones.moves import Move
from regwatch.core.subjects import event_subject


def flapping(account: AccountName, watched: Watched, flaps: Flaps, now: Timestamp) -> Condition:
    """It comes and goes."""
    who, held = name_of(watched.extension), watched.registrations
    return Condition(
        alert=AlertName.FLAPPING,
        subject=event_subject(AlertName.FLAPPING, watched.extension.id),
        since=flaps.since,
        summary=f"{who} keeps losing its registration and coming back{at_site(watched.site)}: "
        f"{flaps.changes} changes in {humanise(flaps.latest_at - flaps.since)}",
        explanation="While this lasts its losses are not told one by one. Look at its power, its "
        "network and whether two devices contend for one registration.",
        facts=replace(
            about(account, watched, held[0] if held else None), reason="flapping", detected=now
        ),
    )


def address_changed(
    account: AccountName, watched: Watched, move: Move, now: Timestamp
) -> Condition:
    """It registers from another public address."""
    before, after = host_of(move.before.real_address), host_of(move.after.real_address)
    return _happened(
        AlertName.ADDRESS_CHANGED,
        about(account, watched, move.after),
        now,
        summary=f"{name_of(watched.extension)} registers from another address"
        f"{at_site(watched.site)}: {after}, before it was {before}",
        explanation="Its place or its line changed: most often the provider gave the line another "
        "address.",
    )


def line_changed(told: Incident, phones: int, move: Move) -> Condition:
    """Others of its place do so too: it is their line. `told`: what was told of the first."""
    before, after = host_of(move.before.real_address), host_of(move.after.real_address)
    return Condition(
        alert=AlertName.ADDRESS_CHANGED,
        subject=told.subject,
        since=told.started_at,
        summary=f"{phones} phones of one place register from another address"
        f"{at_site(told.facts.site)}: {after}, before it was {before}",
        explanation="Their line changed: most often the provider gave it another address. The "
        f"first to show it was {told.facts.extension or told.facts.extension_id}.",
        facts=told.facts,
        is_retold=True,
        toll=Toll(phones),
    )


def device_changed(account: AccountName, watched: Watched, move: Move, now: Timestamp) -> Condition:
    """Another model of device registers."""
    return _happened(
        AlertName.DEVICE_CHANGED,
        about(account, watched, move.after),
        now,
        summary=f"{name_of(watched.extension)} registers with another device"
        f"{at_site(watched.site)}: {move.after.device}, before it was {move.before.device}",
        explanation="If nobody exchanged the phone, somebody else may know its password.",
    )


def foreign_network(
    account: AccountName, watched: Watched, registration: Registration, now: Timestamp
) -> Condition:
    """It registers from outside its site's networks."""
    return _happened(
        AlertName.FOREIGN_NETWORK,
        about(account, watched, registration),
        now,
        summary=f"{name_of(watched.extension)} registers from outside the networks of "
        f"{watched.site}: {host_of(registration.real_address)}",
        explanation="If the phone was not taken elsewhere, somebody else may know its password: "
        "look at its calls, and change the password.",
    )


def _happened(
    alert: AlertName, facts: Facts, now: Timestamp, *, summary: str, explanation: str
) -> Condition:
    return Condition(
        alert=alert,
        subject=f"{alert.value}:{facts.extension_id}",
        since=now,
        summary=summary,
        explanation=explanation,
        facts=replace(
            facts,
            previous_state=ExtensionState.REGISTERED.value,
            reason=alert.value,
            detected=now,
        ),
        is_retold=True,
    )
