"""What the report on a lock file costs, and what of the tables it goes by."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.lock_file import LockFile, parse_lock_file
from pulp_cargo.rules.lock_check import Wanted
from pulp_cargo.rules.lock_report import Report
from pulp_cargo.tests.support.lock_file import lock_file, package

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote, CargoRepository, UpstreamIndexFile
    from pulp_cargo.app.queries.registry.registry import Registry
    from pulp_cargo.app.services.process import LooplessProcess

CKSUM = "0" * 64


@pytest.fixture
def remote(name: str) -> Iterator["CargoRemote"]:
    """An upstream that nobody can ask."""
    from pulp_cargo.app.models import CargoRemote

    made = CargoRemote.objects.create(
        name=name, url="sparse+http://127.0.0.1:9/", policy="on_demand"
    )
    yield made
    made.delete()


@pytest.fixture
def cache(repository: "CargoRepository", remote: "CargoRemote") -> Iterator["Registry"]:
    """A cache of it."""
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.queries.registry.registry import registry_of

    made = CargoDistribution.objects.create(
        name=repository.name, base_path=repository.name, repository=repository, remote=remote
    )
    yield registry_of(made)
    made.delete()


def keep_index(remote: "CargoRemote", name: str, versions: int) -> None:
    """Store an index file with so many versions."""
    index_file(remote, name, versions).save()


def index_file(remote: "CargoRemote", name: str, versions: int) -> "UpstreamIndexFile":
    """Return an index file with so many versions, to be stored."""
    from django.utils import timezone

    from pulp_cargo.app.models import UpstreamIndexFile

    lines = [
        json.dumps({"name": name, "vers": f"1.{n}.0", "deps": [], "cksum": CKSUM, "yanked": False})
        for n in range(versions)
    ]
    return UpstreamIndexFile(
        remote=remote,
        name=name,
        canonical_name=name.replace("-", "_"),
        gzipped=gzip.compress("".join(f"{line}\n" for line in lines).encode()),
        digest=CKSUM,
        checked_at=timezone.now(),
    )


def lock_of(names: list[str]) -> LockFile:
    """Return a lock file with a version of each."""
    return parse_lock_file(lock_file(*(package(name, "1.1.0", CKSUM) for name in names)))


def check(
    registry: "Registry", lock: LockFile, process: "LooplessProcess | None" = None
) -> tuple[Report, int]:
    """Return the report, and how many statements it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from pulp_cargo.app.services.lock_file import check as lock_check
    from pulp_cargo.app.services.process import LooplessProcess

    refresher = (process or LooplessProcess()).refresher
    with CaptureQueriesContext(connection) as statements:
        report = lock_check.check(
            refresher, registry, lock, Wanted(), refresh=False, crates_io=True
        )
    return report, len(statements)


def test_statements_do_not_grow_with_the_lock_file(
    cache: "Registry", remote: "CargoRemote", name: str
) -> None:
    """Six for up to 500 packages, and one more for each further 500."""
    from pulp_cargo.app.models import UpstreamIndexFile

    names = [f"{name}-{n}" for n in range(501)]
    UpstreamIndexFile.objects.bulk_create(index_file(remote, one, 2) for one in names)
    for count, most in ((1, 6), (500, 6), (501, 7)):
        report, statements = check(cache, lock_of(names[:count]))
        assert (len(report.checked), report.passes) == (count, True)
        assert statements <= most


def test_index_file_that_says_that_a_crate_is_gone(
    cache: "Registry", remote: "CargoRemote", name: str
) -> None:
    """The upstream had it once; what was kept of it stays good."""
    from pulp_cargo.app.models import UpstreamIndexFile

    keep_index(remote, name, 2)
    UpstreamIndexFile.objects.filter(remote=remote).update(gzipped=None)
    (row,) = check(cache, lock_of([name]))[0].checked
    assert row.sentence == f"this registry has no crate `{name}`"


