"""Reasons for which a start ends early."""


class ServeError(Exception):
    """A failure to start that the user can resolve, with a message of one line."""


class StopRequested(Exception):
    """A stop was requested (Ctrl-C, SIGTERM, SIGHUP) during the start."""
