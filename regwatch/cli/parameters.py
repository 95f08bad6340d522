"""Kinds of words on the command line: durations, times. Nothing is loaded until one is read."""

from datetime import UTC, datetime, timedelta

import click


class DurationType(click.ParamType):  # type: ignore[type-arg]
    """`30m`, `2h`, `1d12h`: seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Fails with a message that says how to write it."""
        from pydantic_core import PydanticCustomError

        from regwatch.shapes.values import seconds

        if isinstance(value, float):
            return value
        try:
            return seconds(value)
        except PydanticCustomError as error:
            advice = (error.context or {}).get("suggestion") or ""
            self.fail(f"{error.message()} ({advice})" if advice else error.message(), param, ctx)


class MomentType(click.ParamType):  # type: ignore[type-arg]
    """A time, `2026-12-01T22:00` by this machine's clock, or a duration: so long ago."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Fails with a message that says how to write it."""
        from pydantic_core import PydanticCustomError

        from regwatch.clock import wall_clock
        from regwatch.shapes.values import seconds

        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        try:
            ago = timedelta(seconds=seconds(value))
        except PydanticCustomError:
            self.fail(f"`{value}` is neither 24h nor 2026-12-01T22:00", param, ctx)
        return datetime.fromtimestamp(wall_clock(), UTC) - ago
