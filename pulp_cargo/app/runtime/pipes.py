"""The pipes to processes that this one has started."""

import subprocess
from typing import IO


def input_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """Return the pipe to a process; raises ValueError if it was started without one."""
    if process.stdin is None:
        raise ValueError("the process was started without a pipe for its input")
    return process.stdin


def output_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """Return the pipe from a process; raises ValueError if it was started without one."""
    if process.stdout is None:
        raise ValueError("the process was started without a pipe for its output")
    return process.stdout
