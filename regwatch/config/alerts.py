"""The alerts, each a shape; their defaults are regwatch's defaults."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from regwatch.core.suggestions import did_you_mean
from regwatch.shapes.shape import Shape
from regwatch.shapes.values import FALSE_IS_OFF, Duration, Matching, Share, wrong

OVERRIDE_LABELS = ("account", "site", "extension", "extension_id")
SeverityName = Literal["critical", "warning", "info"]


class AnyAlertShape(Shape):
    """What all alerts have."""

    severity: SeverityName = "warning"

    @property
    def delay(self) -> float:
        """Seconds that it must hold before it is told."""
        return 0.0


class AlertShape(AnyAlertShape):
    """One that waits before it is told."""

    hold_for: Duration = Field(default=0.0, alias="for")

    @property
    def delay(self) -> float:
        """Seconds that it must hold before it is told."""
        return self.hold_for


class ExtensionLostShape(AlertShape):
    """The last active registration of an extension is gone."""

    severity: SeverityName = "critical"


class SignedOffShape(AlertShape):
    """It un-REGISTERed: a person, a reboot, an administrator."""

    severity: SeverityName = "info"


class RegistrationLostShape(AlertShape):
    """One of several devices is gone."""


class RefreshOverdueShape(AlertShape):
    """The usual refresh did not come."""

    learn_after: int = Field(default=6, ge=1)
    before_expiry: Duration = 0.0


class NeverRegisteredShape(AnyAlertShape):
    """Not registered once since it is watched."""

    after: Duration = 3600.0
    severity: SeverityName = "info"

    @property
    def delay(self) -> float:
        """Seconds that it must hold before it is told."""
        return self.after


class ApiUnavailableShape(AlertShape):
    """The PBX's API cannot be seen through."""

    hold_for: Duration = Field(default=120.0, alias="for")
    severity: SeverityName = "critical"


class CredentialsRefusedShape(AlertShape):
    """The PBX refuses our access."""

    severity: SeverityName = "critical"


class ReceiverBrokenShape(AlertShape):
    """A receiver refuses what it is sent."""

    severity: SeverityName = "critical"


class MemoryLostShape(AlertShape):
    """The database was damaged at the start, and a part of it is forgotten."""

    severity: SeverityName = "info"


class StoreDamagedShape(AlertShape):
    """The database was found damaged while running."""

    severity: SeverityName = "critical"


class RegistrarRestartedShape(AlertShape):
    """All registrations vanished at once; phones return as they refresh."""

    severity: SeverityName = "info"


class AccountLostShape(AnyAlertShape):
    """A large part of an account vanished at once, before the leases ended."""

    share: Share = 0.3
    at_least: int = Field(default=10, ge=1)
    severity: SeverityName = "critical"


class ListShrankShape(AnyAlertShape):
    """Many extensions are gone from the PBX's list at once."""

    share: Share = 0.2
    at_least: int = Field(default=5, ge=1)


class UnansweredShape(AlertShape):
    """The PBX leaves out some ids while it answers others."""

    hold_for: Duration = Field(default=1800.0, alias="for")


class SiteLostShape(AnyAlertShape):
    """Many phones of a site at once."""

    at_least: int = Field(default=3, ge=1)
    share: Share = 0.5
    window: Duration = Field(default=600.0, description="Ignored.")
    severity: SeverityName = "critical"


class FlappingShape(AnyAlertShape):
    """An extension that comes and goes."""

    changes: int = Field(default=6, ge=2)
    window: Duration = 1800.0
    calm: Duration = 1800.0
    severity: SeverityName = "warning"


class ChangedShape(AnyAlertShape):
    """Something about a registration changed."""

    severity: SeverityName = "info"


def _switchable(shape: type[AnyAlertShape]) -> Any:
    return Annotated[shape | None, FALSE_IS_OFF]


class OtherSeverityShape(Shape):
    """What may be different for some; what is left out is as everywhere else."""

    severity: SeverityName | None = None


class OtherAlertShape(OtherSeverityShape):
    """An alert that waits before it is told."""

    hold_for: Duration | None = Field(default=None, alias="for")


class OtherNeverRegisteredShape(OtherSeverityShape):
    """`never_registered`."""

    after: Duration | None = None


class OtherSiteLostShape(OtherSeverityShape):
    """`site_lost`."""

    at_least: Annotated[int | None, Field(ge=1)] = None
    share: Share | None = None
    window: Duration | None = None


