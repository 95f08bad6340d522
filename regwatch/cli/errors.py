"""What may be in the way of a command that asks the running daemon.

RemoteError
├── StrangerError
├── ForbiddenError
└── NotFoundError
"""


class RemoteError(Exception):
    """The daemon does not answer, or answers with an error; the text says which, and what to do."""


class StrangerError(RemoteError):
    """It answers only to whom it knows."""


class ForbiddenError(RemoteError):
    """It does not do that for us."""


class NotFoundError(RemoteError):
    """It knows nothing by that name."""
