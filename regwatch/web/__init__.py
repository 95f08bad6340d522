"""Metrics, health and the status page, over HTTP."""
