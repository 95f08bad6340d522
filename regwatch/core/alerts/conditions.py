"""What is wrong now, and in which words a person is told.

A condition has no memory and no timing: how long it must hold, whether it was told already and
when it is over is the business of `incidents`.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from regwatch.core.durations import humanise
from regwatch.core.model import (
    AccountName,
    AlertName,
    Extension,
    ExtensionState,
    Facts,
    FailureReason,
    Registration,
    Timestamp,
    Toll,
    Watched,
)
from regwatch.core.phones.lateness import Lateness
from regwatch.core.phones.memory import Loss
from regwatch.core.subjects import (
    extension_subject,
    receiver_subject,
    registration_subject,
)

NAMED = 5
"""Of many extensions so many are named in a message."""
NO_ACCOUNT = AccountName("")
"""Of what concerns regwatch itself."""


class Condition(Struct, frozen=True, gc=False, kw_only=True):
    """Something wrong now with one subject."""

    alert: AlertName
    subject: str
    since: Timestamp
    """When it began, as well as is known: a lease's end, the answer that showed it, …"""
    summary: str
    explanation: str
    facts: Facts
    is_retold: bool = False
    """Whether its words change while it lasts, and the incident takes them over."""
    toll: Toll | None = None
    """How many phones it is about; None: it is about one thing."""


def extension_lost(account: AccountName, watched: Watched, loss: Loss) -> Condition:
    """The last active registration of an extension is gone."""
    who = name_of(watched.extension)
    return Condition(
        alert=AlertName.EXTENSION_LOST,
        subject=extension_subject(watched.extension.id),
        since=loss.began_at,
        summary=f"{who} lost its registration{at_site(watched.site)}: {LOSS_WORDS[loss.reason]}",
        explanation=_loss_story(loss) + " Calls to it do not ring.",
        facts=_loss_facts(account, watched, loss),
    )


def signed_off(account: AccountName, watched: Watched, loss: Loss) -> Condition:
    """It un-REGISTERed, and has no other registration."""
    return Condition(
        alert=AlertName.SIGNED_OFF,
        subject=extension_subject(watched.extension.id),
        since=loss.began_at,
        summary=f"{name_of(watched.extension)} signed off{at_site(watched.site)}",
        explanation=_loss_story(loss) + " It worked until then: a person, a reboot or somebody at "
        "the PBX ended its registration. Calls to it do not ring.",
        facts=_loss_facts(account, watched, loss),
    )


def registration_lost(account: AccountName, watched: Watched, loss: Loss) -> Condition:
    """One of several devices of an extension is gone."""
    who = name_of(watched.extension)
    device = loss.registration.device or "an unnamed device"
    left = len(watched.registrations)
    return Condition(
        alert=AlertName.REGISTRATION_LOST,
        subject=registration_subject(watched.extension.id, loss.registration),
        since=loss.began_at,
        summary=f"{who} lost one device{at_site(watched.site)}, {device}: "
        f"{LOSS_WORDS[loss.reason]}",
        explanation=f"{_loss_story(loss)} {left} of its devices still registered.",
        facts=_loss_facts(account, watched, loss),
    )


def missed_since(condition: Condition, expected_since: Timestamp) -> Condition:
    """It was so before, but matters only since it is expected to be otherwise."""
    if condition.since >= expected_since:
        return condition
    story = f"{condition.explanation} It is expected to be registered only since then."
    return replace(condition, since=expected_since, explanation=story)


LOSS_WORDS = {
    "expired": "its lease ran out without a refresh",
    "unregistered": "it signed off",
    "ended_unseen": "its lease ran out, or it signed off since it was last seen",
    "deleted": "deleted through regwatch and not back",
    "forgotten": "the registrar forgot it, and it did not come back",
}


def _loss_story(loss: Loss) -> str:
    lag = loss.detected_at - loss.began_at
    story = (
        f"Last seen registered {humanise(loss.detected_at - loss.last_seen_at)} before detection."
    )
    if loss.reason == "expired":
        return f"{story} Its lease ended {humanise(lag)} before that was seen."
    if loss.is_seen_once:
        return f"{story} It was seen once; it could not be asked again."
    if loss.reason == "ended_unseen":
        return f"{story} It was not asked between its usual refresh and its lease's end."
    return story


def _loss_facts(account: AccountName, watched: Watched, loss: Loss) -> Facts:
    return replace(
        about(account, watched, loss.registration),
        previous_state=ExtensionState.REGISTERED.value,
        reason=loss.reason,
        last_seen=loss.last_seen_at,
        lease_ended=loss.lease_ended_at,
        detected=loss.detected_at,
    )


