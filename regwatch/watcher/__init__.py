"""Watching one account: ask what it says, feed it what came of that, keep and tell the outcome.

Decides nothing itself: that is the core's. Knows nothing of how alerts go out.
"""
