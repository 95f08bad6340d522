"""What can be typed: commands, their options, what their help says. Loads nothing else before a
command does its work, so that help and completion are there at once.
"""
