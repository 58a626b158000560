"""All that decide about the crates of a registry agree in whatever world they are asked.

That is index, download, lock file gate, prefetch, `explain`, the list of refused versions, and the
catalog of what is stored.
"""

import gzip
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.errors import (
    CrateNotFound,
    VersionNotFound,
    VersionRefused,
    VersionReplaced,
)
from pulp_cargo.protocol.lock_file import parse_lock_file
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.unavailable import (
    UpstreamFailed,
    UpstreamIndexInvalid,
    UpstreamUnreachable,
)
from pulp_cargo.rules.lock_check import CheckedPackage, Here, Outcome, Wanted
from pulp_cargo.tests.database.upstreams import registry_of
from pulp_cargo.tests.database.worlds import NOBODY, VERSIONS, Key, Making, World
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.lock_file import lock_file, package

if TYPE_CHECKING:
    from pulp_cargo.app.queries.names.explain import Explanation
    from pulp_cargo.app.queries.registry.registry import Registry
    from pulp_cargo.app.services.lock_file.prefetch_plan import Plan
    from pulp_cargo.app.services.publish.publish import Publish
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

    NewWorld = Callable[[int], World]

WORLDS = 60
UNAVAILABLE = "unavailable"
REFUSED = (Outcome.BLOCKED, Outcome.HELD, Outcome.HIDDEN)


@pytest.fixture(scope="module")
def making(django_of_the_stack: None) -> Iterator[Making]:
    """Makes what worlds consist of, with a server for those upstreams that answer."""
    from pulpcore.plugin.util import get_default_domain

    with sparse_upstream.running() as server:
        made = Making(server, get_default_domain())
        yield made
        made.delete_all()


@pytest.fixture
def new_world(making: Making, prepare: "Callable[..., Publish]") -> "NewWorld":
    """Makes the world with a number."""
    return lambda number: World(number, making, prepare)


@dataclass(frozen=True)
class InCatalog:
    """The upstreams that answer for a crate in the catalog, and those that have versions stored."""

    answer: set[str]
    stored: set[str]


