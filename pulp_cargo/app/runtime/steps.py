"""The steps of a publish, at each of which a test can stop the process.

The variable of the environment can be set only by what starts the process, and only tests set it. It
is read once, at import, so this is a constant of the interpreter and no state.
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
