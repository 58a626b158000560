"""Which packages of a lock file concern a registry, and which names its upstreams may learn."""

from collections.abc import Collection, Iterable

from pulp_cargo.app.queries.registry.own_urls import urls_at
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUrls
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.protocol.lock_file import LockedPackage, LockFile
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.registry_url import is_crates_io, same_registry
from pulp_cargo.rules.lock_report import NotCheckedPackage
from pulp_cargo.rules.lock_sources import is_allowed


def divide(
    urls: RegistryUrls,
    lock: LockFile,
    *,
    crates_io: bool | None,
    allow_sources: Collection[str] = (),
) -> tuple[list[LockedPackage], list[NotCheckedPackage]]:
    """Return the packages that cargo would request from a registry, and the others."""
    if crates_io is None:
        crates_io = any(map(is_crates_io, urls.null))
    checked: list[LockedPackage] = []
    others: list[NotCheckedPackage] = []
    for package in lock.packages:
        source = package.source
        if isinstance(source, RegistrySource) and (
            crates_io
            if source.is_crates_io
            else any(same_registry(source.url, url) for url in urls.null)
        ):
            checked.append(package)
        else:
            others.append(_not_checked(package, allow_sources))
    return checked, others


def names_to_ask_for(registry: Registry, packages: Iterable[LockedPackage]) -> set[str]:
    """Return the names that may be sent to upstreams, as a build through this registry would do.

    A package whose source is a private registry of the list is private, whether or not that
    registry still has it.
    """
    upstreams = registry.upstreams.listed
    remotes = [one.remote.url for one in upstreams if isinstance(one, RemoteUpstream)]
    own = urls_at(registry.domain.name, [registry.base_path])
    return {
        package.name
        for package in packages
        if isinstance(package.source, RegistrySource)
        and (
            package.source.is_crates_io
            or any(same_registry(package.source.url, url) for url in (*remotes, *own))
        )
    }


def _not_checked(package: LockedPackage, allow_sources: Collection[str]) -> NotCheckedPackage:
    source = package.source
    if source is None:
        sentence = "it is local, such as the project itself"
        return NotCheckedPackage(package, sentence, passes=True)
    if isinstance(source, RegistrySource):
        sentence = (
            f"it is from the registry {source.url}, which this registry does not stand in for"
        )
    else:
        sentence = f"it is from the git repository {source.url}"
    passes = is_allowed(source, allow_sources)
    sentence += ", which is allowed" if passes else "; `allow_sources` does not include it"
    return NotCheckedPackage(package, sentence, passes, isinstance(source, RegistrySource))
