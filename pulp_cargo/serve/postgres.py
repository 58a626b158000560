"""The launcher's own PostgreSQL: a cluster in the data directory, with a Unix socket only."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from pulp_cargo.serve import postgres_binaries
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.database import Database
from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.postgres_binaries import Binaries
from pulp_cargo.serve.processes import Account, ProcessSpec

# The path of a socket is limited to 107 bytes, of which its name takes 14.
_LONGEST_SOCKET_DIR = 90

# `fsync` is on: a confirmed publish must survive a power failure.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    # The write-ahead log takes at most 256 MB: the server begins a checkpoint at about half of this
    # size, and exceeds it while the checkpoint lasts.
    "max_wal_size": "160MB",
    "min_wal_size": "64MB",
    # The log is only removed at the end of a checkpoint, which would be spread over nine tenths of
    # five minutes: now it takes at most one.
    "checkpoint_completion_target": "0.2",
    "wal_keep_size": "0",
    # Compiling a query takes longer than running it.
    "jit": "off",
    # The default is that of rotating disks: with it, PostgreSQL reads small tables as a whole, for each
    # row that is looked up in them, rather than use their index.
    "random_page_cost": "1.1",
    # With the default minute, frequently updated rows (heartbeats, version counters) get bloated.
    "autovacuum_naptime": "10s",
    "log_line_prefix": "%m [%p] ",
}


def prepare(data: DataDir) -> tuple[Binaries, Account | None]:
    """Find the programs and the account, and prepare the data directory for both."""
    binaries = postgres_binaries.find_binaries(data)
    account = postgres_binaries.choose_account(data)
    if account is not None:
        postgres_binaries.require_reachable(data, account)
        binaries = postgres_binaries.reachable_binaries(binaries, data, account)
    return binaries, account


def initdb(binaries: Binaries, account: Account | None, data: DataDir) -> ProcessSpec:
    """Return the process that creates a new cluster, next to its final path."""
    directory = unfinished_cluster(data)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    own(directory, account)
    locale = ["--locale=C"]
    if int(binaries.major) >= 17:
        # Case conversion beyond ASCII, and the same sort order on every machine.
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ProcessSpec(
        name="initdb",
        argv=(
            str(binaries.bin / "initdb"),
            f"--pgdata={directory}",
            "--username=pulp",
            "--auth=trust",
            # The last line of its output is then the reason of a failure, not the clean-up.
            "--no-clean",
            "--encoding=UTF8",
            *locale,
        ),
        log=data.log("postgres"),
        cwd=directory,
        account=account,
    )


def unfinished_cluster(data: DataDir) -> Path:
    """Return where a cluster is created; only a complete one gets its final name."""
    return data.postgres.with_suffix(".new")


def server(
    binaries: Binaries, account: Account | None, data: DataDir, socket_dir: Path
) -> ProcessSpec:
    """Return the process of the server."""
    settings = {**_SETTINGS, "unix_socket_directories": str(socket_dir)}
    if int(binaries.major) >= 18:
        # Most of what is read is in the memory of the system. Handing each block to another process,
        # which is the default, takes several times as long as copying it.
        settings["io_method"] = "sync"
    options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
    return ProcessSpec(
        name="postgres",
        argv=(str(binaries.bin / "postgres"), "-D", str(data.postgres), *options),
        log=data.log("postgres"),
        cwd=data.postgres,
        account=account,
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
    )


def make_socket_dir(data: DataDir, account: Account | None) -> Path:
    """Return a directory for the socket, short enough and closed to other users."""
    directory = data.root / "socket"
    if len(bytes(directory)) > _LONGEST_SOCKET_DIR:
        directory = Path(tempfile.gettempdir()) / f"pulp-cargo-{data.instance}"
    directory.mkdir(mode=0o700, exist_ok=True)
    owner = os.geteuid() if account is None else account.uid
    if directory.is_symlink() or directory.stat().st_uid not in (owner, os.geteuid()):
        raise ServeError(f"{directory} belongs to another user; remove it")
    own(directory, account)
    return directory


def own(directory: Path, account: Account | None) -> None:
    """Change the owner of a directory to PostgreSQL's account."""
    if account is not None:
        os.chown(directory, account.uid, account.gid)


def clear_debris(data: DataDir, *, timeout: float) -> None:
    """Make a cluster startable whose server was killed or is still shutting down.

    PostgreSQL refuses to start while any process has the id in `postmaster.pid`; after a reboot, or
    in a container, that may be an unrelated one.
    """
    deadline = time.monotonic() + timeout
    while users := list(_processes_in(data.postgres)):
        if time.monotonic() > deadline:
            for process_id in users:
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGKILL)
        time.sleep(0.05)
    (data.postgres / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(directory: Path) -> Iterator[int]:
    """Yield the server processes of a cluster: their current directory is its data directory."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                is_server = (entry / "comm").read_text().strip() == "postgres"
                if is_server and (entry / "cwd").readlink() == directory.resolve():
                    yield int(entry.name)


def wait_until_up(database: Database, pause: Callable[[], None]) -> None:
    """Wait until the server accepts connections; after a crash it recovers first."""
    while True:
        try:
            with database.connection(dbname="postgres"):
                return
        except ServeError:
            pause()
