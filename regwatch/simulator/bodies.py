"""What the API's answers look like, in each of the forms that a fault may give them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from regwatch.simulator.bindings import FOREVER
from regwatch.simulator.faults import Faults
from regwatch.simulator.fleet import Phone
from regwatch.simulator.registrar import Entry, Registrar

DOMAIN = "sip.example.net"
LOCAL = timezone(timedelta(hours=3))
"""Where such a PBX stands: dates without a zone are ahead of UTC."""
Json = dict[str, Any]


def reg_info(registrar: Registrar, extension_id: int, *, now: float, faults: Faults) -> Json | None:
    """One extension; None if there is none of this id."""
    found = registrar.answer(extension_id, now)
    if found is None:
        return None
    registered, entries = found
    if faults.are_none:
        plain = [_plain(entry) for entry in entries]
        return {"registered": registered, "extension_id": extension_id, "registrations": plain}
    return _distorted(registrar, extension_id, registered, entries, now, faults)


def _plain(entry: Entry) -> Json:
    """As it is written without any fault."""
    binding = entry.binding
    return {
        "device": binding.device,
        "real_address": entry.real,
        "contact_address": binding.contact,
        "expires": 0 if entry.left == FOREVER else int(entry.left),
        "registration_id": binding.ruid,
    }


def _distorted(
    registrar: Registrar,
    extension_id: int,
    registered: bool,
    entries: Iterable[Entry],
    now: float,
    faults: Faults,
) -> Json:
    if faults.on("empty_entries"):
        return empty(extension_id)
    if _is_denied(extension_id, faults):
        registered = False
    shown = [_entry(entry, now, faults) for entry in entries]
    if registered and extension_id == next(iter(registrar.phones)):
        shown += _crowd(shown, int(faults.number("many_registrations")), now)
    if registered and faults.on("registered_without_entries"):
        shown = []
    if not registered and faults.on("unregistered_with_positive_expires"):
        for entry in shown:
            entry["expires"] = _expires(30.0, now, faults)
    if faults.strikes("flags_contradict", extension_id):
        registered = not registered
    info: Json = {"registered": registered, "extension_id": extension_id, "registrations": shown}
    if faults.strikes("nameless_share", extension_id):
        del info["extension_id"]
    return info


def _is_denied(extension_id: int, faults: Faults) -> bool:
    """Whether it is shown as not registered, whatever it is."""
    chosen = ("unregistered_share", "unregistered_ids")
    return faults.on("all_unregistered") or any(faults.strikes(f, extension_id) for f in chosen)


def empty(extension_id: int) -> Json:
    """The default record of an extension that does not exist."""
    return {"registered": False, "extension_id": extension_id, "registrations": []}


def _entry(entry: Entry, now: float, faults: Faults) -> Json:
    binding = entry.binding
    shown: Json = {
        "device": binding.device + "x" * int(faults.number("long_devices")),
        "real_address": _mapped(entry.real) if faults.on("mapped_addresses") else entry.real,
        "contact_address": binding.contact,
        "expires": _entry_expires(entry, now, faults),
        "registration_id": binding.ruid,
    }
    match faults.word("device_format", "string"):
        case "null":
            shown["device"] = None
        case "missing":
            del shown["device"]
        case "object":
            shown["device"] = {"name": shown["device"], "vendor": binding.device.split()[0]}
        case "n/a":
            shown["device"] = "n/a"
    return _with_id(shown, faults.word("registration_id_format", "string"))


def _with_id(shown: Json, form: str) -> Json:
    if form == "missing":
        del shown["registration_id"]
    elif form != "string":
        shown["registration_id"] = None if form == "null" else ""
    return shown


def _entry_expires(entry: Entry, now: float, faults: Faults) -> object:
    if faults.word("expires_format", "seconds") == "granted":
        return int(entry.binding.lease)
    return _expires(0.0 if entry.left == FOREVER else entry.left, now, faults)


def _crowd(shown: list[Json], count: int, now: float) -> list[Json]:
    """As many more entries, each under an id that was never there before."""
    return [shown[0] | {"registration_id": f"uloc-{now:.3f}-{n:x}"} for n in range(count)]


def _mapped(uri: str) -> str:
    """`sip:[::ffff:203.0.113.7]:5060` of `sip:203.0.113.7:5060`."""
    if "[" in uri:
        return uri
    scheme, host, port = uri.split(":")
    return f"{scheme}:[::ffff:{host}]:{port}"


def _expires(left: float, now: float, faults: Faults) -> object:
    shown_at = now + left + faults.number("clock_off")
    end = datetime.fromtimestamp(shown_at, tz=UTC)
    match faults.word("expires_format", "seconds"):
        case "float":
            return left
        case "string":
            return str(int(left))
        case "epoch":
            return int(shown_at)
        case "epoch_ms":
            return int(shown_at * 1000)
        case "datetime":
            return end.strftime("%Y-%m-%d %H:%M:%S")
        case "local":
            return end.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
        case "iso":
            return end.isoformat()
        case "garbage":
            return "soon"
    return int(left)


def with_oddities(
    infos: list[Json], asked: set[int], registrar: Registrar, faults: Faults, random: Random
) -> list[Json]:
    """Entries left out, doubled or uncalled for."""
    if faults.are_none:
        return infos
    share = faults.number("drop_ids")
    kept = [info for info in infos if random.random() >= share] if share else infos
    kept = [info for info in kept if not _is_left_out(info, faults)]
    if faults.on("duplicates"):
        kept = [info for info in kept for _ in range(2)]
    if faults.on("extra_ids"):
        other = next((i for i in registrar.phones if i not in asked), None)
        kept = [*kept, empty(other)] if other is not None else kept
    return kept


def _is_left_out(info: Json, faults: Faults) -> bool:
    extension_id = info.get("extension_id", 0)
    return any(faults.strikes(f, extension_id) for f in ("left_out_share", "left_out_ids"))


def extension(phone: Phone, faults: Faults) -> Json:
    """One extension of the list."""
    name = f"{phone.name}@{DOMAIN}" if faults.on("names_with_domain") else phone.name
    return {
        "id": phone.id,
        "name": name,
        "label": phone.label,
        "caller_id_name": phone.label,
        "type": "phone",
        "status": "active",
        "extension_group_id": phone.group_id,
        "domain": DOMAIN,
        "create_date": "2018-04-19 09:51:35",
    }


def page_of(phones: list[Phone], page: int, per_page: int, faults: Faults) -> list[Phone] | None:
    """A page of the list; None: 404, since it is past the end."""
    if faults.on("list_incomplete"):
        phones = phones[: len(phones) // 2]
    phones = [phone for phone in phones if not faults.strikes("list_missing", phone.id)]
    if faults.on("paging_ignores_page"):
        page = 1
    start = (page - 1) * per_page
    if faults.on("paging_overlap") and start:
        start -= max(1, per_page // 10)
    if page > 1 and start >= len(phones) and faults.on("paging_404_past_end"):
        return None
    return phones[start : start + per_page]


def error(status: int, word: str, message: object, faults: Faults) -> Json:
    """An error's body."""
    match faults.word("error_status_form", "string"):
        case "int":
            return {"status": status, "message": message}
        case "absent":
            return {"message": message}
    return {"status": word, "message": message}
