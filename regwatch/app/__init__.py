"""Putting the parts together: what one configuration builds, and the daemon around it.

Imports nothing by itself: a command that only asks the PBX need not load a database.
"""