@dataclass(frozen=True)
class Readers:
    """All that tell about the crates of a registry, each in the way in which a client gets it."""

    world: World

    @property
    def registry(self) -> "Registry":
        """The registry as it was looked up."""
        return self.world.registry

    def index(self) -> dict[str, dict[str, str] | str]:
        """Return the checksums in each index file by version, or that there is no answer."""
        return {name: self._index_file(name) for name in self.world.names}

    def _index_file(self, name: str) -> dict[str, str] | str:
        from pulp_cargo.app.queries.crates.index_file import index_file
        from pulp_cargo.app.services.cache.crate_index import crate_index
        from pulp_cargo.app.services.process import this_process

        registry, process = self.registry, this_process()
        try:
            if registry.upstreams.serves_repository_as_it_is:
                found = index_file(registry.content, registry.urls, name)
                body = found.body if found else b""
            else:
                index = crate_index(process.services.cache, registry, name)
                body = process.loop.start(index).result().file.body
        except CrateNotFound:
            return {}
        except (UpstreamUnreachable, UpstreamIndexInvalid):
            return UNAVAILABLE
        rows = [json.loads(line) for line in body.splitlines()]
        # Spellings that differ in case share a file; cargo takes the lines of its own.
        return {row["vers"]: row["cksum"] for row in rows if row["name"] == name}

    def download(self, key: Key) -> str:
        """Return what a client gets for a version: a checksum, or why nothing."""
        from pulp_cargo.app.queries.crates.crate_file import crate_file

        registry = self.registry
        try:
            if registry.upstreams.serves_repository_as_it_is:
                file = crate_file(registry.content, registry.domain, *key)
                return file.cksum if file else "missing"
            return download(registry, *key, sent=self.world.sent)
        except VersionNotFound:
            return "missing"
        except VersionReplaced:
            return "replaced"
        except VersionRefused:
            return "refused"
        except (UpstreamUnreachable, UpstreamIndexInvalid, UpstreamFailed):
            return UNAVAILABLE

    def downloads(self) -> dict[Key, str]:
        """Return what a client gets for each version."""
        return {key: self.download(key) for key in self.world.keys}

    def gate(self, *, refresh: bool = True, offline: bool = False) -> dict[Key, CheckedPackage]:
        """Return the verdict on each version in a lock file that names all of them."""
        from pulp_cargo.app.services.lock_file import check
        from pulp_cargo.app.services.process import this_process

        report = check.check(
            this_process().refresher,
            self.registry,
            parse_lock_file(self._lock_file()),
            Wanted(offline=offline),
            refresh=refresh,
            crates_io=True,
        )
        return {(row.package.name, row.package.vers): row for row in report.checked}

    def plan(self) -> "Plan":
        """Return what prefetching would fetch for the same lock file."""
        from pulp_cargo.app.services.lock_file import prefetch_plan
        from pulp_cargo.app.services.process import this_process

        lock = parse_lock_file(self._lock_file())
        return prefetch_plan.plan(this_process().refresher, self.registry, lock, crates_io=True)

    def explained(self) -> "dict[str, Explanation]":
        """Return which upstreams answer for each crate; nothing for a registry without a list."""
        from pulp_cargo.app.queries.names.explain import explain

        upstreams = self.registry.upstreams
        if upstreams.order is None:
            return {}
        return {name: explain(upstreams.listed, upstreams.order, name) for name in self.world.names}

    def refused(self) -> dict[str, set[str] | str]:
        """Return the versions of each crate that policies refuse, or that there is no answer."""
        return {name: self._refused(name) for name in self.world.names}

    def _refused(self, name: str) -> set[str] | str:
        from pulp_cargo.app.services.cache.refused import refused_versions
        from pulp_cargo.app.services.process import this_process

        process = this_process()
        asking = refused_versions(process.services.cache, self.registry, name, len(VERSIONS))
        try:
            found = process.loop.start(asking).result()
        except CrateNotFound:
            return set()
        except (UpstreamUnreachable, UpstreamIndexInvalid):
            return UNAVAILABLE
        return {one.vers for one in found.highest}

    def catalog(self) -> dict[str, "InCatalog"]:
        """Return what the catalog of what is stored has of each crate."""
        from pulp_cargo.app.queries.crates import details
        from pulp_cargo.app.services.catalog import served

        registry = self.registry
        served.update(registry)
        catalogs = served.served_catalogs(registry)
        upstreams = {one.catalog: one.upstream.name for one in catalogs}
        keys = {name: canonical_name(name) for name in self.world.names}
        answers = served.answering(registry, catalogs, keys.values())
        return {
            name: InCatalog(
                {upstreams[one] for one in answers[key]},
                {one.name for one in registry.upstreams.all if details.versions(one, name)},
            )
            for name, key in keys.items()
        }

    def _lock_file(self) -> str:
        return lock_file(*(package(*key) for key in self.world.keys))


def download(registry: "Registry", name: str, vers: str, sent: set[str] | None = None) -> str:
    """Return the checksum of the file that a client gets; a file that is `sent` must arrive."""
    from pulp_cargo.app.services.process import this_process

    found = this_process().loop.start(_cksum(registry, name, vers, sent or set()))
    return found.result()


async def _cksum(registry: "Registry", name: str, vers: str, sent: set[str]) -> str:
    from pulp_cargo.app.services.cache.download import (
        AvailableFile,
        DownloadRequest,
        locate,
    )
    from pulp_cargo.app.services.process import this_process

    with ExitStack() as leases:
        cache = this_process().services.cache
        found = await locate(DownloadRequest(cache, registry, name, vers, leases))
        if isinstance(found, AvailableFile):
            return found.file.cksum
        if found.cksum in sent:
            await found.ended()
        return found.cksum


@dataclass(frozen=True)
class Answers:
    """What each reader tells about a world; `early` are the downloads that came before others."""

    world: World
    index: dict[str, dict[str, str] | str]
    gate: dict[Key, CheckedPackage]
    plan: "Plan"
    explained: "dict[str, Explanation]"
    refused: dict[str, set[str] | str]
    catalog: dict[str, InCatalog]
    downloads: dict[Key, str]
    early: dict[Key, str] | None


def ask(world: World) -> Answers:
    """Ask each reader about a world, in an order that depends on its number."""
    readers = Readers(world)
    asked: dict[str, Any] = {}
    order = ["index", "gate", "plan", "explained", "refused", "catalog"]
    # A download fills caches, which must change no other answer: only what it reads of licences may.
    if world.chance.random() < 0.4 and not _asks_for_licenses(world):
        order.append("downloads")
    for one in world.chance.sample(order, len(order)):
        asked[one] = getattr(readers, one)()
    early = asked.pop("downloads", None)
    return Answers(world, downloads=readers.downloads(), early=early, **asked)


