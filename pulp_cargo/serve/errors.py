"""Why a start ends early: a reason to tell, or a wish to stop."""


class ServeError(Exception):
    """A reason for not starting that the user can do something about, told in one line."""


class StopRequested(Exception):
    """Somebody asked for the end (Ctrl-C, SIGTERM, SIGHUP) while the start was under way."""
