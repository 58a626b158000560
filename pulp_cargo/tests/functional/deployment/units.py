"""Starts what the units of the deployment guide start, on other ports and for other settings."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path

from pulp_cargo.serve.processes import python_command
from pulp_cargo.tests.functional.deployment import preloaded_programs
from pulp_cargo.tests.functional.docs.shell import DOCS
from pulp_cargo.tests.support import hashers

UNITS = DOCS / "admin" / "systemd"


def read(unit: Path) -> ConfigParser:
    """Return what a unit file says."""
    parser = ConfigParser(interpolation=None)
    # The names of options keep their capitals.
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return parser


def command(unit: Path) -> Sequence[str]:
    """Return the command of a unit with the program that is installed here."""
    program, *arguments = shlex.split(read(unit)["Service"]["ExecStart"])
    return [str(Path(sys.executable).with_name(Path(program).name)), *arguments]


@contextmanager
def running(
    settings: Path, services: Mapping[str, int | None], environ: Mapping[str, str]
) -> Iterator[None]:
    """Have the services of units for a while, each with one process, on a port if it listens."""
    commands = [_command(name, port) for name, port in services.items()]
    process = subprocess.Popen(
        python_command(preloaded_programs.__name__, json.dumps(commands)),
        cwd=settings.parent / "tmp",
        env={
            **os.environ,
            **hashers.SETTING,
            "PULP_SETTINGS": str(settings),
            "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
            **environ,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _command(name: str, port: int | None) -> Sequence[str]:
    arguments = list(command(UNITS / f"{name}.service"))
    if port is not None:
        arguments[arguments.index("--bind") + 1] = f"127.0.0.1:{port}"
        arguments[arguments.index("--workers") + 1] = "1"
    return arguments
