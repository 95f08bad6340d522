"""Putting the parts together: from a configuration to what runs, and the daemon around it. What
runs stands in `engines`, what a part is built from in `settings`; here is what joins and outlives.

Imports nothing by itself: a command that only asks the PBX need not load a database.
"""