def test_outdated_answer_that_a_crate_is_gone_does_not_count(
    cache: "Registry", remote: "CargoRemote", name: str
) -> None:
    """Without a request to the upstream nobody knows: it may have the crate by now."""
    from datetime import timedelta

    from django.utils import timezone

    from pulp_cargo.app.models import UpstreamIndexFile

    keep_index(remote, name, 2)
    UpstreamIndexFile.objects.filter(remote=remote).update(
        gzipped=None, checked_at=timezone.now() - timedelta(hours=1)
    )
    (row,) = check(cache, lock_of([name]))[0].checked
    assert row.sentence == (
        f"the index file of `{name}` from `{remote.name}` is not cached, or outdated, and was not"
        " requested"
    )


def test_index_file_that_is_too_old_is_not_served(
    cache: "Registry", remote: "CargoRemote", name: str
) -> None:
    """Where the remote has a limit, the registry would not use it without its upstream either."""
    from dataclasses import replace

    from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream

    (source,) = cache.upstreams.listed
    assert isinstance(source, RemoteUpstream)
    keep_index(remote, name, 2)
    for seconds, outcome in ((3600, "served"), (0, "missing")):
        limited = replace(source, remote=replace(source.remote, stale_for=seconds))
        (row,) = check(
            replace(cache, upstreams=replace(cache.upstreams, listed=(limited,))), lock_of([name])
        )[0].checked
        assert row.outcome == outcome


def test_version_without_pubtime_is_as_old_as_it_is_known_here(
    cache: "Registry", remote: "CargoRemote", name: str
) -> None:
    """The cooldown goes by the time that is stored with the index file."""
    from dataclasses import replace
    from uuid import uuid4

    from pulp_cargo.app.models import UpstreamIndexFile
    from pulp_cargo.rules.policies.crate_policy import CratePolicy, NamedPolicy

    keep_index(remote, name, 2)
    policy = NamedPolicy(uuid4(), "slow", CratePolicy(cooldown_days=7))
    ruled = replace(cache, upstreams=replace(cache.upstreams, crate_policy=policy))
    for seen, outcome in (("2020-01-01T00:00:00Z", "served"), ("2999-01-01T00:00:00Z", "held")):
        UpstreamIndexFile.objects.filter(remote=remote).update(first_seen={"1.1.0": seen})
        (row,) = check(ruled, lock_of([name]))[0].checked
        assert row.outcome == outcome


def test_advisory_is_about_a_crate_of_crates_io(
    cache: "Registry",
    remote: "CargoRemote",
    publish: Callable[..., Any],
    repository: "CargoRepository",
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A private crate of the same name is another one; `unmaintained` is no vulnerability."""
    from dataclasses import replace

    from pulp_cargo.app.services.process import LooplessProcess
    from pulp_cargo.rules.policies.advisories import parse_advisory

    text = """```toml
[advisory]
id = "{}"
package = "{}"
{}
[versions]
patched = [">= 9"]
```"""
    (bad,) = parse_advisory(text.format("RUSTSEC-1", name, ""))
    (old,) = parse_advisory(text.format("RUSTSEC-2", name, 'informational = "unmaintained"'))
    process = LooplessProcess()
    monkeypatch.setattr(process.services.cache.advisories, "about", lambda crate: (bad, old))
    keep_index(remote, name, 2)
    (row,) = check(cache, lock_of([name]), process)[0].checked
    assert (row.outcome, row.passes) == ("advisory", False)
    assert row.sentence == f"`{name} 1.1.0` is affected by RUSTSEC-1"
    own = "sparse+https://ours.example/"
    content = replace(cache.content, version=publish(repository, name))
    ours = replace(
        cache,
        upstreams=replace(cache.upstreams, own=content, listed=()),
        urls=replace(cache.urls, own=(own,), mirrored=()),
    )
    lock = parse_lock_file(lock_file(package(name, "1.0.0", source=own)))
    (row,) = check(ours, lock, process)[0].checked
    assert (row.outcome, row.passes) == ("served", True)
