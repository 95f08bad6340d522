"""How long a test waits for what must come: generously, since only a failure takes so long."""

PATIENCE = 240.0
"""Seconds; for a machine many times slower than usual, on which all tests run at once."""
