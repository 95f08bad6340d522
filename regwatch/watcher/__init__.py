"""Watching one account: ask when the planner says so, feed the monitor, keep what it concludes.

Decides nothing itself: that is the core's. Knows nothing of how alerts go out.
"""