def _other(shape: type[OtherSeverityShape]) -> Any:
    return Annotated[shape | None, FALSE_IS_OFF]


class AlertOverrideShape(Shape):
    """Alerts as they are for what matches; what is left out is as everywhere else."""

    match: Matching = Field(description="By account, site, extension or extension_id.")
    extension_lost: _other(OtherAlertShape) = None  # type: ignore[valid-type]
    signed_off: _other(OtherAlertShape) = None  # type: ignore[valid-type]
    registration_lost: _other(OtherAlertShape) = None  # type: ignore[valid-type]
    refresh_overdue: _other(OtherAlertShape) = None  # type: ignore[valid-type]
    never_registered: _other(OtherNeverRegisteredShape) = None  # type: ignore[valid-type]
    site_lost: _other(OtherSiteLostShape) = None  # type: ignore[valid-type]
    flapping: _other(OtherSeverityShape) = None  # type: ignore[valid-type]
    address_changed: _other(OtherSeverityShape) = None  # type: ignore[valid-type]
    foreign_network: _other(OtherSeverityShape) = None  # type: ignore[valid-type]
    device_changed: _other(OtherSeverityShape) = None  # type: ignore[valid-type]
    recover_after: Duration | None = None

    @model_validator(mode="after")
    def _matches_something(self) -> "AlertOverrideShape":
        if not self.match:
            raise wrong("matches everything", "change the alerts themselves, or give a `match`")
        for label in self.match:
            if label not in OVERRIDE_LABELS:
                advice = did_you_mean(label, OVERRIDE_LABELS)
                raise wrong(f"`match` knows no `{label}`", advice or "")
        return self

    @property
    def changes(self) -> dict[str, OtherSeverityShape | None]:
        """What it says, by alert; None: switched off."""
        alerts = self.model_fields_set - {"match", "recover_after"}
        return {name: getattr(self, name) for name in sorted(alerts)}


class AlertsShape(Shape):
    """The alerts; `false` switches one off."""

    extension_lost: _switchable(ExtensionLostShape) = ExtensionLostShape()  # type: ignore[valid-type]
    signed_off: _switchable(SignedOffShape) = SignedOffShape()  # type: ignore[valid-type]
    registration_lost: _switchable(RegistrationLostShape) = RegistrationLostShape()  # type: ignore[valid-type]
    refresh_overdue: _switchable(RefreshOverdueShape) = RefreshOverdueShape()  # type: ignore[valid-type]
    never_registered: _switchable(NeverRegisteredShape) = NeverRegisteredShape()  # type: ignore[valid-type]
    api_unavailable: _switchable(ApiUnavailableShape) = ApiUnavailableShape()  # type: ignore[valid-type]
    credentials_refused: _switchable(CredentialsRefusedShape) = CredentialsRefusedShape()  # type: ignore[valid-type]
    quota_exhausted: _switchable(AlertShape) = AlertShape()  # type: ignore[valid-type]
    receiver_broken: _switchable(ReceiverBrokenShape) = ReceiverBrokenShape()  # type: ignore[valid-type]
    memory_lost: _switchable(MemoryLostShape) = MemoryLostShape()  # type: ignore[valid-type]
    store_damaged: _switchable(StoreDamagedShape) = StoreDamagedShape()  # type: ignore[valid-type]
    registrar_restarted: _switchable(RegistrarRestartedShape) = RegistrarRestartedShape()  # type: ignore[valid-type]
    account_lost: _switchable(AccountLostShape) = AccountLostShape()  # type: ignore[valid-type]
    list_shrank: _switchable(ListShrankShape) = ListShrankShape()  # type: ignore[valid-type]
    unanswered: _switchable(UnansweredShape) = UnansweredShape()  # type: ignore[valid-type]
    site_lost: _switchable(SiteLostShape) = SiteLostShape()  # type: ignore[valid-type]
    flapping: _switchable(FlappingShape) = FlappingShape()  # type: ignore[valid-type]
    address_changed: _switchable(ChangedShape) = ChangedShape()  # type: ignore[valid-type]
    foreign_network: _switchable(ChangedShape) = ChangedShape()  # type: ignore[valid-type]
    device_changed: _switchable(ChangedShape) = ChangedShape()  # type: ignore[valid-type]
    overrides: list[AlertOverrideShape] = []
