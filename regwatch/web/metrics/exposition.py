"""The whole of `/metrics`: what prometheus_client renders, then the per-extension families, in the
format and encoding that the client asked for.
"""

import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import Metric
from prometheus_client.exposition import (
    CONTENT_TYPE_PLAIN_0_0_4,
    choose_encoder,
    generate_latest,
)
from prometheus_client.registry import Collector

from regwatch.guard import Bugs
from regwatch.web.metrics.collector import StateCollector
from regwatch.web.metrics.instruments import Instruments
from regwatch.web.metrics.series import PerExtension, render_series
from regwatch.web.views import DaemonView

END_OF_OPENMETRICS = b"# EOF\n"
GZIP_LEVEL = 1  # 36 ms for 20 MB where level 6 takes 86


@dataclass(frozen=True, slots=True)
class Format:
    """How to render, as negotiated from an Accept header."""

    content_type: str
    encode: Callable[[Collector], bytes]

    @property
    def is_openmetrics(self) -> bool:
        """Whether it ends with `# EOF` and names families by OpenMetrics' rules."""
        return self.content_type.startswith("application/openmetrics-text")


def negotiate(accept: str) -> Format:
    """The format for an Accept header, as prometheus_client chooses it; plain text for nonsense."""
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        return Format(CONTENT_TYPE_PLAIN_0_0_4, generate_latest)
    return Format(content_type, encode)


_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?P<q>[0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    found = _GZIP.search(accept_encoding)
    return found is not None and (found["q"] or "1").strip("0.") != ""


@dataclass(frozen=True, slots=True)
class Exposition:
    """All metrics of one daemon."""

    instruments: Instruments
    view: DaemonView
    per_extension: PerExtension
    bugs: Bugs = field(default_factory=Bugs)

    async def chunks(self, form: Format) -> AsyncIterator[bytes]:
        """The text, piece by piece; the loop runs between pieces."""
        families = _Families((self.instruments.registry, StateCollector(self.view, self.bugs)))
        yield form.encode(families).removesuffix(END_OF_OPENMETRICS)
        async for text in render_series(self.view.accounts(), self.per_extension, self.bugs):
            # Names come from the PBX: half a surrogate pair must not end the scrape.
            yield text.encode(errors="replace")
        if form.is_openmetrics:
            yield END_OF_OPENMETRICS


async def gzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, compressed as a stream."""
    # 16 above the largest window: with gzip's header and trailer.
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    async for chunk in chunks:
        if compressed := compressor.compress(chunk):
            yield compressed
    yield compressor.flush()


class _Families(Collector):
    """All families of several collectors, made presentable."""

    def __init__(self, sources: tuple[Collector, ...]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        for family in (family for source in self._sources for family in source.collect()):
            # When a child was made says nothing about the PBX, and is a series for each child.
            family.samples = [s for s in family.samples if not s.name.endswith("_created")]
            yield family
