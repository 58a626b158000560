"""The steps of a publish, at each of which a test can stop the process.

Only who starts a process can set the variable, and only a test does.
"""

import os

STEPS = (
    "received",
    "examined",
    "stored",
    "written",
    "committed",
    "told",
)
_FOLDER = os.environ.get("PULP_CARGO_TESTS_STEPS")


def reached(step: str) -> None:
    """Send this process the signal that a file of the step's name asks for; once."""
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
