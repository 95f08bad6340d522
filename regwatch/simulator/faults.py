"""Everything that can be wrong or different with the PBX: one table, checked on entry.

Each unknown of the API and each of its errors is a switch, at start and while it runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from regwatch.simulator.quota import FORMS


class FaultError(ValueError):
    """No such fault, or no such value of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch."""

    name: str
    help: str
    read: Callable[[object], object]
    values: str


def _share(value: object) -> float:
    if value is True:
        return 1.0
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def _count(value: object) -> int:
    return int(_number(value))


def _on(value: object) -> bool:
    if value in (True, "true", "on", "1", 1, ""):
        return True
    raise ValueError


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _one_of(*words: str) -> tuple[Callable[[object], object], str]:
    def read(value: object) -> object:
        text = str(value)
        if text not in words:
            raise ValueError
        return text

    return read, "|".join(words)


def _signed(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    number = float(value)
    if not abs(number) < 1e9:
        raise ValueError
    return number


def _ids(value: object) -> str:
    """Kept as text, as it was given: `17` or `17,42`."""
    text = str(value)
    if not all(each.isascii() and each.isdecimal() for each in text.split(",")):
        raise ValueError
    return text


SHARE = (_share, "share 0–1")
SECONDS = (_number, "seconds")
SIGNED = (_signed, "seconds, also negative")
IDS = (_ids, "ids: 17,42")
ON = (_on, "on")


def _fault(name: str, about: str, kind: tuple[Callable[[object], object], str]) -> Fault:
    return Fault(name, about, *kind)


TABLE = (
    _fault(
        "expires_format",
        "how `expires` is written",
        _one_of(
            "seconds",
            "float",
            "string",
            "epoch",
            "epoch_ms",
            "datetime",
            "local",
            "iso",
            "granted",
            "garbage",
        ),
    ),
    _fault("clock_off", "the PBX's clock is ahead by so much, where it writes dates", SIGNED),
    _fault(
        "registration_id_format",
        "how `registration_id` is written",
        _one_of("string", "null", "missing", "empty"),
    ),
    _fault(
        "device_format",
        "how `device` is written",
        _one_of("string", "null", "missing", "object", "n/a"),
    ),
    _fault("long_devices", "every `device` is so many characters longer", (_count, "number")),
    _fault(
        "many_registrations",
        "one extension has so many more entries, under new ids in each answer",
        (_count, "number"),
    ),
    _fault("mapped_addresses", "IPv4 addresses written as IPv6: ::ffff:203.0.113.7", ON),
    _fault("unknown_id", "an id that does not exist", _one_of("omit", "default", "404", "403")),
    _fault("single_as", "one id on the address for many", _one_of("object", "array")),
    _fault("duplicates", "each entry twice", ON),
    _fault("extra_ids", "entries that were not asked for", ON),
    _fault("drop_ids", "entries left out", SHARE),
    _fault("registered_without_entries", "registered:true with an empty list", ON),
    _fault("unregistered_with_positive_expires", "registered:false, entries still running", ON),
    _fault("all_unregistered", "a glitch: every answer says registered:false", ON),
    _fault("unregistered_share", "of the extensions: they are registered:false", SHARE),
    _fault("unregistered_ids", "these extensions are registered:false", IDS),
    _fault("flags_contradict", "of the extensions: `registered` is turned round", SHARE),
    _fault("empty_entries", "every extension is registered:false with an empty list", ON),
    _fault("left_out_share", "of the extensions: always left out of answers", SHARE),
    _fault("left_out_ids", "these extensions are left out of answers", IDS),
    _fault("nameless_share", "of the extensions: entries without `extension_id`", SHARE),
    _fault("max_ids", "the most ids that a request may have", (_count, "number")),
    _fault("max_ids_status", "what is answered above that", _one_of("400", "413", "414", "502")),
    _fault("cached_answers", "answers are up to so old", SECONDS),
    _fault("frozen_answers", "answers stay what they were, for ever", ON),
    _fault("rate_headers", "the quota's headers", _one_of(*FORMS)),
    _fault("refused_cost", "a request refused for the quota takes of it as well", ON),
    _fault("retry_after", "a 429 names so many seconds, whatever its reset says", SECONDS),
    _fault("lower_limit", "a limit of our own below the common one", (_count, "number")),
    _fault("throttle", "429: concurrent requests not allowed", SHARE),
    _fault("quota_exhausted", "429: the hourly quota is used up", ON),
    _fault("http_500", "500 with JSON", SHARE),
    _fault("http_502", "502 with a proxy's page", SHARE),
    _fault("http_503", "503 without a body", SHARE),
    _fault("html_200", "a proxy's page with 200", SHARE),
    _fault("truncated_json", "half of the answer", SHARE),
    _fault("wrong_content_type", "JSON as text/html", SHARE),
    _fault("broken_gzip", "gzip that cannot be unpacked", SHARE),
    _fault("empty_body", "200 with nothing", SHARE),
    _fault("hang", "answers come only after so long", SECONDS),
    _fault("slow", "the body trickles over so long", SECONDS),
    _fault("drop_connection", "the connection is closed without an answer", SHARE),
    _fault("redirect", "302 to this URL", (_text, "URL")),
    _fault("token_401", "tokens refused before their time", SHARE),
    _fault("token_invalid_client", "the token endpoint refuses the credentials", ON),
    _fault("token_no_expires_in", "tokens without their lifetime", ON),
    _fault("access_denied", "403: the resource is closed to the application", ON),
    _fault("deletions_refused", "403: whoever wants to delete a registration may not", ON),
    _fault("error_status_form", "`status` in errors", _one_of("string", "int", "absent")),
    _fault("names_with_domain", "names carry @domain", ON),
    _fault("paging_ignores_page", "every page is the first", ON),
    _fault("paging_overlap", "pages overlap", ON),
    _fault("paging_404_past_end", "404 past the last page", ON),
    _fault("list_incomplete", "half of the extensions are missing from the list", ON),
    _fault("list_missing", "of the extensions: missing from the list; 1: it is empty", SHARE),
    _fault("list_fails", "500 for the list", ON),
    _fault("reg_status_log_off", "the history is not enabled", ON),
    _fault("cleanup_lag", "expired entries stay so much longer", SECONDS),
)
BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in TABLE}


class Faults:
    """The switches as they stand."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._active: dict[str, object] = {}
        self.set(given)

    def set(self, given: Mapping[str, object]) -> None:
        """Change some; null or false switches off. Raises `FaultError`, having changed nothing."""
        changes = {name: _read(name, value) for name, value in given.items()}
        for name, value in changes.items():
            if value is None:
                self._active.pop(name, None)
            else:
                self._active[name] = value

    def clear(self) -> None:
        """All off."""
        self._active.clear()

    @property
    def active(self) -> Mapping[str, object]:
        """Those that are on."""
        return dict(self._active)

    @property
    def are_none(self) -> bool:
        """Whether all are off, as they mostly are."""
        return not self._active

    def on(self, name: str) -> bool:
        """Whether it is on."""
        return name in self._active

    def word(self, name: str, otherwise: str) -> str:
        """Its value as text."""
        return str(self._active.get(name, otherwise))

    def strikes(self, name: str, extension_id: int) -> bool:
        """Whether it strikes this extension: always the same ones, of a share or by their ids."""
        value = self._active.get(name)
        if isinstance(value, str):
            return str(extension_id) in value.split(",")
        share = self.number(name)
        return share > 0 and extension_id * 2_654_435_761 % 1_000_003 < share * 1_000_003

    def number(self, name: str) -> float:
        """Its value as a number; 0 if off."""
        value = self._active.get(name, 0.0)
        return float(value) if isinstance(value, int | float) else 0.0


def _read(name: str, value: object) -> object:
    if name not in BY_NAME:
        raise FaultError(f"there is no fault `{name}`; see --list-faults")
    if value is None or value is False:
        return None
    try:
        return BY_NAME[name].read(value)
    except (ValueError, TypeError):
        raise FaultError(f"{name}: `{value}` is not one of: {BY_NAME[name].values}") from None
