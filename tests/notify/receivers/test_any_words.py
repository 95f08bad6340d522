"""Whatever a PBX calls its phones: each strict fake takes the message."""

import asyncio

import pytest
from fakes.kinds import SPOKEN, deliver
from fakes.notifications import NEW, RESOLVED, lost, notification, resolved
from fakes.receivers import serving
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

CHARACTERS = st.characters() | st.sampled_from("<>&*_~|`[]()@#:\"'\\/!\n\t\u202e\u2068🔥ש")
TEXTS = st.text(CHARACTERS, max_size=300)


@st.composite
def incidents(draw):
    made = lost(draw(st.integers(1, 9999)), label=draw(TEXTS), site=draw(TEXTS))
    facts = replace(made.facts, device=draw(TEXTS), real_address=draw(TEXTS))
    return replace(made, facts=facts, summary=draw(TEXTS), explanation=draw(TEXTS))


@pytest.mark.parametrize("kind", SPOKEN)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(new=st.lists(incidents(), max_size=8), over=st.lists(incidents(), max_size=4))
def test_each_service_takes_it(kind, new, over):
    note = notification(*((NEW, i) for i in new), *((RESOLVED, resolved(i)) for i in over))

    async def send() -> int:
        async with serving(SPOKEN[kind].fake()) as service:
            await deliver(SPOKEN[kind], service, note, external_url="https://r.example")
            return len(service.taken)

    assert asyncio.run(send()) == 1
