"""The JSON API: its contract, the conversion to it, and its endpoints."""
