"""A process that has loaded Pulp once, for all of Pulp's processes.

Loading Pulp takes longer than anything else of a start. So this process does it while PostgreSQL
starts, fills the database if the launcher asks for it, and forks the API, the content app and the
worker, which share its memory. It remains, to fork the successors of processes that crash.

Messages and answers are lines of JSON on standard input and output, the first answer without a
message when it has loaded; it ends with its input.
"""

import gc
import json
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any, NoReturn

import django
from django import conf
from django.urls import get_resolver

from pulp_cargo.serve import bootstrap, child
from pulp_cargo.serve.processes import ForkSpec, die_with_parent, fork_orphan, set_name

# What the forked processes would load otherwise, each by itself.
MODULES = (
    "pulpcore.app.entrypoint",
    "pulpcore.app.urls",
    "pulpcore.tasking.entrypoint",
)
# With telemetry they start a thread, and then nothing could be forked.
CONTENT_MODULES = ("pulpcore.content.entrypoint", "pulp_cargo.app.content")


def main() -> None:
    """Load Pulp, and do what the launcher asks for."""
    launcher = os.getppid()
    set_name("preloaded")
    # Whatever Django prints goes into the log.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    load()
    # gunicorn loads setproctitle, if that is installed, which changes the name.
    set_name("preloaded")
    _answer(answers, {})
    for line in sys.stdin:
        message = json.loads(line)
        if "bootstrap" in message:
            _answer(answers, bootstrap.fill(**message["bootstrap"]))
        else:
            _start(ForkSpec(**message["start"]), launcher, answers)


def load() -> None:
    """Load Pulp, so that no collection ever looks at it.

    It stays: there is nothing to collect, neither now, nor during the migrations, which would
    otherwise look at all of it again and again, nor in the processes, which share its memory.
    """
    gc.disable()
    django.setup()
    for module in MODULES if conf.settings.OTEL_ENABLED else MODULES + CONTENT_MODULES:
        import_module(module)
    # Every task makes URLs, and what Django prepares for the first one would be two fifths of a
    # short task's time, since each task is a process of its own.
    get_resolver().reverse_dict.keys()
    gc.freeze()
    gc.enable()


def _answer(answers: Any, answer: object) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def _start(spec: ForkSpec, launcher: int, answers: Any) -> None:
    """Fork a process and answer with its id, or with nothing if that is not possible."""
    from django.db import connections

    connections.close_all()
    if threading.active_count() > 1:
        # Locks that other threads hold would remain locked for ever.
        _answer(answers, {})
        return
    # What the migrations have left is garbage, and the rest is for all processes, as above.
    gc.collect()
    gc.freeze()
    process_id = fork_orphan()
    if process_id is None:
        answers.close()
        _become(spec, launcher)
    _answer(answers, {"process_id": process_id})


def _become(spec: ForkSpec, launcher: int) -> NoReturn:
    """Run a command of Pulp in this process, as `child` does in one of its own."""
    die_with_parent(launcher, signal.SIGKILL)
    for descriptor in spec.closed:
        os.close(descriptor)
    log = os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for opened, descriptor in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(opened, descriptor)
    os.close(log)
    os.close(nothing)
    os.chdir(spec.cwd)
    os.environ.update(spec.environ)
    sys.argv = [child.__name__, *spec.arguments]
    child.main()
    sys.exit()


if __name__ == "__main__":
    main()
