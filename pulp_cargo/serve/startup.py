"""The steps of a start, from an empty or existing directory to a running registry."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pulp_cargo.serve import database as databases
from pulp_cargo.serve import postgres, pulp, readiness
from pulp_cargo.serve.data_dir import DataDir, kept_secret
from pulp_cargo.serve.database import Database
from pulp_cargo.serve.options import Options
from pulp_cargo.serve.ports import Listeners
from pulp_cargo.serve.postgres_binaries import Binaries
from pulp_cargo.serve.preloaded import Preloaded
from pulp_cargo.serve.processes import Account
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.settings_file import api_origin, write_settings
from pulp_cargo.serve.state import State, fingerprint, read_state, write_state
from pulp_cargo.serve.supervisor import Supervisor

Say = Callable[[str], None]


def bring_up(
    options: Options, data: DataDir, listeners: Listeners, supervisor: Supervisor, say: Say
) -> Ready:
    """Start everything and wait until it answers."""
    content, api = listeners.content, listeners.api
    database, state, preloaded = set_up(options, data, listeners, supervisor, say)
    say("starting the API, the content app and the worker")
    preloaded.start(
        [
            pulp.content(data, content, workers=options.content_workers),
            pulp.api(data, api),
            pulp.worker(data),
        ]
    )
    supervisor.before_restart = _freeing_tasks(data, database)
    supervisor.after_restart = _waking_worker(database)
    readiness.wait_for_api(api, data.instance, supervisor.pause)
    databases.wake_workers(database)
    return _ready(data, state, listeners, _origin(options, listeners), supervisor)


def set_up(
    options: Options, data: DataDir, listeners: Listeners, supervisor: Supervisor, say: Say
) -> tuple[Database, State, Preloaded]:
    """Start the database, load Pulp meanwhile, and set up everything that Pulp needs there."""
    database, own = _database(options.database, data)
    origin = _origin(options, listeners)
    at_api = api_origin(origin, listeners.content.port, listeners.api.port)
    write_settings(data, database, origin, at_api)
    preloaded = Preloaded(pulp.preload(data, listeners.content, listeners.api), supervisor)
    if own is not None:
        _start_cluster(own, data, database, supervisor, say)
    databases.forget_processes(database, f"%/{data.instance}")
    return database, _bootstrap(options, data, database, preloaded, say), preloaded


def _origin(options: Options, listeners: Listeners) -> str:
    return options.origin or listeners.content.origin


def _ready(
    data: DataDir, state: State, listeners: Listeners, origin: str, supervisor: Supervisor
) -> Ready:
    """Return what exists; what was created at first may have been deleted since."""

    def url_of(path: str | None) -> str | None:
        is_there = path and readiness.has_registry(listeners.content, path, supervisor.pause)
        return f"sparse+{origin}{path}" if is_there else None

    index_url = url_of(state.registry_path)
    return Ready(
        api_url=listeners.api.origin,
        content_url=origin,
        index_url=index_url,
        cache_index_url=url_of(state.cache_path),
        token=data.token.read_text().strip() if index_url and data.token.exists() else None,
        admin_password=kept_secret(data.admin_password) if state.admin_password_known else None,
        pids=supervisor.process_ids(),
        data_dir=data.root,
    )


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Our own PostgreSQL: its programs, their account, and the directory of its socket."""

    binaries: Binaries
    account: Account | None
    socket_dir: Path

    @classmethod
    def of(cls, data: DataDir) -> Self:
        binaries, account = postgres.prepare(data)
        return cls(binaries, account, postgres.make_socket_dir(data, account))


def _database(url: str | None, data: DataDir) -> tuple[Database, _Cluster | None]:
    """Return an existing database that can be used, or our own and its cluster."""
    if url is None:
        cluster = _Cluster.of(data)
        return databases.on_socket(cluster.socket_dir), cluster
    database = databases.from_url(url)
    databases.require_usable(database)
    return database, None


def _start_cluster(
    cluster: _Cluster, data: DataDir, database: Database, supervisor: Supervisor, say: Say
) -> None:
    binaries, account = cluster.binaries, cluster.account
    if not data.postgres.exists():
        say(f"creating a PostgreSQL {binaries.major} database in {data.postgres}")
        supervisor.run(postgres.initdb(binaries, account, data))
        postgres.unfinished_cluster(data).rename(data.postgres)
    postgres.clear_debris(data, timeout=10)
    supervisor.start(postgres.server(binaries, account, data, cluster.socket_dir))
    postgres.wait_until_up(database, supervisor.pause)
    databases.create_if_missing(database)


def _bootstrap(
    options: Options, data: DataDir, database: Database, preloaded: Preloaded, say: Say
) -> State:
    file = data.root / "state.json"
    old = read_state(file, database.label)
    current = fingerprint()
    with_cache = options.with_cache and (old is None or old.cache_path is None)
    if old is not None and old.fingerprint == current and not with_cache:
        return old
    say("setting up the database")
    kept_secret(data.admin_password)
    outcome = preloaded.bootstrap(
        admin_password_file=str(data.admin_password),
        # An upgrade does not recreate what its owner has deleted.
        token_file=None if old else str(data.token),
        with_cache=with_cache,
    )
    cache_path = old.cache_path if old else None
    if with_cache:
        cache_path = _path(outcome["cache_index_url"] or "")
    state = State(
        database=database.label,
        fingerprint=current,
        registry_path=old.registry_path if old else _path(outcome["index_url"]),
        admin_password_known=outcome["admin_password_known"],
        cache_path=cache_path,
    )
    write_state(file, state)
    return state


def _path(index_url: str) -> str:
    return urlsplit(index_url.removeprefix("sparse+")).path


def _freeing_tasks(data: DataDir, database: Database) -> Callable[[str, int], None]:
    def before_restart(name: str, process_id: int) -> None:
        if name == "postgres":
            postgres.clear_debris(data, timeout=5)
        elif name == "worker":
            databases.forget_processes(database, f"{process_id}@%/{data.instance}")

    return before_restart


def _waking_worker(database: Database) -> Callable[[str], None]:
    def after_restart(name: str) -> None:
        if name == "worker":
            databases.wake_workers(database)

    return after_restart
