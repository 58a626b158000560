"""A Redis with nothing in it, on a socket in a directory."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulp_cargo.tests.functional.serve.launcher import wait_for

PROGRAM = shutil.which("redis-server")


@contextmanager
def running(root: Path) -> Iterator[dict[str, str]]:
    """Have a Redis for a while; yields the settings by which Pulp caches there."""
    socket = root / "redis.sock"
    options = ("--port", "0", "--unixsocket", socket, "--dir", root, "--save", "")
    process = subprocess.Popen([str(PROGRAM), *options], stdout=subprocess.DEVNULL)
    try:
        assert wait_for(socket.exists)
        yield {"PULP_CACHE_ENABLED": "true", "PULP_REDIS_URL": f"unix://{socket}"}
    finally:
        process.terminate()
        process.wait(20)