@pytest.fixture(scope="module")
def known() -> dict[int, Answers]:
    """The answers that tests of this file share, since a world takes a sixth of a second."""
    return {}


@pytest.fixture
def answers_about(new_world: "NewWorld", known: dict[int, Answers]) -> Callable[[int], Answers]:
    """Asks about the world with a number, once."""

    def answers(number: int) -> Answers:
        if number not in known:
            known[number] = ask(new_world(number))
        return known[number]

    return answers


@pytest.mark.parametrize("number", range(WORLDS))
def test_all_who_decide_agree(answers_about: Callable[[int], Answers], number: int) -> None:
    """What passes the gate is in the index and can be downloaded, with one checksum, by each reader."""
    asked = answers_about(number)
    world = asked.world
    for key in world.keys:
        row, got = asked.gate[key], asked.downloads[key]
        passes = row.outcome in (Outcome.SERVED, Outcome.YANKED)
        # A licence has to be read in a file that is not stored, which only a download does.
        is_unread = row.here is Here.INDEX and _asks_for_licenses(world)
        is_late = passes and len(got) < 64 and is_unread
        _compare_download(world, row, got, is_late=is_late)
        if asked.early is not None and not is_late:
            assert asked.early[key] == got
        _compare_index(row, asked.index[key[0]], got, is_late=is_late)
        _compare_plan(world, row, asked.plan, got, is_late=is_late)
        if key[0] in asked.explained:
            _compare_explanation(row, asked.index[key[0]], asked.explained[key[0]].answers)
        _compare_refused(world, row, asked.refused[key[0]], is_late=is_late)
    for name, explained in asked.explained.items():
        _compare_catalog(explained, asked.catalog[name])


def _asks_for_licenses(world: World) -> bool:
    """Whether a policy for what comes in from upstreams is about licences."""
    upstreams = world.registry.upstreams
    policies = [upstreams.crate_policy]
    policies += [one.remote.crate_policy for one in upstreams.listed if hasattr(one, "remote")]
    return any(one is not None and one.policy.licenses is not None for one in policies)


def _compare_download(world: World, row: CheckedPackage, got: str, *, is_late: bool) -> None:
    """What passes is sent, with bytes of the upstream that the gate names; what is refused is not."""
    if row.outcome in REFUSED:
        assert got == "refused"
    elif row.outcome is Outcome.MISSING:
        # What an index file has that is too old to be served can still be downloaded, if allowed.
        assert got != "refused" or row.package.name in world.expired
    elif not is_late:
        assert row.upstream is not None
        assert got in world.origins[row.upstream].cksums


def _compare_index(
    row: CheckedPackage, index: dict[str, str] | str, got: str, *, is_late: bool
) -> None:
    """The index has what passes, with the checksum of the download, and nothing that is refused."""
    passes = row.outcome in (Outcome.SERVED, Outcome.YANKED)
    vers = row.package.vers
    if isinstance(index, str):
        # Of a copy that is too old to be served, downloads still come.
        assert passes or row.outcome is Outcome.MISSING or row.outcome in REFUSED
    elif is_late:
        assert vers in index
    else:
        assert passes == (vers in index and index[vers] == got)
        assert row.outcome not in REFUSED or vers not in index


def _compare_plan(
    world: World, row: CheckedPackage, plan: "Plan", got: str, *, is_late: bool
) -> None:
    """What passes is fetched with its checksum, unless it is here, or there is nowhere to store it."""
    key = row.package.name, row.package.vers
    absent = {(one.name, one.version.vers): one for one in plan.absent}
    problems = {(one.name, one.vers) for one in plan.problems}
    if row.outcome not in (Outcome.SERVED, Outcome.YANKED):
        assert key in problems
    elif key in absent:
        assert is_late or absent[key].version.cksum == got
    elif key in problems:
        (upstream,) = (u for u in world.registry.upstreams.all if u.name == row.upstream)
        assert row.here is Here.INDEX and getattr(upstream, "store", None) is None


def _compare_explanation(
    row: CheckedPackage, index: dict[str, str] | str, answers: tuple[str, ...] | None
) -> None:
    """Who answers is who has what passes, or is refused; where nobody does, there is no crate."""
    if answers is not None:
        assert row.outcome is Outcome.MISSING or row.upstream in answers
        assert answers or index == {}


