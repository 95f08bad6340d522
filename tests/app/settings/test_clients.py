"""Which extensions of an account are watched, as the file says."""

from regwatch.app.settings.clients import selection
from regwatch.config.sections import AccountShape, ExtensionsShape
from regwatch.core.model import Extension, ExtensionId


def test_many_explicit_ids_are_looked_up_and_not_gone_through() -> None:
    """Counted: so many comparisons would be the square of the ids."""
    compared = 0

    class Counted(int):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    ids = [Counted(i) for i in range(2000)]
    chosen = selection(
        AccountShape.model_construct(extensions=ExtensionsShape.model_construct(ids=ids))
    )
    assert all(chosen.wants(Extension(ExtensionId(i), "")) for i in range(2000))
    assert chosen.unlisted({ExtensionId(i) for i in range(1999)}) == [
        Extension(ExtensionId(1999), "")
    ]
    assert compared <= 3 * len(ids)
