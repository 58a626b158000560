"""Databases of earlier versions, with data in them, come up with the newest one."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

CKSUM = "c0ffee" + "0" * 58
LINE = (
    '{"name":"Old-Leaf","vers":"1.0.0+b","deps":[{"name":"twig","req":"^1","features":[],'
    '"optional":false,"default_features":true,"target":null,"kind":"normal",'
    '"registry":"sparse+https://old.example/index/"}],"features":{},"features2":null,'
    f'"cksum":"{CKSUM}","yanked":false,"links":null,"v":2}}'
)
# Not by the command: Pulp then makes the roles of today, with permissions that came later. There is
# nothing to collect, but each look for it would take long.
MIGRATE = """
import gc
import sys
import django
gc.disable()
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pulp_cargo.serve.quick_migrations import cheaper_models
executor = MigrationExecutor(connection)
if sys.argv[1] == "*":
    executor.migrate(executor.loader.graph.leaf_nodes())
else:
    with cheaper_models():
        executor.migrate([("cargo", sys.argv[1])])
"""
# The first migration, and the last one before the release 0.1.0.
FIRST, BEFORE_RELEASE = "0001_initial", "0017_downloads"
SECRET = "pulp_cargo_" + "a" * 40
# The tables as these migrations left them, written out, so that no later model has a part in it.
CONTENT = """
    INSERT INTO core_content (pulp_id, pulp_created, pulp_type, timestamp_of_interest,
        pulp_domain_id, pulp_labels)
    SELECT gen_random_uuid(), now(), %s, now(), pulp_id, '' FROM core_domain
    WHERE name = 'default' RETURNING pulp_id, pulp_domain_id
"""
CRATE = """
    INSERT INTO cargo_cratecontent (content_ptr_id, name, canonical_name, vers, vers_key, cksum,
        pubtime, index_line, dependency_names, registries, keywords, categories, authors,
        description, _pulp_domain_id)
    VALUES (%s, 'Old-Leaf', 'old_leaf', '1.0.0+b', '1.0.0', %s, '2026-01-02T03:04:05Z', %s,
        '{twig}', '{sparse+https://old.example/index/}', '{}', '{}', '{}', 'Old', %s)
"""
YANK = """
    INSERT INTO cargo_crateyank (content_ptr_id, canonical_name, vers_key, _pulp_domain_id)
    VALUES (%s, 'old_leaf', '1.0.0', %s)
"""
NEW_CRATE = CRATE.replace("_pulp_domain_id)", "_pulp_domain_id, metadata_source)").replace(
    "'Old', %s)", "'Old', %s, '')"
)
NEW_YANK = """
    INSERT INTO cargo_crateyank (content_ptr_id, canonical_name, vers, _pulp_domain_id)
    VALUES (%s, 'old_leaf', '1.0.0+b', %s)
"""
USER = """
    INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff,
        is_active, date_joined)
    VALUES ('!', true, 'ann', '', '', '', false, true, now()) RETURNING id
"""
TOKEN = """
    INSERT INTO cargo_cargotoken (pulp_id, pulp_created, name, token_hash, scopes, crate_patterns,
        pulp_domain_id, user_id, pulp_labels)
    SELECT gen_random_uuid(), now(), 'laptop', %s, '{read,publish-new,publish-update,yank}', '{}',
        pulp_id, %s, 'team=>"a"' FROM core_domain WHERE name = 'default' RETURNING pulp_id
"""
OWNER = """
    INSERT INTO cargo_crateowner (canonical_name, added_at, repository_id, user_id)
    VALUES ('old_leaf', now(), %s, %s) RETURNING id
"""
CRATE_DOWNLOADS = """
    INSERT INTO cargo_cratedownloads (canonical_name, name, downloads, recent, last_at,
        distribution_id)
    VALUES ('old_leaf', 'Old-Leaf', 7, 3, now(), %s) RETURNING id
"""
VERSION_DOWNLOADS = """
    INSERT INTO cargo_versiondownloads (vers, downloads, last_at, crate_id)
    VALUES ('1.0.0+b', 7, now(), %s) RETURNING id
"""
POLICY = """
    INSERT INTO cargo_cargocratepolicy (pulp_id, pulp_created, name, cooldown_days, block,
        exceptions, hide_yanked, dry_run, pulp_domain_id, pulp_labels)
    SELECT gen_random_uuid(), now(), 'old', 7, '[]', '[]', true, false, pulp_id, ''
    FROM core_domain WHERE name = 'default' RETURNING pulp_id
"""
REPOSITORY = """
    INSERT INTO core_repository (pulp_id, pulp_created, pulp_type, name, next_version, pulp_labels,
        user_hidden, pulp_domain_id)
    SELECT gen_random_uuid(), now(), 'cargo.cargo', 'old', 2, '', false, pulp_id FROM core_domain
    WHERE name = 'default' RETURNING pulp_id
