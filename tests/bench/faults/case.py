"""What is wrong with the PBX for a minute."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regwatch.simulator.faults import TABLE

VALUES: Mapping[str, object] = {
    "expires_format": "iso", "clock_off": 600, "registration_id_format": "missing",
    "device_format": "null", "long_devices": 5000, "many_registrations": 50,
    "unknown_id": "403", "single_as": "array", "drop_ids": 0.5, "unregistered_share": 0.5,
    "unregistered_ids": "17,42", "flags_contradict": 0.5, "left_out_share": 0.3,
    "left_out_ids": "17,42", "nameless_share": 0.3, "max_ids": 5, "max_ids_status": "413",
    "cached_answers": 45, "rate_headers": "garbage", "lower_limit": 3000, "retry_after": 30,
    "hang": 30, "slow": 5, "redirect": "http://127.0.0.1:1/elsewhere", "error_status_form": "int",
    "list_missing": 0.5, "cleanup_lag": 50,
}  # fmt: skip
"""Those that bite; of the others, all requests, or simply on."""
TOGETHER: Mapping[str, Mapping[str, object]] = {
    "max_ids_status": {"max_ids": 5},
    "clock_off": {"expires_format": "iso"},
    "error_status_form": {"access_denied": True},
    "token_invalid_client": {"token_401": 1.0},
    "token_no_expires_in": {"token_401": 0.3},
    "retry_after": {"throttle": 0.5},
    "refused_cost": {"throttle": 0.5},
}
"""What some need beside them to be met at all."""
OTHER_VALUES = (("token_401", 0.5), ("throttle", 0.5), ("http_500", 0.5), ("drop_connection", 0.5))
PROBED = {"access_denied", "token_invalid_client", "error_status_form", "quota_exhausted"}
"""What only a person mends, and a quota that is told to be used up: one probe in five minutes."""
STORMS: Mapping[str, Mapping[str, object]] = {
    "storm of errors": {
        "http_500": 0.2, "http_502": 0.1, "http_503": 0.1, "html_200": 0.1, "truncated_json": 0.1,
        "broken_gzip": 0.1, "empty_body": 0.1, "drop_connection": 0.2, "token_401": 0.2,
        "throttle": 0.2,
    },
    "storm of oddities": {
        "drop_ids": 0.3, "duplicates": True, "extra_ids": True, "max_ids": 7, "slow": 2,
        "expires_format": "garbage", "device_format": "missing", "rate_headers": "missing",
        "cached_answers": 30, "nameless_share": 0.2,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    faults: Mapping[str, object]

    @property
    def most_blind(self) -> float:
        """Seconds after it, within which something is answered again."""
        if not PROBED.isdisjoint(self.faults):
            return 300.0
        if "retry_after" in self.faults:
            return 30.0
        if "throttle" in self.faults:  # refusals in a row are waited for 5, 10, 20 s
            return 40.0
        return 60.0 if "token_401" in self.faults else 20.0


def cases() -> Iterator[Case]:
    """All of them."""
    for fault in TABLE:
        yield _case(fault.name, VALUES.get(fault.name, 1.0 if _is_share(fault.values) else True))
    for name, value in OTHER_VALUES:
        yield _case(name, value)
    for name, faults in STORMS.items():
        yield Case(name, faults)


def _is_share(values: str) -> bool:
    return values.startswith("share")


def _case(name: str, value: object) -> Case:
    shown = f"`{name}`" if value is True else f"`{name}` {value}"
    return Case(shown, {name: value, **TOGETHER.get(name, {})})
