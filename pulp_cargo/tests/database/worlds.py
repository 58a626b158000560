"""Registries made by chance, with all that can make their readers give different answers.

Each number makes another one: of any kind, with upstreams that answer or fail, names that are
pinned, reserved, mixed or claimed, crate policies on every level, and files that are stored or not.
"""

import gzip
import hashlib
import json
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulp_cargo.tests.database.upstreams import registry_of
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.exchange import Exchange, Page
from pulp_cargo.tests.support.registry import index_path
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoCratePolicy, CargoRemote, CargoRepository
    from pulp_cargo.app.services.publish.publish import Publish

VERSIONS = ("1.0.0", "1.1.0", "2.0.0+build.7")
# No process listens there.
NOBODY = "http://127.0.0.1:9"
LONG_AGO = "2020-01-01T00:00:00Z"

Key = tuple[str, str]


async def fail(exchange: Exchange) -> None:
    """Respond with a server error."""
    exchange.send(500)


@dataclass
class Making:
    """Makes the parts of worlds, and deletes them in the end."""

    server: SparseUpstream
    domain: Any
    made: dict[type, list[Any]] = field(default_factory=lambda: defaultdict(list))
    sent: set[str] = field(default_factory=set)

    def new(self, model: type, **fields: Any) -> Any:
        """Create an object with a name of its own."""
        row = model.objects.create(name=f"db-{secrets.token_hex(5)}", **fields)  # type: ignore[attr-defined]
        self.made[model].append(row.pk)
        return row

    def delete_all(self) -> None:
        """Delete all objects, those first that refer to others."""
        from pulpcore.plugin.models import Artifact

        from pulp_cargo.app.models import (
            CargoCratePolicy,
            CargoDistribution,
            CargoRemote,
            CargoRepository,
        )

        for model in (CargoDistribution, CargoRemote, CargoCratePolicy, CargoRepository):
            _delete(model.objects.filter(pk__in=self.made.pop(model, ())))
        # Files that were stored would be taken for what another test has left.
        for artifact in Artifact.objects.filter(sha256__in=self.sent, content_memberships=None):
            artifact.delete()


def _delete(rows: Any) -> None:
    """Delete rows to which what still goes on in the background may add others."""
    from django.db import IntegrityError, transaction

    for attempt in range(20):
        try:
            with transaction.atomic():
                rows.delete()
            return
        except IntegrityError:
            if attempt == 19:
                raise
            time.sleep(0.5)


@dataclass
class Origin:
    """Where the crates of an upstream come from: no other origin has the same bytes."""

    label: str = field(default_factory=lambda: secrets.token_hex(4))
    cksums: set[str] = field(default_factory=set)