"""
VERSION = """
    INSERT INTO core_repositoryversion (pulp_id, pulp_created, repository_id, number, complete,
        info, content_ids)
    VALUES (gen_random_uuid(), now(), %s, %s, true, '{}', %s) RETURNING pulp_id
"""
MEMBER = """
    INSERT INTO core_repositorycontent (pulp_id, pulp_created, repository_id, content_id,
        version_added_id)
    VALUES (gen_random_uuid(), now(), %s, %s, %s)
"""
COUNT = """
    INSERT INTO core_repositoryversioncontentdetails
        (count_type, content_type, repository_version_id, count)
    VALUES ('P', %(type)s, %(version)s, 1), ('A', %(type)s, %(version)s, 1)
"""
DISTRIBUTION = """
    INSERT INTO core_distribution (pulp_id, pulp_created, pulp_type, name, base_path, pulp_labels,
        hidden, checkpoint, repository_id, pulp_domain_id)
    SELECT gen_random_uuid(), now(), 'cargo.cargo', 'old', 'old', '', false, false, %s, pulp_id
    FROM core_domain WHERE name = 'default' RETURNING pulp_id
"""


@pytest.fixture
def database(stack: Stack) -> Iterator[dict[str, Any]]:
    """A new database in the stack's PostgreSQL, as Django's settings name it."""
    name = unique("old").replace("-", "_")
    with stack.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield stack.settings["DATABASES"]["default"] | {"NAME": name}
    with stack.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def make_old(stack: Stack, database: dict[str, Any], folder: Path, migration: str) -> None:
    """Migrate a database as far as an earlier version of this plugin did; `*` is all the way."""
    folder.mkdir()
    settings = (stack.data_dir / "settings.py").read_text()
    (folder / "settings.py").write_text(f"{settings}DATABASES = {{'default': {database!r}}}\n")
    environ = os.environ | {
        "PULP_SETTINGS": str(folder / "settings.py"),
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
    }
    subprocess.run([sys.executable, "-c", MIGRATE, migration], env=environ, check=True)


class Old:
    """An old database, and rows in it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, query: str, *values: object) -> None:
        """Run a statement."""
        self._connection.execute(query, values)

    def one(self, query: str, *values: object) -> tuple[Any, ...]:
        """Run a statement that returns a row."""
        row = self._connection.execute(query, values).fetchone()
        assert row is not None
        return tuple(row)

    def registry(self, crate_row: str, yank_row: str, of_repository: str, of_distribution: str):
        """Store a registry with a crate version that is yanked; return both ids of it."""
        crate, domain = self.one(CONTENT, "cargo.crate")
        self.execute(crate_row, crate, CKSUM, LINE, domain)
        yank, domain = self.one(CONTENT, "cargo.yank")
        self.execute(yank_row, yank, domain)
        (repository,) = self.one(REPOSITORY)
        self.execute(f"INSERT INTO cargo_cargorepository {of_repository}", repository)
        self.one(VERSION, repository, 0, [])
        (version,) = self.one(VERSION, repository, 1, [crate, yank])
        for unit, kind in ((crate, "cargo.crate"), (yank, "cargo.yank")):
            self.execute(MEMBER, repository, unit, version)
            self._connection.execute(COUNT, {"type": kind, "version": version})
        (distribution,) = self.one(DISTRIBUTION, repository)
        self.execute(f"INSERT INTO cargo_cargodistribution {of_distribution}", distribution)
        return repository, distribution


@contextmanager
def filling(database: dict[str, Any]) -> Iterator[Old]:
    """Connect to an old database."""
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    given = {key: database[name] for key, name in names.items() if database.get(name)}
    with psycopg.connect(**given, port=database.get("PORT") or None) as connection:
        yield Old(connection)


def fill(database: dict[str, Any]) -> None:
    """Store what the first version had."""
    with filling(database) as old:
        old.registry(CRATE, YANK, "VALUES (%s, false, '{}')", "VALUES (%s, true, false)")


def fill_before_release(database: dict[str, Any]) -> None:
    """Store a registry, a token, an owner, downloads and a crate policy."""
    with filling(database) as old:
        repository, distribution = old.registry(
            NEW_CRATE,
            NEW_YANK,
            "(repository_ptr_id, crates_io_rules, index_aliases, mirrored_urls, crate_owners)"
            " VALUES (%s, false, '{}', '{}', true)",
            "(distribution_ptr_id, allow_uploads, auth_required, mixed_names, reserved_names)"
            " VALUES (%s, true, false, '{}', '{}')",
        )
        (user,) = old.one(USER)
        old.one(TOKEN, hashlib.sha256(SECRET.encode()).hexdigest(), user)
        old.one(OWNER, repository, user)
        (crate,) = old.one(CRATE_DOWNLOADS, distribution)
        old.one(VERSION_DOWNLOADS, crate)
        old.one(POLICY)


