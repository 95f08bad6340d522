"""How long a test waits for what must come: one limit for all, since only a failure lasts so long."""

PATIENCE = 240.0
"""Seconds; for a machine many times slower than usual, on which all tests run at once."""
