"""Index, download, lock file gate and `explain` agree in whatever world they are asked.

Each number makes another world: upstreams of every kind, pins, patterns, mixing and claims, a crate
policy, what is stored, what remotes have said, and those that do not answer.
"""

import gzip
import json
import random
import secrets
from collections.abc import Callable
from contextlib import ExitStack
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
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.rules.lock_check import Outcome, Wanted
from pulp_cargo.tests.database.upstreams import registry_of
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, package

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote, CargoRepository
    from pulp_cargo.app.queries.registry.registry import Registry
    from pulp_cargo.app.services.cache.cache import Cache
    from pulp_cargo.app.services.publish.examine import Publish
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository

WORLDS = 60
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
# Nobody listens there, so that a remote that has to be asked is one that does not answer.
NOBODY = "sparse+http://127.0.0.1:9/"


class World:
    """A registry with upstreams, made by chance, and a crate that some of them have."""

    def __init__(self, number: int, make: dict[str, Any]) -> None:
        self.chance = random.Random(number)
        self.name = f"acme-{secrets.token_hex(6)}"
        self.crates: dict[str, dict[str, Crate]] = {}
        self.new_repository: NewRepository = make["repository"]
        self.new_remote: NewRemote = make["remote"]
        self.prepare: Callable[[Crate], Publish] = make["prepare"]
        self.domain = make["domain"]
        entries = {f"u{n}": self.entry(f"u{n}") for n in range(self.chance.choice((1, 2, 2, 3, 3)))}
        names = {"mixed_names": 0.4, "reserved_names": 0.1}
        self.registry = registry_of(
            make["distribution"](
                entries,
                crate_policy=self.policy(make["policy"]),
                **{
                    field: ["acme-*"]
                    for field, odds in names.items()
                    if self.chance.random() < odds
                },
            )
        )

    def entry(self, upstream: str) -> dict[str, Any]:
        """Return an upstream of any kind, with bytes of its own."""
        files = {"src/lib.rs": upstream.encode()}
        crates = {vers: Crate(self.name, vers, files=files) for vers in VERSIONS}
        self.crates[upstream] = crates
        pins = ["acme-*"] if self.chance.random() < 0.15 else []
        patterns = ["other-*"] if self.chance.random() < 0.1 else ["*"]
        shared: dict[str, Any] = {"pins": pins, "patterns": patterns}
        if self.chance.random() < 0.35:
            private = self.chance.random() < 0.4
            return shared | {"repository": self.repository(crates), "private": private}
        remote = self.new_remote(f"{NOBODY}{secrets.token_hex(4)}/")
        self.index(remote, crates)
        store = self.repository(crates) if self.chance.random() < 0.6 else None
        return shared | {"remote": remote, "repository": store}

    def some(self) -> list[str]:
        """Return some of the versions, perhaps none."""
        return [vers for vers in VERSIONS if self.chance.random() < 0.5]

    def repository(self, crates: dict[str, Crate]) -> "CargoRepository":
        """Return a repository that has some versions, each with its file."""
        from pulp_cargo.app.services.publish.commit import commit_together

        made = self.new_repository()
        if versions := self.some():
            changes = [self.prepare(crates[vers]) for vers in versions]
            result = commit_together(made.pk, self.domain, changes)
            assert result.refusals == [None] * len(changes)
        return made

    def index(self, remote: "CargoRemote", crates: dict[str, Crate]) -> None:
        """Have a remote said what it has of the crate, or that it has none, or nothing so far.

        It may have said so long ago, and then count no more.
        """
        from django.utils import timezone

        from pulp_cargo.app.models import UpstreamIndexFile

        if self.chance.random() < 0.25:
            return
        if self.chance.random() < 0.4:
            remote.stale_for = 3600
            remote.save()
        age = timedelta(hours=self.chance.choice((0, 0, 2)))
        versions = self.some()
        lines = [self.line(crates[vers]) for vers in versions]
        replaced = {vers: [crates[vers].cksum(), "f" * 64] for vers in versions[:1]}
        UpstreamIndexFile.objects.create(
            remote=remote,
            name=self.name,
            canonical_name=self.name.replace("-", "_"),
            gzipped=gzip.compress("".join(lines).encode()) if lines else None,
            digest=secrets.token_hex(32),
            is_sound=True,
            checked_at=timezone.now() - age,
            replaced=replaced if self.chance.random() < 0.5 else {},
        )

    def line(self, crate: Crate) -> str:
        """Return the line of a version."""
        said = {"name": self.name, "vers": crate.vers, "deps": [], "cksum": crate.cksum()}
        return json.dumps(said | {"features": {}, "yanked": self.chance.random() < 0.2}) + "\n"

    def policy(self, make: Callable[..., Any]) -> Any:
        """Return a crate policy, or none."""
        if self.chance.random() < 0.5:
            return None
        block = [
            {"crate": "acme-*", "versions": self.chance.choice(("<2", "=1.1.0")), "reason": ""}
        ]
        return make(block=block, hide_yanked=self.chance.random() < 0.3)

    def index_file(self) -> dict[str, str] | str:
        """Return the checksums in the index file by version, or why there is none."""
        from pulp_cargo.app.services.cache.crate_index import crate_index
        from pulp_cargo.app.services.process import this_process

        process = this_process()

        try:
            index = crate_index(process.services.cache, self.registry, self.name)
            served = process.loop.start(index).result()
        except CrateNotFound:
            return {}
        except (UpstreamUnreachable, UpstreamIndexInvalid):
            return "unavailable"
        rows = [json.loads(line) for line in served.file.body.splitlines()]
        return {row["vers"]: row["cksum"] for row in rows}

    def download(self, vers: str) -> str:
        """Return what a client gets for a version: a checksum, or why nothing."""
        try:
            return download(self.registry, self.name, vers)
        except VersionNotFound:
            return "missing"
        except VersionReplaced:
            return "replaced"
        except VersionRefused:
            return "refused"
        except (UpstreamUnreachable, UpstreamIndexInvalid):
            return "unavailable"

    def gate(self) -> dict[str, tuple[Outcome, str | None]]:
        """Return the outcome for each version in a lock file that names all of them."""
        from pulp_cargo.app.services.lock_file import check
        from pulp_cargo.app.services.process import this_process

        lock = parse_lock_file(lock_file(*(package(self.name, vers) for vers in VERSIONS)))
        report = check.check(
            this_process().refresher,
            self.registry,
            lock,
            Wanted(),
            refresh=True,
            crates_io=True,
        )
        return {row.package.vers: (row.outcome, row.upstream) for row in report.checked}

    def explained(self) -> tuple[str, ...] | None:
        """Return which upstreams answer, None where nobody can tell."""
        from pulp_cargo.app.queries.names.explain import explain

        upstreams = self.registry.upstreams
        assert upstreams.order is not None
        return explain(upstreams.listed, upstreams.order, self.name).answers