def url_of(database: dict[str, Any]) -> str:
    """Return a database as `--database` wants it."""
    secret = f":{quote(database['PASSWORD'], safe='')}" if database.get("PASSWORD") else ""
    port = f":{database['PORT']}" if database.get("PORT") else ""
    host = quote(database["HOST"], safe="")
    return f"postgresql://{database['USER']}{secret}@{host}{port}/{database['NAME']}"


@pytest.mark.long
def test_old_database_is_upgraded_and_served(
    stack: Stack, database: dict[str, Any], open_directory: Path
) -> None:
    """The crate has its line and its yank, and the registry goes on.

    It takes long because it runs all migrations, in two parts.
    """
    make_old(stack, database, open_directory / "old-settings", FIRST)
    fill(database)
    data = open_directory / "upgraded"
    with launcher.running(data, f"--database={url_of(database)}") as running:
        said = running.ready
        rest = Rest(said["api_url"], (said["admin_user"], said["admin_password"]))
        token = rest.make("cargo/tokens/", name="t")["token"]
        (made,) = rest.list("distributions/cargo/cargo/", name="old")
        registry = Registry("old", made["base_url"], token, made["pulp_href"])
        expected = LINE.replace('"yanked":false', '"yanked":true') + "\n"
        assert registry.index_file("old-leaf").body.decode() == expected
        (unit,) = rest.list("content/cargo/crates/", name="Old-Leaf")
        assert (unit["pubtime"], unit["description"]) == ("2026-01-02T03:04:05Z", "Old")
        (mark,) = rest.list(
            "content/cargo/yanks/", repository_version=f"{made['repository']}versions/1/"
        )
        assert (mark["name"], mark["vers"]) == ("old_leaf", "1.0.0+b")
        assert registry.unyank("Old-Leaf", "1.0.0+b").status == 200
        registry.publish(Crate("new-leaf", deps=[Dep(name="Old-Leaf")]))
        assert registry.entry("Old-Leaf", "1.0.0+b")["yanked"] is False
        assert [line["vers"] for line in registry.index("new-leaf")] == ["1.0.0"]
        assert rest.get(made["repository"])["latest_version_href"].endswith("/versions/3/")


def test_database_before_the_release_is_upgraded(
    stack: Stack, database: dict[str, Any], open_directory: Path
) -> None:
    """Tokens go on, and owners, counts and policies are those that were stored.

    With `--database`, no PostgreSQL is started, and all the rest is as ever.
    It takes long because it runs all migrations, in two parts.
    """
    make_old(stack, database, open_directory / "settings-before-release", BEFORE_RELEASE)
    fill_before_release(database)
    data = open_directory / "upgraded"
    with launcher.running(data, f"--database={url_of(database)}") as running:
        said = running.ready
        assert set(said["pids"]) == {"api", "content", "worker", "supervisor"}
        assert running.get("/pulp/cargo/my-crates/config.json") == 200
        assert not (data / "postgres").exists()
        rest = Rest(said["api_url"], (said["admin_user"], said["admin_password"]))
        (made,) = rest.list("distributions/cargo/cargo/", name="old")
        registry = Registry("old", made["base_url"], SECRET, made["pulp_href"])
        expected = LINE.replace('"yanked":false', '"yanked":true') + "\n"
        assert registry.index_file("old-leaf").body.decode() == expected
        (token,) = rest.list("cargo/tokens/", user="ann")
        assert (token["name"], token["pulp_labels"]) == ("laptop", {"team": "a"})
        owners = rest.get(f"{made['repository']}owners/")["results"]
        # Owners belong to a crate in any spelling, so they are listed by its canonical name.
        assert [(one["crate"], one["owner"]) for one in owners] == [("old_leaf", "ann")]
        counts = rest.get(f"{made['pulp_href']}version_downloads/")["results"]
        assert [(one["name"], one["downloads"]) for one in counts] == [("Old-Leaf", 7)]
        (policy,) = rest.list("cargo/crate-policies/", name="old")
        assert (policy["cooldown_days"], policy["hide_yanked"]) == (7, True)
        registry.publish(Crate("new-leaf", deps=[Dep(name="Old-Leaf")]))
        assert registry.unyank("Old-Leaf", "1.0.0+b").status == 200
        found = rest.get(f"{made['pulp_href']}search/", q="leaf")["results"]
        assert {one["name"] for one in found} == {"Old-Leaf", "new-leaf"}
