"""Putting the parts together: what one configuration builds, and the daemon around it."""

from regwatch.app.daemon import Daemon, StartError

__all__ = ["Daemon", "StartError"]
