"""The start-up notification for systemd (sd_notify(3), `Type=notify`)."""

import os
import socket

VARIABLE = "NOTIFY_SOCKET"


class ServiceManager:
    """Who started the launcher; does nothing if that is no service manager."""

    def __init__(self) -> None:
        # Removed, since gunicorn would use it as well, for each of its processes.
        address = os.environ.pop(VARIABLE, "")
        # `@` stands for the abstract namespace.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def notify_ready(self) -> None:
        """Report that the registry answers."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                channel.sendto(b"READY=1", self._address)
            except OSError:
                # Whoever listened is gone, and the registry is running nevertheless.
                return
