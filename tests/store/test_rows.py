"""From values to rows and back."""

import msgspec

from regwatch.core.model import ExtensionState, Watched


async def test_a_field_added_later_takes_its_default() -> None:
    class OldWatched(msgspec.Struct):
        extension: dict[str, object]

    stored = msgspec.msgpack.encode(OldWatched({"id": 1, "name": "000*101"}))
    assert msgspec.msgpack.decode(stored, type=Watched).state is ExtensionState.UNKNOWN
