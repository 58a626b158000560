"""Checking whether a registry serves the packages of a lock file.

The report has verdicts on the packages that cargo would request here: those that have this registry
as their source, and those of the registries that it stands in for, such as crates.io.
"""

from collections.abc import Collection

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.cache.refresher import Refresher
from pulp_cargo.app.services.lock_file.lookup import Lookup
from pulp_cargo.app.services.lock_file.packages import divide, names_to_ask_for
from pulp_cargo.app.services.lock_file.refresh import FilesOfLockFile
from pulp_cargo.protocol.lock_file import LockFile
from pulp_cargo.rules.lock_check import Wanted, check_package
from pulp_cargo.rules.lock_report import Report


def check(
    refresher: Refresher,
    registry: Registry,
    lock: LockFile,
    wanted: Wanted,
    *,
    refresh: bool,
    crates_io: bool | None = None,
    allow_sources: Collection[str] = (),
) -> Report:
    """Return the report on a lock file.

    Packages of other registries and of git pass only if `allow_sources` has their source.

    With `refresh`, missing and outdated index files are requested from the upstreams first;
    without, the cached ones decide. `crates_io` is whether this registry stands in for crates.io,
    if that does not follow from the URLs of its upstreams, as for one that is itself a copy.
    """
    checked, others = divide(registry.urls, lock, crates_io=crates_io, allow_sources=allow_sources)
    lookup = Lookup(refresher.cache.advisories, registry, checked)
    if refresh:
        names = names_to_ask_for(registry, checked)
        refresher.refresh_in_request(FilesOfLockFile(lookup, names))
    rows = (
        check_package(package, found, wanted, flags)
        for package, found, flags in lookup.find(checked)
    )
    return Report(tuple(rows), tuple(others), tuple(sorted(lookup.indexes.not_refreshed)))
