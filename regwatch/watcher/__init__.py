"""Watching one account: ask when the planner says so, feed the monitor, keep what it concludes.

Decides nothing itself: that is the core's. Knows nothing of how alerts go out.
"""

from regwatch.watcher.keeper import Keeper, StateStore
from regwatch.watcher.selection import Discovery, Selection
from regwatch.watcher.watcher import Source, Watcher

__all__ = ["Discovery", "Keeper", "Selection", "Source", "StateStore", "Watcher"]
