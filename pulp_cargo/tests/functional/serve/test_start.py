"""Starting: the first time, again, and on somebody else's PostgreSQL."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Restartable, Running

pytestmark = pytest.mark.serve

KEPT = (
    "api_url",
    "content_url",
    "index_url",
    "cache_index_url",
    "token",
    "admin_user",
    "admin_password",
)


def test_first_start_tells_scripts_all_they_need(first_start):
    """One line of JSON on standard output, when the registry is ready."""
    assert set(first_start) == {*KEPT, "pids", "data_dir"}
    assert set(first_start["pids"]) == {"postgres", "api", "content", "worker", "supervisor"}
    content_url = first_start["content_url"]
    assert first_start["index_url"] == f"sparse+{content_url}/pulp/cargo/my-crates/"
    assert first_start["cache_index_url"] == f"sparse+{content_url}/pulp/cargo/crates-io/"
    assert first_start["token"]


def test_second_start_finds_everything_again(first_start: dict[str, object], serving: Restartable):
    """URLs, token and password stay, although the ports were picked freely."""
    serving.last()
    if len(serving.starts) == 1:
        serving.stop()
        serving.up()
    first, *_, second = serving.starts
    assert {name: second.ready[name] for name in KEPT} == {name: first.ready[name] for name in KEPT}
    # All data but the ports are a copy of what the first start of all has made.
    for name in ("token", "admin_user", "admin_password"):
        assert second.ready[name] == first_start[name]


def test_ready_means_that_both_servers_answer(registry: Running):
    """The index can be read, and the administrator's password opens the REST API."""
    ready = registry.ready
    assert registry.get("/pulp/cargo/my-crates/config.json") == 200
    users = f"{ready['api_url']}/pulp/api/v3/users/"
    assert launcher.get(users) == 401
    assert launcher.get(users, user=ready["admin_user"], password=ready["admin_password"]) == 200


def test_secrets_are_closed_to_other_users(data_dir: Path):
    """What opens the registry or its database is readable by its owner only."""
    for name in ("token", "admin-password", "secret-key", "database-encryption-key", "settings.py"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600


def test_write_ahead_log_stays_small(registry: Running, data_dir: Path):
    """It takes at most 256 MB of the disk, however much is written.

    PostgreSQL removes what is over it at the end of its next checkpoint, which takes up to a minute.
    """
    with psycopg.connect(
        host=str(data_dir / "socket"), user="pulp", dbname="pulp", autocommit=True
    ) as connection:

        def is_small() -> bool:
            size = connection.execute("SELECT sum(size) FROM pg_ls_waldir()").fetchone()
            return size is not None and size[0] <= 256 * 1024 * 1024

        for _ in range(60):
            connection.execute(
                "SELECT count(pg_logical_emit_message(false, 'test', repeat('x', 1000000)))"
                " FROM generate_series(1, 10)"
            )
        assert launcher.wait_for(is_small, seconds=120)


@pytest.fixture
def elsewhere(registry: Running, data_dir: Path, scratch: Path) -> Iterator[Running]:
    """A registry in a database that is not its own, in which all migrations have been run."""
    host = data_dir / "socket"
    with psycopg.connect(host=str(host), user="pulp", dbname="pulp", autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere")
    url = f"postgresql://pulp@/elsewhere?host={host}"
    with launcher.running(scratch / "no-postgres", f"--database={url}") as other:
        yield other


@pytest.mark.long
def test_existing_postgresql_is_used(elsewhere: Running, scratch: Path):
    """With `--database`, no PostgreSQL is started, and all the rest is as ever.

    It takes long because a first start runs all migrations, which is what it is about. The tests of
    test_upgrade.py do the same with a database in which an earlier version has run some of them.
    """
    assert set(elsewhere.ready["pids"]) == {"api", "content", "worker", "supervisor"}
    assert elsewhere.get("/pulp/cargo/my-crates/config.json") == 200
    assert not (scratch / "no-postgres" / "postgres").exists()
