"""Decisions only: no I/O, no asyncio, no clock, no logging. `now` is always an argument."""
