"""The command `pulp-cargo`."""

import os
import sys
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

from pulp_cargo.serve import report
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.errors import ServeError, StopRequested
from pulp_cargo.serve.options import Options, parse_options
from pulp_cargo.serve.ports import Listeners, listening
from pulp_cargo.serve.startup import bring_up
from pulp_cargo.serve.supervisor import Supervisor


def main() -> int:
    """Run `pulp-cargo serve` until it is stopped; return the exit code."""
    options = parse_options(sys.argv[1:])
    data = DataDir(options.data_dir)
    try:
        data.create()
        with data.lock(), _listening(options, data) as listeners:
            _serve(options, data, listeners)
    except StopRequested:
        return 0
    # OSError: such as a full disk or a file of another user; the message has the file.
    except (ServeError, OSError) as error:
        _say(f"error: {error}")
        return 1
    return 0


def _listening(options: Options, data: DataDir) -> AbstractContextManager[Listeners]:
    return listening(
        data.root / "ports.json",
        bind=options.bind,
        content_port=options.content_port,
        api_port=options.api_port,
    )


def _serve(options: Options, data: DataDir, listeners: Listeners) -> None:
    supervisor = Supervisor(_say)
    supervisor.listen_to_signals()
    try:
        ready = bring_up(options, data, listeners, supervisor, _say)
        ready = replace(ready, pids={**ready.pids, "supervisor": os.getpid()})
        text = report.for_scripts(ready) if options.as_json else report.for_people(ready)
        print(text, flush=True)
        supervisor.keep_running()
        _say("stopping")
    finally:
        supervisor.stop()


def _say(text: str) -> None:
    # The terminal may be closed (SIGHUP), which must not prevent stopping the other processes.
    with suppress(OSError):
        print(f"pulp-cargo: {text}", file=sys.stderr, flush=True)
