"""A database that the first migration made, with data in it, comes up with the newest version."""

import os
import subprocess
import sys
from collections.abc import Iterator
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
# Not by the command: Pulp then makes the roles of today, with permissions that came later.
MIGRATE = """
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
MigrationExecutor(connection).migrate([("cargo", "0001_initial")])
"""
# The tables as migration 0001 made them, written out, so that no later model has a part in it.
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


def make_old(stack: Stack, database: dict[str, Any], folder: Path) -> None:
    """Migrate a database as far as the first version of this plugin did."""
    folder.mkdir()
    settings = (stack.data_dir / "settings.py").read_text()
    (folder / "settings.py").write_text(f"{settings}DATABASES = {{'default': {database!r}}}\n")
    environ = os.environ | {
        "PULP_SETTINGS": str(folder / "settings.py"),
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
    }
    subprocess.run([sys.executable, "-c", MIGRATE], env=environ, check=True)


def fill(database: dict[str, Any]) -> None:
    """Store a registry with a crate version that is yanked."""
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    given = {key: database[name] for key, name in names.items() if database.get(name)}
    with psycopg.connect(**given, port=database.get("PORT") or None) as connection:

        def one(query: str, *values: object) -> tuple[Any, ...]:
            row = connection.execute(query, values).fetchone()
            assert row is not None
            return row

        crate, domain = one(CONTENT, "cargo.crate")
        connection.execute(CRATE, (crate, CKSUM, LINE, domain))
        yank, domain = one(CONTENT, "cargo.yank")
        connection.execute(YANK, (yank, domain))
        (repository,) = one(REPOSITORY)
        connection.execute(
            "INSERT INTO cargo_cargorepository VALUES (%s, false, '{}')", (repository,)
        )
        one(VERSION, repository, 0, [])
        (version,) = one(VERSION, repository, 1, [crate, yank])
        for unit, kind in ((crate, "cargo.crate"), (yank, "cargo.yank")):
            connection.execute(MEMBER, (repository, unit, version))
            connection.execute(COUNT, {"type": kind, "version": version})
        (distribution,) = one(DISTRIBUTION, repository)
        connection.execute(
            "INSERT INTO cargo_cargodistribution VALUES (%s, true, false)", (distribution,)
        )


def url_of(database: dict[str, Any]) -> str:
    """Return a database as `--database` wants it."""
    secret = f":{quote(database['PASSWORD'], safe='')}" if database.get("PASSWORD") else ""
    port = f":{database['PORT']}" if database.get("PORT") else ""
    host = quote(database["HOST"], safe="")
    return f"postgresql://{database['USER']}{secret}@{host}{port}/{database['NAME']}"


def test_old_database_is_upgraded_and_served(
    stack: Stack, database: dict[str, Any], open_directory: Path
) -> None:
    """The crate has its line and its yank, and the registry goes on.

    It takes long because it runs all migrations, in two parts.
    """
    make_old(stack, database, open_directory / "old-settings")
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