def refresh_overdue(
    account: AccountName, watched: Watched, lateness: Lateness, subject: str, record: str = ""
) -> Condition:
    """A registration that shows its old lease although its usual refresh is past. `record`: how
    many such warnings came true.
    """
    ends_at = lateness.registration.lease_ends_at or lateness.seen_at
    left = ends_at - lateness.seen_at
    story = f"{lateness.story}, lease ends in {humanise(left)}" if left > 0 else lateness.story
    is_what = "is about to expire" if left > 0 else "has not refreshed"
    return Condition(
        alert=AlertName.REFRESH_OVERDUE,
        subject=subject,
        since=lateness.due_at,
        summary=f"{name_of(watched.extension)} {is_what}{at_site(watched.site)}: {story}",
        explanation=_overdue_story(lateness, story, record),
        facts=replace(
            about(account, watched, lateness.registration),
            previous_state=ExtensionState.REGISTERED.value,
            reason="refresh_overdue",
            last_seen=lateness.seen_at,
            detected=lateness.seen_at,
        ),
    )


def _overdue_story(lateness: Lateness, story: str, record: str) -> str:
    said = [story[:1].upper() + story[1:] + "."]
    if lateness.basis:
        said.append(lateness.basis[:1].upper() + lateness.basis[1:] + ".")
        said.append(record)
    said.append("The PBX still shows it as registered.")
    return " ".join(filter(None, said))


def never_registered(account: AccountName, watched: Watched, since: Timestamp) -> Condition:
    """An extension that was not registered once since it is watched."""
    return Condition(
        alert=AlertName.NEVER_REGISTERED,
        subject=extension_subject(watched.extension.id),
        since=since,
        summary=f"{name_of(watched.extension)} has never registered{at_site(watched.site)}",
        explanation="No device registered for it since regwatch watches it. "
        "If that is intended, put it under `exclude`.",
        facts=replace(about(account, watched, None), reason="never_registered", detected=since),
    )


def api_unavailable(
    account: AccountName,
    *,
    since: Timestamp,
    reason: FailureReason,
    stale: int,
    unconfirmed: int = 0,
) -> Condition:
    """Nothing, or not all, can be seen: regwatch itself is blind."""
    unknown = f" {stale} extensions are unknown by now." if stale else ""
    if unconfirmed:
        unknown += f" {unconfirmed} were missing from the last answer, unconfirmed."
    return Condition(
        alert=AlertName.API_UNAVAILABLE,
        subject="api",
        since=since,
        summary=f"The PBX's API does not answer for {account}: {API_WORDS[reason]}",
        explanation="While this lasts no loss can be seen, and none is concluded." + unknown,
        facts=Facts(account=account, reason=reason.value, detected=since),
    )


def credentials_refused(
    account: AccountName, *, since: Timestamp, reason: FailureReason, detail: str
) -> Condition:
    """The PBX refuses us: only a person can mend it."""
    return Condition(
        alert=AlertName.CREDENTIALS_REFUSED,
        subject="credentials",
        since=since,
        summary=f"The PBX refuses regwatch's access for {account}: {API_WORDS[reason]}",
        explanation=f"{detail} No phone of this account is watched until a person mends it."[:600],
        facts=Facts(account=account, reason=reason.value, detected=since),
    )


def quota_exhausted(
    account: AccountName,
    *,
    since: Timestamp,
    until: Timestamp,
    answer_age: float,
    remaining: int = 0,
    pause: float | None = None,
) -> Condition:
    """The quota left to us is used up. `remaining`: what is kept for other applications; `pause`:
    seconds between the requests that are made all the same.
    """
    wait = humanise(max(0.0, until - since))
    if pause is None:
        nothing = "Nothing" if remaining else "Nothing but a probe now and then"
        how = f"{nothing} is asked for {wait}: losses are found only after that."
    else:
        how = f"For {wait} there is one request in {humanise(pause)}: losses are found late."
    return Condition(
        alert=AlertName.QUOTA_EXHAUSTED,
        subject="quota",
        since=since,
        summary=f"The request quota of {account} is {quota_words(remaining)}: "
        f"answers are up to {humanise(answer_age)} old by the time it is whole again",
        explanation=f"{how} Another application may be using the quota.",
        facts=Facts(account=account, reason="quota_exhausted", detected=since),
    )


def quota_words(remaining: int) -> str:
    """What is left of a quota that leaves nothing to us."""
    return f"down to {remaining}, kept for other applications" if remaining else "used up"


def registrar_restarted(
    account: AccountName, *, since: Timestamp, forgotten: int, back_by: Timestamp
) -> Condition:
    """Registrations vanished all at once: they will come back by themselves."""
    return Condition(
        alert=AlertName.REGISTRAR_RESTARTED,
        subject="registrar",
        since=since,
        summary=f"The registrar of {account} forgot {forgotten} registrations at once: "
        "it has most likely restarted",
        explanation="Calls to these phones do not ring until they refresh, the last of them in "
        f"{humanise(max(0.0, back_by - since))}. Who is not back by then is told as lost.",
        facts=Facts(account=account, reason="forgotten", detected=since),
        is_retold=True,
        toll=Toll(forgotten),
    )


