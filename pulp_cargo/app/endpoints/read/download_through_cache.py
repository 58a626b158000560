"""Downloads of .crate files through a registry that has them from upstreams."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.read.index_through_cache import STAND_IN_SECONDS
from pulp_cargo.app.endpoints.read.send_file import send
from pulp_cargo.app.endpoints.read.send_while_downloading import pass_on
from pulp_cargo.app.queries.crates import crate_file
from pulp_cargo.app.queries.upstreams.replaced_versions import replaced_by
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache import (
    index_store,
    parsed_indexes,
    resolve,
    whole_crate,
)
from pulp_cargo.app.services.cache.resolve import ResolvedUpstream
from pulp_cargo.app.services.downloads import shared_downloads
from pulp_cargo.app.services.downloads.persist import Keeper
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.errors import VersionNotFound, VersionReplaced
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.protocol.upstream_index import UpstreamVersion


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a client wants, and what is said with it."""

    cargo: CargoRequest
    name: str
    vers: str
    headers: Mapping[str, str]

    async def stored(self, source: Upstream, cksum: str) -> crate_file.KeptFile | None:
        """Return the file with a checksum if it came through the same remote before."""
        assert source.remote is not None, "only remotes have a store"
        registry, remote = self.cargo.registry.at(source), source.remote.pk
        return await threads.read(
            crate_file.kept_file, registry, remote, self.name, self.vers, cksum
        )

    async def require_unreplaced(self, source: Upstream, cksum: str) -> None:
        """Raise VersionReplaced for a file that is neither here nor with its upstream any more."""
        assert source.remote is not None, "only a remote can replace a file"
        name = self.name.lower()
        waiting = index_store.waiting(source.remote, name)
        if waiting is None:
            now = await threads.read(replaced_by, source.remote.pk, name, self.vers, cksum)
        else:
            before, now = waiting.replaced.get(self.vers, (None, None))
            now = now if before == cksum else None
        if now is not None:
            raise VersionReplaced(self.name, self.vers, cksum, now)


async def get_cached_crate_file(
    cargo: CargoRequest, name: str, vers: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send the file whose checksum the upstream's index has, from here or from there."""
    wanted = Wanted(cargo, name, vers, headers)
    who = await resolve.asked(cargo.registry, name)
    for source in who.sources:
        has_crate, response = await _from(wanted, source)
        if response is not None:
            return response
        if has_crate and not who.mixed:
            break
    raise VersionNotFound(name, vers)


async def _from(wanted: Wanted, source: Upstream) -> tuple[bool, web.StreamResponse | None]:
    """Return whether an upstream has the crate, and the answer if it has the version, too."""
    cargo, lower_name = wanted.cargo, wanted.name.lower()
    is_judged = bool(evaluate.policies_of(cargo.registry, source))
    if source.remote is not None and not is_judged:
        # What is in memory will do where no policy has to see the whole crate.
        known = parsed_indexes.known(source.remote, lower_name).get(wanted.vers)
        if known is not None:
            return True, await _send(wanted, source, known)
    found = await resolve.ask(cargo.registry, source, lower_name, at_any_age=True)
    if found is None:
        return False, None
    found, version = await _version(wanted, found)
    if version is not None:
        return True, await _send_judged(wanted, found, version)
    fresh_for = None
    if evaluate.policies_of(cargo.registry, source, stored=True):
        if found.kept is None:
            # No policy has a word on what the upstream does not have.
            return True, None
        fresh_for = await _require_open(wanted, found)
    file = await threads.read(
        crate_file.crate_file, cargo.registry.at(source), wanted.name, wanted.vers
    )
    if file is None:
        return True, None
    if source.remote is not None:
        # The upstream's index says nothing of it now, and may soon have other bytes.
        fresh_for = min(STAND_IN_SECONDS, STAND_IN_SECONDS if fresh_for is None else fresh_for)
    return True, await send(cargo, file, wanted.name, wanted.vers, wanted.headers, fresh_for)


async def _version(
    wanted: Wanted, found: ResolvedUpstream
) -> tuple[ResolvedUpstream, UpstreamVersion | None]:
    """Return what a remote's index says of the version, and the index that does.

    A new one may not be in our copy yet.
    """
    if found.current is None:
        return found, None
    lower_name = wanted.name.lower()
    version = (await found.index(lower_name)).versions.get(wanted.vers)
    if version is None and found.current.fresh_for == 0:
        newer = await resolve.ask(wanted.cargo.registry, found.source, lower_name)
        if newer is not None and newer.current is not None:
            found = newer
            version = (await found.index(lower_name)).versions.get(wanted.vers)
    return found, version


async def _send_judged(
    wanted: Wanted, found: ResolvedUpstream, version: UpstreamVersion
) -> web.StreamResponse:
    fresh_for = await _require_open(wanted, found)
    with ExitStack() as leases:
        if evaluate.asks_for_licenses(wanted.cargo.registry, found.source):
            license = await _license(wanted, found.source, version, leases)
            await _require_open(wanted, found, {version.vers: license})
        return await _send(wanted, found.source, version, fresh_for)


async def _require_open(
    wanted: Wanted, found: ResolvedUpstream, licenses: Mapping[str, str] | None = None
) -> float | None:
    """Return for how many seconds the policies let the version through, None for ever.

    Raises VersionRefused.
    """
    judgement = await evaluate.judge(wanted.cargo.registry, found, wanted.name.lower(), licenses)
    if judgement is None:
        return None
    await evaluate.require_open(judgement, wanted.vers)
    return evaluate.good_for(judgement)


async def _license(
    wanted: Wanted, source: Upstream, version: UpstreamVersion, leases: ExitStack
) -> str:
    """Return the licence of a file, which comes now if it is not here; empty where it has none."""
    assert source.remote is not None, "only remotes have policies"
    file = source.remote, wanted.name, version.vers, version.cksum
    leases.enter_context(shared_downloads.leased_if_running(*file))
    stored = await wanted.stored(source, version.cksum)
    if stored is not None:
        return stored.license or ""
    await wanted.require_unreplaced(source, version.cksum)
    keep = Keeper(wanted.cargo.registry.domain, source, version).keep
    pull = shared_downloads.pull(*file, keep)
    leases.enter_context(pull.leased())
    await pull.ended()
    return await threads.work(pull.license) or ""


async def _send(
    wanted: Wanted, source: Upstream, version: UpstreamVersion, fresh_for: float | None = None
) -> web.StreamResponse:
    assert source.remote is not None, "only remotes have an upstream's index"
    cargo, name = wanted.cargo, wanted.name
    whole_crate.bring(cargo.registry, source, name)
    keeper = Keeper(cargo.registry.domain, source, version)
    done = keeper.keep
    file = source.remote, name, version.vers, version.cksum
    with ExitStack() as leases:
        leases.enter_context(shared_downloads.leased_if_running(*file))
        try:
            stored = await wanted.stored(source, version.cksum)
            if stored is not None:
                leases.close()
                if not stored.is_member:
                    keeper.adopt(stored.unit)
                # Nobody remembers a file for longer than the index that has its checksum.
                most = float(source.remote.max_age)
                fresh_for = most if fresh_for is None else min(fresh_for, most)
                return await send(cargo, stored.file, name, version.vers, wanted.headers, fresh_for)
        except ServiceUnavailable:
            # The storage has lost or spoilt it, which is no loss while the upstream has it.
            done = keeper.mend
        await wanted.require_unreplaced(source, version.cksum)
        pull = shared_downloads.pull(*file, done)
        leases.enter_context(pull.leased())
        return await pass_on(cargo, pull, wanted.headers)
