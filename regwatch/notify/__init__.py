"""Alerts out: the outbox, what is said, one module per kind of receiver."""
