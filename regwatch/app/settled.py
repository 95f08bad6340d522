"""What is there to stay is left alone by the garbage collector.

A full collection walks over all that 100,000 extensions hold, and the loop stands still meanwhile
for half a second and more. What was restored, and what the first sweep brought, stays as long as
its engine: it is frozen. Of several accounts each freezes once more: that joins lists and walks
over nothing, and an account whose PBX is silent keeps no other one from it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def freeze(_stage: object) -> None:
    """An account has got so far: what there is by now is not walked over again."""
    gc.freeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is looked for while it lasts: what is read of a file with 100,000 extensions is a
    million objects, and each look through them holds up everybody for a tenth of a second. They
    are let go without it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def release() -> None:
    """An engine is gone: what was frozen with it and is no longer used is given back. The loop
    stands still for it once in a reload that changed an account; what is left stays, and is frozen
    again.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