class World:
    """A registry, with some versions of two crates in each of its upstreams."""

    def __init__(self, number: int, making: Making, prepare: "Callable[[Crate], Publish]") -> None:
        self.chance = random.Random(number)
        self.making, self.prepare = making, prepare
        salt = secrets.token_hex(6)
        self.names = (f"acme-{salt}", f"bolt-{salt}")
        self.keys = [(name, vers) for name in self.names for vers in VERSIONS]
        # By the name of the upstream, as the gate and `explain` call it.
        self.origins: dict[str, Origin] = {}
        # The crates of which a remote has answered too long ago for that to be served.
        self.expired: set[str] = set()
        # The checksums of the files that upstreams send.
        self.sent: set[str] = set()
        kinds = {self._list: 6, self._remote: 3, self._store: 1, self._pinned: 1}
        (make,) = self.chance.choices(list(kinds), list(kinds.values()))
        self.kind = make.__name__.strip("_")
        self.distribution = make()
        self.look_up_again()

    def look_up_again(self) -> None:
        """Look the registry up, as it is now."""
        self.registry = registry_of(self.distribution)

    # Registries

    def _list(self) -> Any:
        from pulp_cargo.app.services import upstream_list

        entries = []
        for number in range(self.chance.choice((1, 2, 2, 3, 3, 4))):
            origin = self.origins[f"u{number}"] = Origin()
            entries.append({"name": f"u{number}"} | self._entry(origin))
        fields = {
            name: [self._pattern()]
            for name, share in {"mixed_names": 0.4, "reserved_names": 0.1}.items()
            if self._odds(share)
        }
        made = self._distribution(crate_policy=self._policy(0.35), **fields)
        upstream_list.replace(made, entries, None)
        return made

    def _remote(self) -> Any:
        origin = Origin()
        remote = self._new_remote(origin)
        self.origins[remote.name] = origin
        return self._distribution(
            remote=remote,
            repository=self._store_of(origin) if self._odds(0.7) else None,
            crate_policy=self._policy(0.4),
        )

    def _store(self) -> Any:
        return self._of_repository(lambda made: {"repository": self._filled(made)})

    def _pinned(self) -> Any:
        return self._of_repository(
            lambda made: {
                "repository_version": (
                    self._filled(made) if self._odds(0.5) else made
                ).latest_version()
            }
        )

    def _of_repository(self, fields: "Callable[[CargoRepository], dict[str, Any]]") -> Any:
        origin = Origin()
        made = self._distribution(
            crate_policy=self._policy(0.4), **fields(self._repository(origin))
        )
        self.origins[made.name] = origin
        return made

    def _distribution(self, **fields: Any) -> Any:
        from pulp_cargo.app.models import CargoDistribution

        return self.making.new(CargoDistribution, base_path=f"db-{secrets.token_hex(5)}", **fields)

    # Upstreams

    def _entry(self, origin: Origin) -> dict[str, Any]:
        """Return an entry of a list: a remote, or a repository of any kind."""
        entry: dict[str, Any] = {
            "patterns": [self._pattern()] if self._odds(0.2) else ["*"],
            "pins": [self._pattern()] if self._odds(0.2) else [],
        }
        kind = self.chance.random()
        if kind < 0.2:
            return entry | {"repository": self._private(origin), "private": True}
        if kind < 0.3:
            return entry | {"repository": self._repository(origin)}
        if kind < 0.4:
            return entry | {"repository": self._filled(self._repository(origin))}
        store = self._store_of(origin) if self._odds(0.6) else None
        return entry | {"remote": self._new_remote(origin), "repository": store}

    def _private(self, origin: Origin) -> "CargoRepository":
        """Return a repository that has crates, or once had them."""
        from pulp_cargo.app.models import CrateContent

        repository = self._repository(origin)
        if self._odds(0.3):
            gone = CrateContent.objects.filter(name=self.chance.choice(self.names))
            with repository.new_version() as version:
                version.remove_content(version.get_content(gone))
        return repository

    def _store_of(self, origin: Origin) -> "CargoRepository":
        """Return the repository of a remote, perhaps with some of its versions."""
        store = self._repository(origin)
        return self._filled(store) if self._odds(0.15) else store

    def _filled(self, repository: "CargoRepository") -> "CargoRepository":
        """Have another cache store its crates in a repository, under policies of its own."""
        from pulp_cargo.app.models import CargoRemote

        remote = self.making.new(
            CargoRemote,
            url=f"sparse+{NOBODY}/{secrets.token_hex(4)}/",
            policy="on_demand",
            crate_policy=self._policy(0.4),
        )
        self._distribution(remote=remote, repository=repository, crate_policy=self._policy(0.4))
        return repository

    def _repository(self, origin: Origin) -> "CargoRepository":
        """Return a repository with some versions, most of them with their files."""
        from pulpcore.plugin.models import Artifact, ContentArtifact

        from pulp_cargo.app.models import CargoRepository
        from pulp_cargo.app.services.fetch.persist_changes import AddCachedCrate
        from pulp_cargo.app.services.publish.commit import commit_together

        made = self.making.new(CargoRepository)
        changes = []
        for name in self.names:
            spelled = name.replace("-", "_") if self._odds(0.08) else name
            for vers in self._some():
                salt = "other" if self._odds(0.1) else ""
                prepared = self.prepare(self._crate(origin, spelled, vers, salt))
                yanked = self._odds(0.2)
                changes.append(AddCachedCrate(prepared.unit, prepared.file, yanked))
        if changes:
            result = commit_together(made.pk, self.making.domain, changes)
            assert result.refusals == [None] * len(changes)
        if changes and self._odds(0.15):
            # As a sync leaves it, with the file at the upstream.
            cksum = self.chance.choice(changes).unit.cksum
            units = ContentArtifact.objects.filter(content__cargo_cratecontent__cksum=cksum)
            units.update(artifact=None)
            Artifact.objects.get(sha256=cksum, pulp_domain=self.making.domain).delete()
        return made

    def _new_remote(self, origin: Origin) -> "CargoRemote":
        """Return a remote, with what is known here of its crates, and what it would answer."""
        from pulp_cargo.app.models import CargoRemote

        answers = self._odds(0.5)
        root = f"{self.making.server.origin if answers else NOBODY}/{origin.label}/"
        remote: CargoRemote = self.making.new(
            CargoRemote,
            url=f"sparse+{root}",
            policy="streamed" if self._odds(0.15) else "on_demand",
            stale_for=3600 if self._odds(0.4) else None,
            crate_policy=self._policy(0.3),
        )
        if answers:
            config = {"dl": f"{root}files", "api": root}
            self.making.server.pages[f"/{origin.label}/config.json"] = Page(
                json.dumps(config).encode()
            )
        for name in self.names:
            known = self._known(remote, origin, name)
            if answers:
                self._answer(origin, name, known)
        if self._odds(0.15):
            self._distribution(remote=remote, repository=self._repository(origin))
        return remote

    # Index files

    def _known(self, remote: "CargoRemote", origin: Origin, name: str) -> list[str]:
        """Store what a remote has answered for a crate, if anything; return the versions."""
        from pulp_cargo.app.models import ReplacedVersion, UpstreamIndexFile

        if self._odds(0.25):
            return []
        versions = self._some()
        crates = {vers: self._crate(origin, name, vers) for vers in versions}
        body = "".join(self._line(crate) for crate in crates.values()).encode()
        hours = self.chance.choice((0, 0, 2))
        checked_at = _now() - timedelta(hours=hours)
        if hours and remote.stale_for:
            self.expired.add(name)
        replaced = {}
        for vers in versions[:1] if self._odds(0.3) else ():
            replaced[vers] = [crates[vers].cksum(), "f" * 64]
            ReplacedVersion.objects.create(
                remote=remote,
                name=name,
                vers=vers,
                cksum_before=crates[vers].cksum(),
                cksum="f" * 64,
                found_at=checked_at,
                accepted_at=checked_at if self._odds(0.25) else None,
            )
        UpstreamIndexFile.objects.create(
            remote=remote,
            name=name,
            canonical_name=name.replace("-", "_"),
            gzipped=gzip.compress(body) if body else None,
            digest=hashlib.sha256(body).hexdigest(),
            checked_at=checked_at,
            first_seen={vers: self._time() for vers in versions if self._odds(0.3)},
            replaced=replaced,
        )
        return versions

    def _answer(self, origin: Origin, name: str, known: Iterable[str]) -> None:
        """Let the upstream answer for a crate: with an index file, or in vain."""
        pages, path = self.making.server.pages, f"/{origin.label}/{index_path(name)}"
        kinds = {"serves": 6, "lacks": 2, "fails": 1, "garbles": 1}
        (kind,) = self.chance.choices(list(kinds), list(kinds.values()))
        if kind == "fails":
            self.making.server.faults[path] = fail
        if kind == "garbles":
            pages[path] = Page(self._line(Crate("somebody-else")).encode())
        versions = {*self._some(), *(vers for vers in known if self._odds(0.8))}
        if kind != "serves" or not versions:
            return
        crates = [
            self._crate(origin, name, vers, "replaced" if self._odds(0.1) else "")
            for vers in sorted(versions)
        ]
        pages[path] = Page("".join(map(self._line, crates)).encode())
        for crate in crates:
            file = f"/{origin.label}/files/{name}/{crate.vers}/download"
            pages[file] = Page(crate.packed())
            self.sent.add(crate.cksum())
            self.making.sent.add(crate.cksum())

    def _line(self, crate: Crate) -> str:
        line = {"name": crate.name, "vers": crate.vers, "deps": [], "features": {}}
        line |= {"cksum": crate.cksum(), "yanked": self._odds(0.2)}
        if self._odds(0.6):
            line["pubtime"] = self._time()
        return json.dumps(line) + "\n"

    def _time(self) -> str:
        now = _now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.chance.choice((LONG_AGO, now))

    # Crates, policies and patterns

    def _crate(self, origin: Origin, name: str, vers: str, salt: str = "") -> Crate:
        """Return a crate version, packed once; its licence follows from its bytes."""
        text = f"{origin.label} {name} {vers} {salt}"
        license = random.Random(text).choice(("MIT", "MIT", "GPL-3.0-only", None))
        package = {"license": license} if license else {}
        crate = Crate(name, vers, files={"src/lib.rs": text.encode()}, package=package)
        crate = replace(crate, archive=crate.packed())
        origin.cksums.add(crate.cksum())
        return crate

    def _policy(self, share: float) -> "CargoCratePolicy | None":
        """Return a crate policy with one or two rules, or none."""
        from pulp_cargo.app.models import CargoCratePolicy

        if not self._odds(share):
            return None
        block = {"crate": self._pattern(), "versions": self.chance.choice(("<2", "=1.1.0", ">1"))}
        allow = {"crate": self._pattern(), "versions": self.chance.choice(("*", "<2"))}
        rules: list[dict[str, Any]] = [
            {"block": [block | {"reason": ""}]},
            {"allow": [allow | {"reason": ""}]},
            {"cooldown_days": 7},
            {"cooldown_days": 7},
            {"hide_yanked": True},
            {"licenses": ["mit"]},
        ]
        fields: dict[str, Any] = {"dry_run": self._odds(0.15)}
        for rule in self.chance.sample(rules, self.chance.choice((1, 1, 2))):
            fields |= rule
        if self._odds(0.15):
            ends = _now() + timedelta(days=self.chance.choice((-1, 1)))
            exempt = {"crate": self._pattern(), "versions": "*", "reason": "needed"}
            fields["exceptions"] = [exempt | {"ends": ends.isoformat()}]
        return self.making.new(CargoCratePolicy, **fields)  # type: ignore[no-any-return]

    def _pattern(self) -> str:
        """Return a pattern: for one crate, for its prefix, for both or for none."""
        return self.chance.choice((*self.names, "acme-*", "bolt-*", "acme-*", "*", "other-*"))

    def _odds(self, share: float) -> bool:
        return self.chance.random() < share

    def _some(self) -> list[str]:
        return [vers for vers in VERSIONS if self._odds(0.5)]


def _now() -> datetime:
    return datetime.now(UTC)
