"""The same subject is the same incident, so no two things may share one."""

from fakes.values import registration
from hypothesis import given
from hypothesis import strategies as st

from regwatch.core.model import OF_DEVICE, AlertName, ExtensionId
from regwatch.core.subjects import (
    event_subject,
    extension_subject,
    receiver_subject,
    registration_subject,
    site_subject,
)

IDS = st.integers(1, 12).map(ExtensionId)
NAMES = st.text("12/:a", max_size=4)
THINGS = st.one_of(
    st.tuples(st.just(event_subject), st.sampled_from(AlertName), IDS),
    st.tuples(st.just(extension_subject), IDS),
    st.tuples(st.just(registration_subject), IDS, NAMES.map(registration)),
    st.tuples(st.just(receiver_subject), NAMES),
    st.tuples(st.just(site_subject), NAMES),
)


@given(THINGS, THINGS)
def test_two_things_never_share_a_subject(one: tuple, other: tuple) -> None:
    name, *about = one
    other_name, *about_other = other
    assert (name(*about) == other_name(*about_other)) is (one == other)


@given(THINGS)
def test_only_what_is_about_a_device_says_so(thing: tuple) -> None:
    name, *about = thing
    assert name(*about).startswith(OF_DEVICE) is (name is registration_subject)
