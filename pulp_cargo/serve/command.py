"""The command `pulp-cargo`."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from pulp_cargo.serve import cli_profile, report
from pulp_cargo.serve.cargo_files import files_for
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.errors import ServeError, StopRequested
from pulp_cargo.serve.offer import Offer, can_ask, write_cargo_files
from pulp_cargo.serve.options import Options, parse_options
from pulp_cargo.serve.ports import Listeners, listening
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.service_manager import ServiceManager
from pulp_cargo.serve.startup import Say, bring_up
from pulp_cargo.serve.supervisor import Supervisor
from pulp_cargo.serve.terminal import Progress, style_of


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
        Progress().say(f"error: {error}")
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
    progress, manager = Progress(), ServiceManager()
    supervisor = Supervisor(progress.say, while_waiting=progress.tick)
    supervisor.listen_to_signals()
    try:
        ready = bring_up(options, data, listeners, supervisor, progress.step)
        ready = replace(ready, pids={**ready.pids, "supervisor": os.getpid()})
        progress.end()
        manager.notify_ready()
        supervisor.keep_running(_greet(options, ready, progress.say))
        progress.say("stopping")
    finally:
        progress.end()
        supervisor.stop()


def _greet(options: Options, ready: Ready, say: Say) -> Callable[[], None]:
    """Print how to use the registry; return what else to do while it is running."""
    files = files_for(ready, os.environ)
    if options.write_cargo_config:
        write_cargo_files(files, say)
    if options.as_json:
        print(report.for_scripts(ready), flush=True)
        return _nothing
    setup = report.Setup(files, files.are_complete, _pulp(ready, say))
    print(report.for_people(ready, setup, style_of(sys.stdout)), flush=True)
    is_open = not setup.is_cargo_set_up and bool(files.wanted) and can_ask()
    return Offer(files, say).look_for_answer if is_open else _nothing


def _nothing() -> None:
    return


def _pulp(ready: Ready, say: Say) -> str | None:
    """Make sure that `pulp` has a profile for this Pulp; return a first command."""
    pulp = cli_profile.command()
    if pulp is None:
        return None
    try:
        path = cli_profile.settings_file(os.environ)
        profile = cli_profile.provide(path, ready.api_url, ready.admin_password)
    except ServeError as error:
        say(f"error: {error}")
        return None
    if profile is not None and profile.is_new:
        cli_profile.prepare_description(ready.api_url)
    return f"{pulp} {profile.options}cargo repository list" if profile else None
