"""Short ways to write the core's values in tests."""

from collections.abc import Iterable

from regwatch.core.alerts.incidents import AlertPolicies, AlertPolicy
from regwatch.core.model import (
    AccountName,
    AlertName,
    Answer,
    BatchAnswer,
    Extension,
    ExtensionId,
    FailureReason,
    Listing,
    Registration,
    RegistrationId,
    Severity,
    Timestamp,
)

ACME = AccountName("acme")
START = Timestamp(1_800_000_000.0)
YEALINK = "Yealink SIP-T46G 28.72.14.5"

EVERY_ALERT: AlertPolicies = {
    AlertName.EXTENSION_LOST: AlertPolicy(Severity.CRITICAL),
    AlertName.SIGNED_OFF: AlertPolicy(Severity.INFO),
    AlertName.LIST_SHRANK: AlertPolicy(Severity.WARNING),
    AlertName.UNANSWERED: AlertPolicy(Severity.WARNING, hold_for=1800.0),
    AlertName.ACCOUNT_LOST: AlertPolicy(Severity.CRITICAL),
    AlertName.REGISTRATION_LOST: AlertPolicy(Severity.WARNING),
    AlertName.REFRESH_OVERDUE: AlertPolicy(Severity.WARNING),
    AlertName.NEVER_REGISTERED: AlertPolicy(Severity.INFO, hold_for=3600.0),
    AlertName.API_UNAVAILABLE: AlertPolicy(Severity.CRITICAL, hold_for=120.0),
    AlertName.CREDENTIALS_REFUSED: AlertPolicy(Severity.CRITICAL),
    AlertName.QUOTA_EXHAUSTED: AlertPolicy(Severity.WARNING),
    AlertName.REGISTRAR_RESTARTED: AlertPolicy(Severity.INFO),
    AlertName.SITE_LOST: AlertPolicy(Severity.CRITICAL),
    AlertName.FLAPPING: AlertPolicy(Severity.WARNING),
    AlertName.ADDRESS_CHANGED: AlertPolicy(Severity.INFO),
    AlertName.FOREIGN_NETWORK: AlertPolicy(Severity.INFO),
    AlertName.DEVICE_CHANGED: AlertPolicy(Severity.INFO),
    AlertName.RECEIVER_BROKEN: AlertPolicy(Severity.CRITICAL),
    AlertName.MEMORY_LOST: AlertPolicy(Severity.INFO),
    AlertName.STORE_DAMAGED: AlertPolicy(Severity.CRITICAL),
}


def at(seconds: float) -> Timestamp:
    """So many seconds after the tests' beginning of time."""
    return Timestamp(START + seconds)


def registration(
    name: str = "uloc-1",
    *,
    ends: float | None = 600,
    device: str = YEALINK,
    real: str = "sip:203.0.113.7:62338",
    contact: str = "sip:101@192.168.5.52:5062",
) -> Registration:
    """A registration whose lease ends so many seconds after `START`."""
    return Registration(
        id=RegistrationId(name),
        device=device,
        real_address=real,
        contact_address=contact,
        lease_ends_at=None if ends is None else at(ends),
    )


def extension(number: int, label: str = "") -> Extension:
    """Extension `000*1NN` with the id NN."""
    return Extension(ExtensionId(number), f"000*{100 + number}", label)


def listing(*numbers: int, complete: bool = True) -> Listing:
    """A list of the PBX with these extensions."""
    return Listing(tuple(extension(number) for number in numbers), complete)


def answer(
    number: int,
    *registrations: Registration,
    when: float,
    registered: bool | None = None,
    former: Iterable[Registration] = (),
) -> Answer:
    """What the PBX said of an extension so many seconds after `START`."""
    return Answer(
        extension_id=ExtensionId(number),
        registered=bool(registrations) if registered is None else registered,
        registrations=registrations,
        former=tuple(former),
        answered_at=at(when),
    )


def batch(
    *answers: Answer,
    asked: Iterable[int] = (),
    refused: Iterable[int] = (),
    failure: FailureReason | None = None,
) -> BatchAnswer:
    """A poll's answers; whatever else was asked for went unanswered."""
    answered = {a.extension_id: a for a in answers}
    others = (ExtensionId(i) for i in asked)
    return BatchAnswer(
        asked=tuple(dict.fromkeys([*answered, *others, *map(ExtensionId, refused)])),
        answers=answered,
        refused=frozenset(map(ExtensionId, refused)),
        failure=failure,
    )
