"""Whom to ask when: whose turn it is, how many requests there are, and both together."""
