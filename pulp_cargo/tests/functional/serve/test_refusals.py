"""What keeps a start from succeeding is told in one line that says what to do."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import FREE_PORTS, Running

pytestmark = pytest.mark.serve


def test_second_launcher_on_the_same_data(registry: Running, data_dir: Path):
    """Two launchers would fight over one PostgreSQL."""
    message = launcher.refused(f"--data-dir={data_dir}", *FREE_PORTS)
    assert message == (
        f"pulp-cargo: error: {data_dir} is in use by another pulp-cargo serve (process"
        f" {registry.process.pid}); stop it, or use another --data-dir"
    )


@pytest.mark.parametrize(
    ("server", "option"), [("content", "--content-port"), ("api", "--api-port")]
)
def test_port_is_taken(registry: Running, scratch: Path, server: str, option: str):
    """The message names the port and the option."""
    port = registry.ready[f"{server}_url"].rpartition(":")[2]
    message = launcher.refused(f"--data-dir={scratch}/other", *FREE_PORTS, f"{option}={port}")
    assert message == (
        f"pulp-cargo: error: port {port} on 127.0.0.1 is already in use; choose another one with"
        f" {option}"
    )


def test_data_of_another_postgresql_major(scratch: Path):
    """PostgreSQL reads only data of its own major version."""
    cluster = scratch / "old" / "postgres"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    message = launcher.refused(f"--data-dir={cluster.parent}", *FREE_PORTS)
    assert f"error: {cluster} belongs to PostgreSQL 9, but only PostgreSQL " in message


def test_unreachable_database(scratch: Path):
    """`--database` is checked before anything is started."""
    url = f"postgresql://pulp@/pulp?host={scratch}"
    message = launcher.refused(f"--data-dir={scratch}/other", *FREE_PORTS, f"--database={url}")
    assert message.startswith(f"pulp-cargo: error: cannot use the database {scratch}/pulp: ")


def test_wrong_data_dir(scratch: Path):
    """A data directory that cannot be made."""
    file = scratch / "a-file"
    file.touch()
    message = launcher.refused(f"--data-dir={file}/data", *FREE_PORTS)
    assert message == (
        f"pulp-cargo: error: cannot use {file}/data: Not a directory; use another --data-dir"
    )
