"""The one error of a store that those who write must tell from all others."""


class UnstorableError(Exception):
    """The store will never take this, however often it is asked: give it up, and say so."""