def _compare_refused(
    world: World, row: CheckedPackage, refused: set[str] | str, *, is_late: bool
) -> None:
    """The list of refused versions has what the gate refuses, and nothing that passes."""
    if isinstance(refused, set) and not is_late:
        assert (row.package.vers in refused) == (row.outcome in REFUSED)


def _compare_catalog(explained: "Explanation", found: InCatalog) -> None:
    """Of what is stored, the catalog has only what the upstreams that answer have.

    It does not know what remotes have: if nothing is stored of the upstream that answers, the catalog
    shows what is stored of another one.
    """
    assert found.answer <= found.stored
    if explained.answers is not None and found.stored.intersection(explained.answers):
        assert found.answer <= set(explained.answers)


@pytest.mark.parametrize("number", range(WORLDS, WORLDS * 4 // 3))
def test_prefetched_crates_need_no_upstream(new_world: "NewWorld", number: int) -> None:
    """What a plan names is stored with its checksum, and passes a check of what is stored."""
    from pulp_cargo.app.services.lock_file.prefetch import fetch
    from pulp_cargo.app.services.process import this_process

    world, process = new_world(number), this_process()
    readers = Readers(world)
    plan = readers.plan()
    services = process.services
    fetching = fetch(
        services.cache, services.disk, world.registry.domain, plan.absent, lambda: None
    )
    fetched = process.loop.start(fetching).result()
    problems = {(one.name, one.vers) for one in fetched.problems}
    world.look_up_again()
    gate = readers.gate(offline=True, refresh=False)
    for one in plan.absent:
        key = one.name, one.version.vers
        stored = key not in problems
        assert stored or one.version.cksum not in world.sent or one.policies
        assert gate[key].passes or gate[key].outcome is Outcome.YANKED or not stored
        assert not stored or readers.download(key) == one.version.cksum


def test_worlds_are_of_every_kind(answers_about: Callable[[int], Answers]) -> None:
    """A change of what is made by chance must not leave out what may go wrong."""
    seen: set[str] = set()
    for number in range(WORLDS * 2 // 3):
        asked = answers_about(number)
        seen.add(asked.world.kind)
        explained = asked.explained.values()
        seen |= {f"rule {one.rule}" for one in explained}
        seen |= {"explained" if one.answers is not None else "unexplained" for one in explained}
        seen |= {f"gate {row.outcome}" for row in asked.gate.values()}
        seen |= {got if len(got) < 64 else "sent" for got in asked.downloads.values()}
        seen |= {name for name in ("absent", "there", "problems") if getattr(asked.plan, name)}
    outcomes = ("served", "yanked", "held", "blocked", "hidden", "missing")
    assert seen == {
        *("list", "remote", "store", "pinned", "explained", "unexplained"),
        *(f"rule {rule}" for rule in ("claim", "reserved", "pin", "mixed", "order")),
        *(f"gate {outcome}" for outcome in outcomes),
        *("sent", "missing", "replaced", "refused", UNAVAILABLE, "absent", "there", "problems"),
    }


def test_upstream_that_does_not_answer_makes_no_room_for_the_next(
    new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """Its copy here is too old to be served, and has no such version: it may have it now."""
    from django.utils import timezone

    from pulp_cargo.app.models import UpstreamIndexFile

    name = f"acme-{secrets.token_hex(6)}"
    entries = {}
    for upstream, vers, age in (("first", "1.0.0", 2), ("second", "1.1.0", 0)):
        remote = new_remote(f"sparse+{NOBODY}/{secrets.token_hex(4)}/")
        remote.stale_for = 3600
        remote.save()
        line = {"name": name, "vers": vers, "deps": [], "cksum": "a" * 64, "features": {}}
        UpstreamIndexFile.objects.create(
            remote=remote,
            name=name,
            canonical_name=name.replace("-", "_"),
            gzipped=gzip.compress(json.dumps(line | {"yanked": False}).encode() + b"\n"),
            digest=secrets.token_hex(32),
            is_sound=True,
            checked_at=timezone.now() - timedelta(hours=age),
        )
        entries[upstream] = {"remote": remote}
    for mixed in ([], ["acme-*"]):
        registry = registry_of(new_distribution(entries, mixed_names=mixed))
        with pytest.raises(UpstreamUnreachable):
            download(registry, name, "1.1.0")