def download(registry: "Registry", name: str, vers: str) -> str:
    """Return the checksum of the file that a client gets."""
    from pulp_cargo.app.services.process import this_process

    process = this_process()
    return process.loop.start(_cksum(process.services.cache, registry, name, vers)).result()


async def _cksum(cache: "Cache", registry: "Registry", name: str, vers: str) -> str:
    from pulp_cargo.app.services.cache.crate_file import Here, Wanted, locate

    with ExitStack() as leases:
        found = await locate(Wanted(cache, registry, name, vers, leases))
        return found.file.cksum if isinstance(found, Here) else found.cksum


@pytest.fixture
def new_policy(made: list[Any]) -> Callable[..., Any]:
    """Makes crate policies."""
    from pulp_cargo.app.models import CargoCratePolicy

    def make(**rules: Any) -> Any:
        made.append(CargoCratePolicy.objects.create(name=f"db-{secrets.token_hex(5)}", **rules))
        return made[-1]

    return make


@pytest.fixture
def parts(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    new_policy: Callable[..., Any],
    prepare: Callable[..., "Publish"],
    domain: Any,
) -> dict[str, Any]:
    """What worlds are made of."""
    return {
        "repository": new_repository,
        "remote": new_remote,
        "distribution": new_distribution,
        "policy": new_policy,
        "prepare": prepare,
        "domain": domain,
    }


@pytest.mark.parametrize("number", range(WORLDS))
def test_all_who_decide_agree(parts: dict[str, Any], number: int) -> None:
    """What the gate lets pass is in the index and can be downloaded, with one checksum."""
    world = World(number, parts)
    gate, index = world.gate(), world.index_file()
    answers = world.explained()
    for vers in VERSIONS:
        outcome, upstream = gate[vers]
        download = world.download(vers)
        passes = outcome in (Outcome.SERVED, Outcome.YANKED)
        refused = outcome in (Outcome.BLOCKED, Outcome.HELD, Outcome.HIDDEN)
        # A version of a copy that is too old to be served can still be downloaded, so it is checked.
        assert refused == (download == "refused") or (index == "unavailable" and not refused)
        if passes:
            assert upstream is not None
            assert download == world.crates[upstream][vers].cksum()
        if isinstance(index, dict):
            assert passes == (vers in index and index[vers] == download)
            assert not refused or vers not in index
        elif download in ("missing", "unavailable"):
            assert not passes
        if answers is not None and (passes or refused):
            assert upstream in answers
    if answers == ():
        assert index == {}


def test_worlds_are_of_every_kind(parts: dict[str, Any]) -> None:
    """A change of what is made by chance must not leave out what may go wrong."""
    seen: set[str] = set()
    for number in range(WORLDS * 2 // 3):
        world = World(number, parts)
        index = world.index_file()
        seen.add("unavailable" if index == "unavailable" else "listed" if index else "nobody")
        seen |= {"served" if len(got) == 64 else got for got in map(world.download, VERSIONS)}
        seen.add("explained" if world.explained() is not None else "unexplained")
    kinds = {"listed", "nobody", "served", "missing", "replaced", "refused", "unavailable"}
    assert seen == kinds | {"explained", "unexplained"}


def test_upstream_that_does_not_answer_makes_no_room_for_the_next(
    new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """Its copy here is too old to be served, and has no such version: it may have it now."""
    from django.utils import timezone

    from pulp_cargo.app.models import UpstreamIndexFile

    name = f"acme-{secrets.token_hex(6)}"
    entries = {}
    for upstream, vers, age in (("first", "1.0.0", 2), ("second", "1.1.0", 0)):
        remote = new_remote(f"{NOBODY}{secrets.token_hex(4)}/")
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
