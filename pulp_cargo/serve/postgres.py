"""A PostgreSQL of our own: one cluster in the data directory, reached by a Unix socket only."""

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

# A socket's whole path is limited to 107 bytes, of which its name takes 14.
_LONGEST_SOCKET_DIR = 90

# `fsync` stays on: what a publish was answered with has to survive a power cut.
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    # Compiling a query takes longer than any of ours runs.
    "jit": "off",
    # The default minute leaves hot rows (heartbeats, sequences of versions) bloated.
    "autovacuum_naptime": "10s",
    "log_line_prefix": "%m [%p] ",
}


def prepare(data: DataDir) -> tuple[Binaries, Account | None]:
    """Find the programs and the account, and make the data directory fit for both."""
    binaries = postgres_binaries.find_binaries(data)
    account = postgres_binaries.choose_account(data)
    if account is not None:
        postgres_binaries.require_reachable(data, account)
        binaries = postgres_binaries.reachable_binaries(binaries, data, account)
    return binaries, account


def initdb(binaries: Binaries, account: Account | None, data: DataDir) -> ProcessSpec:
    """Return the process that makes a new cluster, beside the place where it will be."""
    directory = unfinished_cluster(data)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    own(directory, account)
    locale = ["--locale=C"]
    if int(binaries.major) >= 17:
        # Letters beyond ASCII have cases too, and the same order on every machine.
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ProcessSpec(
        name="initdb",
        argv=(
            str(binaries.bin / "initdb"),
            f"--pgdata={directory}",
            "--username=pulp",
            "--auth=trust",
            # Its last words are then the reason of a failure, and not what it cleaned up.
            "--no-clean",
            "--encoding=UTF8",
            *locale,
        ),
        log=data.log("postgres"),
        cwd=directory,
        account=account,
    )


def unfinished_cluster(data: DataDir) -> Path:
    """Return where a cluster is made; only a complete one gets its real name."""
    return data.postgres.with_suffix(".new")


def server(
    binaries: Binaries, account: Account | None, data: DataDir, socket_dir: Path
) -> ProcessSpec:
    """Return the server's process."""
    settings = {**_SETTINGS, "unix_socket_directories": str(socket_dir)}
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
        raise ServeError(f"{directory} belongs to somebody else; remove it")
    own(directory, account)
    return directory


def own(directory: Path, account: Account | None) -> None:
    """Hand a directory to PostgreSQL's account."""
    if account is not None:
        os.chown(directory, account.uid, account.gid)


def clear_debris(data: DataDir, *, patience: float) -> None:
    """Make a cluster startable again whose server was killed or is still on its way out.

    PostgreSQL refuses to start while the process id in `postmaster.pid` belongs to any process at
    all; after a reboot, or in a container, that may be an unrelated one.
    """
    deadline = time.monotonic() + patience
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
    """Return when the server takes connections; after a crash it recovers first."""
    while True:
        try:
            with database.connection(dbname="postgres"):
                return
        except ServeError:
            pause()
