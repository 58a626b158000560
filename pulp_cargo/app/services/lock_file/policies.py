"""The verdicts of crate policies, and advisories, on the packages of a lock file."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.queries import lock_file
from pulp_cargo.app.queries.lock_file import File, Unit
from pulp_cargo.app.queries.registry.registry import RegistryUpstreams
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.services.lock_file.index_files import Indexes
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion
from pulp_cargo.rules.policies import policy_decision
from pulp_cargo.rules.policies.advisories import affects
from pulp_cargo.rules.policies.crate_policy import NamedPolicy, StoredVersion, Verdict


class LockFilePolicies:
    """The crate policies in force at one moment, for the packages of one lock file."""

    def __init__(
        self,
        advisories: AdvisoryDatabase,
        upstreams: RegistryUpstreams,
        indexes: Indexes,
        names: Collection[str],
    ) -> None:
        self._advisories, self._upstreams, self._indexes = advisories, upstreams, indexes
        self._now = datetime.now(UTC)
        ruled = [s.version for s in upstreams.all if s.version and self.of(s, stored=True)]
        # Stored versions were served before, and their licences are known.
        self._stored: Mapping[tuple[UUID, str], Mapping[str, StoredVersion]] = (
            lock_file.cached_versions(ruled, names) if ruled else {}
        )

    def of(self, upstream: Upstream, *, stored: bool = False) -> tuple[NamedPolicy, ...]:
        """Return the policies in force for what comes from an upstream, or is `stored`."""
        return self._upstreams.policies_of(upstream, stored=stored)

    def verdict(
        self,
        upstream: Upstream,
        file: File,
        entry: UpstreamVersion,
        license: str | None,
        *,
        stored: bool = False,
    ) -> Verdict | None:
        """Return the verdict on a version in an upstream's index file, None without policies.

        `license` is that of a stored file that is not in the repository of the upstream. Raises
        UpstreamIndexInvalid.
        """
        policies, body = self.of(upstream, stored=stored), self._indexes.body(file)
        if not policies:
            return None
        about = self._advisories.about(file[1])
        # Whether a version fixes an advisory depends on those below it, all else on itself alone.
        whole = self._indexes.whole(file) if about else None
        known = policy_decision.CrateFacts(
            first_seen=body.first_seen if body else {},
            stored=self._stored.get((upstream.version, file[1]), {}) if upstream.version else {},
            advisories=about,
        )
        index = whole or _alone(entry)
        found = policy_decision.evaluate_index(index, file[1], policies, known, self._now)
        verdict = found.verdict(entry.vers)
        if license is None or not verdict.is_open:
            return verdict
        refused = refused_license(policies, file[1], entry, license)
        return refused or verdict

    def verdict_on_stored(self, upstream: Upstream, file: File, unit: Unit) -> Verdict | None:
        """Return the verdict on a stored version, which stands in for the upstream's index."""
        entry = UpstreamVersion("", unit.vers, unit.cksum, unit.yanked, None)
        return self.verdict(upstream, file, entry, None, stored=True)

    def advisories_on(self, package: LockedPackage) -> tuple[str, ...]:
        """Return the ids of the advisories on vulnerabilities of a crate of crates.io.

        Informational ones, such as on unmaintained crates, are no reason to stop a build.
        """
        vers = parse_version(package.vers)
        return tuple(
            found.id
            for found in self._advisories.about(package.name)
            if found.informational is None and affects(found, vers)
        )


def refused_license(
    policies: Sequence[NamedPolicy], name: str, entry: UpstreamVersion, license: str
) -> Verdict | None:
    """Return the verdict on a version whose licence has become known, if it is refused for that.

    `name` is in lower case.
    """
    known = policy_decision.CrateFacts(stored={entry.vers: StoredVersion(entry.cksum, license)})
    now = datetime.now(UTC)
    found = policy_decision.evaluate_index(_alone(entry), name, policies, known, now)
    verdict = found.verdict(entry.vers)
    return None if verdict.is_open else verdict


def _alone(entry: UpstreamVersion) -> UpstreamIndex:
    return UpstreamIndex(b"", {entry.vers: entry}, is_sound=True)
