"""Runs a command of pulpcore in a process whose own children die with it.

gunicorn's workers and a Pulp worker's tasks are forked by the command itself. They notice a killed
parent late (the API's worker after 15 s) or never (a task), and would keep the database busy.

    python -m pulp_cargo.serve.child content pulpcore.content.entrypoint:main --bind fd://3
"""

import os
import signal
import sys
from importlib import import_module

from pulp_cargo.serve.processes import die_with_parent, set_name


def main() -> None:
    """Run `module:function`, under a name, with the rest of the command line as its own."""
    name, target = sys.argv.pop(1), sys.argv.pop(1)
    set_name(name)
    parents = [os.getpid()]

    def remember() -> None:
        parents[0] = os.getpid()

    def follow() -> None:
        die_with_parent(parents[0], signal.SIGKILL)

    os.register_at_fork(before=remember, after_in_child=follow)
    module, _, function = target.partition(":")
    getattr(import_module(module), function)()


if __name__ == "__main__":
    main()
