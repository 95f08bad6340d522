"""What is simulated for hours of virtual time would take four times as long if it were traced."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untraced() -> Iterator[None]:
    """Without the tracing of coverage, in this thread. (`no_cover` of pytest-cov does nothing in a
    worker of xdist.)
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
