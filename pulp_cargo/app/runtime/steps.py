"""Points at which tests can stop the process in the middle of a publish.

Only the parent process can set the environment variable, and only tests do. It is read once, at
import, so it is a constant and not mutable state.
"""

import os

STEPS = (
    "received",
    "examined",
    "stored",
    "written",
    "committed",
    "acknowledged",
)
_FOLDER = os.environ.get("PULP_CARGO_TESTS_STEPS")


def reached(step: str) -> None:
    """Send this process the signal in the file with the name of the step, once."""
    if _FOLDER is None:
        return
    path = os.path.join(_FOLDER, step)
    try:
        with open(path) as file:
            number = int(file.read())
        os.unlink(path)
    except FileNotFoundError:
        return
    os.kill(os.getpid(), number)
