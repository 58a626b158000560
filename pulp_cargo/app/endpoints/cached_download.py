"""Downloads of .crate files through a registry that has them from upstreams."""

from collections.abc import Mapping

from aiohttp import web

from pulp_cargo.app.endpoints.passing_on import pass_on
from pulp_cargo.app.endpoints.request import CargoRequest
from pulp_cargo.app.endpoints.sending import send
from pulp_cargo.app.queries import crates
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import (
    judging,
    pulls,
    sourcing,
    threads,
    upstream_versions,
    whole_crates,
)
from pulp_cargo.app.services.keeper import Keeper
from pulp_cargo.app.services.sourcing import Found
from pulp_cargo.protocol.errors import VersionNotFound
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.protocol.upstream_index import UpstreamVersion

Headers = Mapping[str, str]


async def get_cached_crate_file(
    cargo: CargoRequest, name: str, vers: str, headers: Headers
) -> web.StreamResponse:
    """Send the file whose checksum the upstream's index has, from here or from there."""
    who = await sourcing.asked(cargo.registry, name)
    for source in who.sources:
        version = _known(cargo, source, name, vers)
        if version is not None:
            return await _send(cargo, source, version, name, headers)
        found = await sourcing.ask(cargo.registry, source, name.lower(), at_any_age=True)
        if found is None:
            continue
        sent = await _from(cargo, found, name, vers, headers)
        if sent is not None:
            return sent
        if not who.mixed:
            break
    raise VersionNotFound(name, vers)


def _known(cargo: CargoRequest, source: Source, name: str, vers: str) -> UpstreamVersion | None:
    """Return a version that is in memory, where no policy has to see the whole crate."""
    if source.remote is None or judging.policies_of(cargo.registry, source):
        return None
    return upstream_versions.known(source.remote, name.lower()).get(vers)


async def _from(
    cargo: CargoRequest, found: Found, name: str, vers: str, headers: Headers
) -> web.StreamResponse | None:
    """Send a file that an upstream has, None if it does not have that version."""
    source = found.source
    if found.current is not None:
        version = (await found.index(name.lower())).versions.get(vers)
        if version is None and found.current.fresh_for == 0:
            # A new one may not be in our copy yet.
            found = await sourcing.ask(cargo.registry, source, name.lower()) or found
            version = (await found.index(name.lower())).versions.get(vers)
        if version is not None:
            return await _send_judged(cargo, found, version, name, headers)
    elif found.kept is not None:
        judgement = await judging.judge(cargo.registry, found, name.lower())
        if judgement is not None:
            judging.require_open(judgement, vers)
    file = await threads.read(crates.crate_file, cargo.registry.at(source), name, vers)
    return None if file is None else await send(cargo, file, name, vers, headers)


async def _send_judged(
    cargo: CargoRequest, found: Found, version: UpstreamVersion, name: str, headers: Headers
) -> web.StreamResponse:
    judgement = await judging.judge(cargo.registry, found, name.lower())
    if judgement is not None:
        judging.require_open(judgement, version.vers)
        await _require_license(cargo, found, version, name)
    return await _send(cargo, found.source, version, name, headers)


async def _require_license(
    cargo: CargoRequest, found: Found, version: UpstreamVersion, name: str
) -> None:
    """Where a policy asks for licences, see that of a file that comes now before it goes on."""
    policies = judging.policies_of(cargo.registry, found.source)
    if all(one.policy.licenses is None for one in policies):
        return
    stored = await _stored(cargo, found.source, version, name)
    if stored is not None:
        known = stored.license
    else:
        assert found.source.remote is not None
        keeper = Keeper(cargo.registry.domain, found.source, version)
        pull = pulls.pull(found.source.remote, name, version.vers, version.cksum, keeper.keep)
        with pull.held():
            await pull.ended()
            known = await threads.work(pull.license)
    judgement = await judging.judge(
        cargo.registry, found, name.lower(), {version.vers: known or ""}
    )
    assert judgement is not None, "there are policies"
    judging.require_open(judgement, version.vers)


async def _stored(
    cargo: CargoRequest, source: Source, version: UpstreamVersion, name: str
) -> crates.KeptFile | None:
    registry = cargo.registry.at(source)
    return await threads.read(crates.kept_file, registry, name, version.vers, version.cksum)


async def _send(
    cargo: CargoRequest, source: Source, version: UpstreamVersion, name: str, headers: Headers
) -> web.StreamResponse:
    assert source.remote is not None, "only remotes have an upstream's index"
    keeper = Keeper(cargo.registry.domain, source, version)
    done = keeper.keep
    try:
        stored = await _stored(cargo, source, version, name)
        if stored is not None:
            if not stored.is_member:
                keeper.adopt(stored.unit)
            return await send(cargo, stored.file, name, version.vers, headers)
    except ServiceUnavailable:
        # The storage has lost or spoilt it, which is no loss while the upstream has it.
        done = keeper.mend
    pull = pulls.pull(source.remote, name, version.vers, version.cksum, done)
    with pull.held():
        whole_crates.bring(cargo.registry, source, name)
        return await pass_on(cargo, pull, headers)
