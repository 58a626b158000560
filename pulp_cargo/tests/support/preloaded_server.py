"""Imports `pulp` once and forks for every command that preloaded_client.py sends.

Everything that a command depends on is sent by the client: directory, environment, umask and
descriptors. Only prompts for passwords do not work, since a fork has no terminal.
"""

import gc
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Command:
    """The command of a client."""

    cwd: bytes
    umask: int
    arguments: list[str]
    environ: dict[str, str]

    @property
    def cache(self) -> Path:
        """The directory of pulp-glue's cached schemas."""
        return Path(self.environ.get("XDG_CACHE_HOME") or f"{self.environ.get('HOME')}/.cache")


def serve(listener: socket.socket) -> None:
    """Fork for every command, until the other end of stdin is closed."""
    if not _wait(listener):
        return
    # Many shells never run `pulp`, and the imports take a second.
    from pulp_cli import load_plugins

    from pulp_cargo.tests.support import glue

    glue.hurry()
    load_plugins()
    # The forks are not waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while _wait(listener):
        connection, _ = listener.accept()
        with connection:
            _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
            command = _read(connection)
            glue.read_schemas(command.cache)
            # Objects that the garbage collector does not visit remain shared with the forks.
            gc.freeze()
            if os.fork() == 0:
                listener.close()
                _run(command, connection, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def _wait(listener: socket.socket) -> bool:
    """Wait for a command; returns False if there will be no more."""
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    return sys.stdin not in ready


def _read(connection: socket.socket) -> Command:
    with connection.makefile("rb") as file:
        cwd, umask, count, *rest = file.read().split(b"\0")
    texts = [os.fsdecode(text) for text in rest]
    pairs = [text.partition("=") for text in texts[int(count) :]]
    environ = {name: value for name, _, value in pairs}
    return Command(cwd, int(umask), texts[: int(count)], environ)


def _run(command: Command, connection: socket.socket, descriptors: list[int]) -> NoReturn:
    """Become the process of the command; its client learns the exit status."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        connection.sendall(os.getpid().to_bytes(4, sys.byteorder))
        _take_over(command, descriptors)
        status = _status()
        connection.sendall(bytes([status & 0xFF]))
    finally:
        os._exit(status)


def _take_over(command: Command, descriptors: list[int]) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(command.cwd)
    os.umask(command.umask)
    os.environ.clear()
    os.environ.update(command.environ)
    sys.argv = ["pulp", *command.arguments]


def _status() -> int:
    """Do what the script `pulp` does, up to the exit status."""
    from pulp_cli import main

    try:
        main(prog_name="pulp")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        with suppress(OSError):
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as inherited:
        serve(inherited)