def account_lost(
    account: AccountName, *, since: Timestamp, gone: int, of: int, returned: int
) -> Condition:
    """A large part of an account's phones vanished at once, before their leases ended."""
    share = round(100 * gone / max(1, of))
    back = f"{returned} came back under new registrations" if returned else "none came back"
    return Condition(
        alert=AlertName.ACCOUNT_LOST,
        subject="registrar",
        since=since,
        summary=f"{gone} of {of} phones of {account} ({share} %) vanished at once",
        explanation="Their leases had not ended, and each was missing from two answers. Phones do "
        f"not leave like that: {back}, so it is the PBX or what it says, and calls to them may not "
        "ring. Ask your provider. None of them is told of singly; who is out still when the others "
        "are back is told five minutes later.",
        facts=Facts(account=account, reason="account_lost", detected=since),
        is_retold=True,
        toll=Toll(gone - returned, of, returned),
    )


def list_shrank(
    account: AccountName, missing: Sequence[Extension], *, of: int, since: Timestamp
) -> Condition:
    """Many extensions are gone from the PBX's list at once."""
    share = round(100 * len(missing) / max(1, of))
    return Condition(
        alert=AlertName.LIST_SHRANK,
        subject="list",
        since=since,
        summary=f"{len(missing)} of {of} extensions ({share} %) are gone from the list of "
        f"{account}: {_first_of(missing)}",
        explanation="Extensions do not vanish in such numbers by chance: they are watched on as "
        "long as the PBX speaks of them by their ids. If they were deleted, it is over once the "
        "PBX does not know them any more, or put them under `exclude`.",
        facts=Facts(account=account, reason="list_shrank", detected=since),
        is_retold=True,
        toll=Toll(len(missing), of),
    )


def unanswered(
    account: AccountName, left_out: Sequence[Extension], *, since: Timestamp
) -> Condition:
    """The PBX leaves out some of those that it is asked for, and answers others."""
    count = len(left_out)
    what = "1 extension" if count == 1 else f"{count} extensions"
    return Condition(
        alert=AlertName.UNANSWERED,
        subject="unanswered",
        since=since,
        summary=f"The PBX says nothing of {what} of {account}: {_first_of(left_out)}",
        explanation="It answers for others, and leaves these out. Whether they are registered "
        "cannot be seen. Do they exist still, and may the application see them?",
        facts=Facts(account=account, reason="unanswered", detected=since),
        is_retold=True,
        toll=Toll(count),
    )


def _first_of(extensions: Sequence[Extension]) -> str:
    names = [name_of(each) for each in extensions[:NAMED]]
    more = len(extensions) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def receiver_broken(receiver: str, *, since: Timestamp, error: str, fallback: str) -> Condition:
    """A receiver refuses what it is sent, and only a person can mend it."""
    instead = f"Its messages go to {fallback} meanwhile." if fallback else "It has no `fallback`."
    return Condition(
        alert=AlertName.RECEIVER_BROKEN,
        subject=receiver_subject(receiver),
        since=since,
        summary=f"The receiver {receiver} refuses alerts: {error}",
        explanation=f"{instead} It is tried again every hour and with each new message.",
        facts=Facts(
            account=NO_ACCOUNT, receiver=receiver, reason="receiver_broken", detected=since
        ),
    )


API_WORDS = {
    FailureReason.NETWORK: "no connection",
    FailureReason.TIMEOUT: "no answer in time",
    FailureReason.SERVER_ERROR: "it reports an error of its own",
    FailureReason.BAD_ANSWER: "it answers something else than its API promises",
    FailureReason.QUOTA_EXHAUSTED: "the request quota is used up",
    FailureReason.THROTTLED: "it refuses concurrent requests",
    FailureReason.CREDENTIALS_REFUSED: "the credentials are refused",
    FailureReason.TOKEN_REFUSED: "it refuses a token that it has just granted",
    FailureReason.ACCESS_DENIED: "the registration resource is closed to your application",
    FailureReason.REJECTED: "it refuses the request",
    FailureReason.NOT_FOUND: "it knows no such resource",
    FailureReason.REDIRECTED: "it redirects to another host",
    FailureReason.FROZEN_ANSWERS: "it gives the same answer again and again",
}


def name_of(extension: Extension) -> str:
    """An extension in words: number and label, or its id where neither is known."""
    number = extension.number or f"id {extension.id}"
    return f"{number} ({extension.label})" if extension.label else number


def at_site(site: str) -> str:
    """Where, in words; empty for no site."""
    return f" at {site}" if site else ""


def about(account: AccountName, watched: Watched, registration: Registration | None) -> Facts:
    """Who it is, and with which registration; None: with none."""
    facts = Facts(
        account=account,
        extension_id=watched.extension.id,
        extension=watched.extension.name,
        label=watched.extension.label,
        site=watched.site,
    )
    if registration is None:
        return facts
    return replace(
        facts,
        device=registration.device,
        real_address=registration.real_address,
        contact_address=registration.contact_address,
        registration_id=registration.id,
    )
