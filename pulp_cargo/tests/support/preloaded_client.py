"""`pulp` for a shell: lets the server process of preloaded.py run the command.

It starts for every command, so it imports little, and only the standard library.
"""

import os
import signal
import socket
import sys
from array import array
from contextlib import suppress
from types import FrameType

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main() -> int:
    """Send this process's descriptors, directory, arguments and environment, and wait."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.path.join(os.path.dirname(__file__), "socket"))
        descriptors = array("i", [0, 1, 2])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)]
        connection.sendmsg([b"\0"], ancillary)
        connection.sendall(request())
        connection.shutdown(socket.SHUT_WR)
        forward_signals(int.from_bytes(connection.recv(4, socket.MSG_WAITALL), sys.byteorder))
        status = connection.recv(1)
    return status[0] if status else die()


def request() -> bytes:
    """Return what the command depends on, separated by NULs."""
    umask = os.umask(0)
    os.umask(umask)
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    environ = [b"%s=%s" % pair for pair in os.environb.items()]
    numbers = b"%d" % umask, b"%d" % len(arguments)
    return b"\0".join([os.getcwdb(), *numbers, *arguments, *environ])


received = signal.SIGKILL


def forward_signals(pid: int) -> None:
    """Forward signals to the process of the command, unless this process ignores them."""

    def forward(number: int, frame: FrameType | None) -> None:
        global received
        received = signal.Signals(number)
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    for number in FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)


def die() -> int:
    """End by the same signal as the process of the command."""
    if received is not signal.SIGKILL:
        signal.signal(received, signal.SIG_DFL)
    os.kill(os.getpid(), received)
    return 1


if __name__ == "__main__":
    # Python would take some milliseconds to clean up.
    os._exit(main())
