"""One extension, one answer: what became of its registrations, and what is wrong with it now.

Decides on values: what the monitor remembers of the extension goes in, what it shall remember and
the conditions that hold come out.
"""

from collections.abc import Container, Sequence

from msgspec.structs import replace

from regwatch.core.model import (
    Answer,
    ExtensionState,
    Registration,
    RegistrationId,
    Watched,
)
from regwatch.core.phones.diff import (
    Change,
    Past,
    diff_extension,
    lease_has_ended,
)
from regwatch.core.phones.memory import Loss, Memory

THERE = (ExtensionState.REGISTERED, ExtensionState.OVERDUE)


def is_bare(answer: Answer, watched: Watched) -> bool:
    """Whether all it says is that the extension is there: not what of its entries became. Nobody is
    late by that.
    """
    says_nothing = answer.registered and not answer.registrations
    return says_nothing and bool(watched.registrations) and watched.state in THERE


def understood(answer: Answer, watched: Watched) -> Answer:
    """The answer, read in the light of the one before.

    The PBX's flag is trusted over its entries: registered without any entry means that nothing new
    is known of them. And an entry without a known lease, whose lease was about to end, has not
    become permanent: `expires` is 0 in its last second, and stays so until the registrar cleans up.
    """
    if answer.registered and not answer.registrations:
        return replace(answer, registrations=watched.registrations)
    if all(r.lease_ends_at is not None for r in answer.registrations):
        return answer
    ending = {r.id: r for r in watched.registrations if lease_has_ended(r, answer.answered_at)}
    kept = tuple(_with_old_lease(r, ending.get(r.id)) for r in answer.registrations)
    return replace(answer, registrations=kept)


def _with_old_lease(registration: Registration, old: Registration | None) -> Registration:
    if registration.lease_ends_at is not None or old is None:
        return registration
    return replace(registration, lease_ends_at=old.lease_ends_at)


def is_lost(watched: Watched) -> bool:
    """Whether it was seen registered and is not, by the last answer."""
    return not watched.registrations and watched.last_registered_at is not None


def held_last(watched: Watched, memory: Memory) -> tuple[Registration, ...]:
    """Its registrations or, if it has none, the one it lost last."""
    if watched.registrations or memory.loss is None:
        return watched.registrations
    return (memory.loss.registration,)


def changes_in(
    watched: Watched, memory: Memory, answer: Answer, deleted: Container[RegistrationId]
) -> Sequence[Change]:
    """What happened since the answer before; nothing, if this is the first one."""
    if watched.answered_at is None or answer.registrations == watched.registrations:
        return ()
    past = Past(
        watched.registrations,
        is_lost(watched),
        memory.tracks,
        watched.answered_at,
        memory.habits,
        memory.has_several(now=answer.answered_at),
        memory.doubt.at if memory.doubt is not None else None,
    )
    return tuple(diff_extension(past, answer, deleted=deleted))


def state_of(
    watched: Watched, loss: Loss | None, *, overdue: bool, is_expected: bool = True
) -> ExtensionState:
    """The state by what was last answered; `loss`: how its last registration ended. What is not
    expected to be registered is not lost.
    """
    if watched.registrations:
        return ExtensionState.OVERDUE if overdue and is_expected else ExtensionState.REGISTERED
    if watched.last_registered_at is None or not is_expected:
        return ExtensionState.UNREGISTERED
    if loss is not None and loss.is_good_bye:
        return ExtensionState.SIGNED_OFF
    return ExtensionState.LOST
