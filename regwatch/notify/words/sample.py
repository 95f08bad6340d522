"""A message that never was, to try templates with: whatever one may name is in it."""

from collections.abc import Mapping

from msgspec.structs import replace

from regwatch.core.model import (
    AccountName,
    AlertName,
    ExtensionId,
    Facts,
    Incident,
    IncidentId,
    IncidentState,
    Item,
    ItemStatus,
    Notification,
    NotifyReason,
    Severity,
    Timestamp,
)
from regwatch.notify.words.template_context import template_context
from regwatch.notify.words.templates import Template, TemplateError

AT = Timestamp(1_780_000_000.0)
OPEN_LABELS = ("labels", "groupLabels", "commonLabels")
OF_EMPTINESS = ("has no element", "No first item", "No last item")
"""Jinja2's words for the first of nothing."""


class _AnyLabel(dict[str, str]):
    """Sites have labels that only the rest of the configuration knows."""

    def __missing__(self, name: str) -> str:
        return name


def try_out(template: Template) -> None:
    """Render it with a message in which something is new, something still fires and something is
    over, and with one in which all is over; raises `TemplateError` if it fails with what every
    message has. How many alerts a message holds is another matter: one that fails for that is sent
    in the usual words, which say so.
    """
    for statuses in (ItemStatus, (ItemStatus.RESOLVED,)):
        try:
            template.render(_context(*statuses))
        except TemplateError as error:
            if not any(words in error.message for words in OF_EMPTINESS):
                raise


def _context(*statuses: ItemStatus) -> Mapping[str, object]:
    notification = Notification(
        id="sample",
        receiver="sample",
        group_key="sample",
        group_labels={"account": "sample"},
        reason=NotifyReason.SOME_RESOLVED,
        created_at=AT,
        items=tuple(Item(status, _incident(status)) for status in statuses),
    )
    context = template_context(notification, external_url="https://regwatch.example.com")
    opened: Mapping[str, object] = {name: _opened(value, name) for name, value in context.items()}
    return opened


def _opened(value: object, name: str) -> object:
    """With labels of any name."""
    if isinstance(value, dict):
        inner = {key: _opened(each, key) for key, each in value.items()}
        return _AnyLabel(inner) if name in OPEN_LABELS else inner
    if isinstance(value, list):
        return [_opened(each, "") for each in value]
    return value


def _incident(status: ItemStatus) -> Incident:
    incident = Incident(
        id=IncidentId(f"sample-{status.value}"),
        account=AccountName("sample"),
        alert=AlertName.EXTENSION_LOST,
        severity=Severity.CRITICAL,
        subject="extension:101",
        state=IncidentState.FIRING,
        started_at=AT,
        fired_at=AT,
        summary="a sample",
        explanation="A sample.",
        facts=Facts(
            account=AccountName("sample"),
            extension_id=ExtensionId(101),
            extension="000*101",
            label="Reception",
            site="riga",
            previous_state="registered",
            reason="expired",
            device="Yealink SIP-T46G 28.72.14.5",
            real_address="sip:203.0.113.7:62338",
            contact_address="sip:000*101@192.168.5.52:5062",
            registration_id="sample",
            last_seen=AT,
            lease_ended=AT,
            detected=AT,
        ),
    )
    if status is not ItemStatus.RESOLVED:
        return incident
    return replace(incident, state=IncidentState.RESOLVED, cleared_at=AT, resolved_at=AT)
