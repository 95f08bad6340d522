"""Words that nobody should say: what is hard to read, to show and to store. For Hypothesis, and for
tests that want each of them.
"""

import json
from collections.abc import Sequence

from hypothesis import strategies as st

WORST_WORDS = (
    "\x00", "\x1b[2J", "\x9b1m", "\x1b]8;;http://x\x07", "\r\nBcc: x@example.com", "<0>", "\u202e",
    "\u2066", "\u061c", "\u200b", "\u200d\u200d", "\ufeff", "\U000e0041", "\u2028", "\ud800",
    "e" + "\u0301" * 40, "[red]", "[/x]", ":fire:", "=1+1", "@everyone", "<!channel>", "<b>", "%ff",
    "${HOME}", "{{ 1 }}", "'", '"', "\\", "/", "::1", "[::1]", "sip:", "@", "*", "000*1", "-", "+",
    "1e999", "-0", "NaN", "1" * 30, "9" * 5000, "0x1", "1_0", "٣", "²", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "Mon, 01 Jan 0001 00:00:00 +2359",
    "Thu, 32 Foo 99999 25:61:61 GMT",
    "1h", "999999999999w", "true", "null", "!!bool x", "!!int +-5", "!!int ''", "!!timestamp x",
    "!!float ''", "<<: *a", "&a [*a]", "? [a]", "- ", ": ", "gzip;q=", "Bearer ", "Basic AAAA",
    "text/plain;version=x",
)  # fmt: skip
UNSEEN_WORDS = tuple(word for word in WORST_WORDS[:16] if word != "<0>")
"""Those among them of which something must not come in."""

ANY_CHARACTER = st.characters(codec=None, categories=None)
WORDS = st.lists(
    st.sampled_from(WORST_WORDS) | st.text(ANY_CHARACTER, max_size=12), max_size=5
).map("".join)
NUMBERS = st.integers() | st.sampled_from([2**31, 2**63, 2**64, -(2**63) - 1, 10**30]) | st.floats()


def values(names: Sequence[str]) -> st.SearchStrategy[object]:
    """What JSON can say, with these names in it."""
    scalars = st.none() | st.booleans() | NUMBERS | WORDS
    keys = st.sampled_from(names) | WORDS
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=12,
    )


def bodies(names: Sequence[str], samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes of every kind: of JSON, of a sound sample with some of them changed, any at all."""
    said = values(names).map(lambda value: json.dumps(value).encode("utf-8", errors="replace"))
    raw = values(names).map(
        lambda value: json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    )
    lines = st.lists(st.tuples(st.sampled_from(names), WORDS).map(": ".join), max_size=3)
    written = lines.map(lambda some: "\n".join(some).encode(errors="replace"))
    deep = st.sampled_from([b"[", b'{"a":', b"\x91", b"- "]).map(lambda part: part * 3000)
    changed = st.sampled_from(samples).flatmap(_changed) if samples else st.nothing()
    return st.binary(max_size=40) | said | raw | written | deep | changed


def _changed(sample: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, max(0, len(sample) - 1))
    change = st.tuples(places, st.binary(max_size=3), st.integers(0, 3))
    return st.lists(change, max_size=4).map(lambda changes: _applied(sample, changes))


def _applied(sample: bytes, changes: Sequence[tuple[int, bytes, int]]) -> bytes:
    for place, put_in, left_out in changes:
        sample = sample[:place] + put_in + sample[place + left_out :]
    return sample
