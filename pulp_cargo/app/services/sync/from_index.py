"""Synchronizing with any registry by its index: a git repository, a folder, or index files by name.

What an index says is unverified, and so are the units that are made of it, until their files are read
(`rules/metadata_source`). A line that cannot be used, or a file that is another than its line says,
is left out and reported; everything else is taken.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from pulpcore.plugin.models import ProgressReport

from pulp_cargo.app.models import version_sets
from pulp_cargo.app.models.sync_sources import last_sync_if_complete, newest_note
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.services.sync import (
    closure,
    files,
    index_table,
    listing_table,
    mirrored_units,
    replaced,
    upstream,
)
from pulp_cargo.app.services.sync.index_table import Chooser, IndexOrigin, Loaded
from pulp_cargo.app.services.sync.order import Order, Services, Synced
from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.app.services.sync.signed import require_signed
from pulp_cargo.app.services.sync.sources import Opened, opened
from pulp_cargo.app.services.sync.upstream import ConnectedUpstream
from pulp_cargo.app.services.sync.version import Change, make_version
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.index_sources import IndexFile, ListedSource, LocalRegistry
from pulp_cargo.protocol.names import CRATE_NAME
from pulp_cargo.protocol.registry_url import is_crates_io
from pulp_cargo.protocol.upstream_config import has_one_host
from pulp_cargo.rules.mirror_selection import Selection
from pulp_cargo.rules.policies.mirror import MirrorPolicy

# In the note of a version: the commit that it was made from, and when its policy changes.
COMMIT, UNTIL = "commit", "until"
# The progress report is saved after so many versions.
REPORT_EVERY = 10_000


def synchronize(services: Services, order: Order, connected: ConnectedUpstream) -> Synced:
    """Add what the index has of what is selected; raises CannotCopy and StorageFull."""
    now = datetime.now(UTC)
    policy = _policy(order, now)
    made_of = order.made_of(policy.text)
    base, until = _base(order, made_of, now)
    repository, remote = order.repository, order.remote
    report = SyncReport()
    report.leave_out(order.selection)
    source = opened(connected, services.disk, repository, remote, base)
    with source as index, index_table.tables():
        _require_usable(order, index)
        if index.commit is not None and index.commit == base:
            return Synced(None, report)
        snapshot = None
        with closing(_load(order, index, policy, report)) as batches:
            if remote.snapshot_keys:
                # Nothing is stored before all of it is known to be signed.
                with index_table.laid_aside(batches) as known:
                    snapshot = require_signed(connected, order)
                    _store(order, known)
            else:
                _store(order, batches)
        # Only what has changed is listed of a partial one, and nothing was missing before.
        if not index.is_partial:
            report.require_selected(order.selection, *listing_table.LOOKUPS)
        _get_files(services, order, connected, index, report)
        change = Change(
            mirror=order.mirror,
            is_partial=index.is_partial,
            aliases={url for url in [str(remote.url)] if not is_crates_io(url)},
            note=made_of | _state(index, policy, report, until),
            snapshot=snapshot,
        )
        version = make_version(repository, change)
        index.note_synced()
        return Synced(version, report)


def _policy(order: Order, now: datetime) -> MirrorPolicy:
    policy = MirrorPolicy(named_policy(order.remote.crate_policy), now)
    if policy.has_licenses:
        raise CannotCopy(
            "the crate policy of the remote has a list of licences, which an index does not have:"
            " use a cache, or a policy without it"
        )
    return policy


def _require_usable(order: Order, index: Opened) -> None:
    if order.remote.snapshot_keys and not order.remote.is_sparse:
        raise CannotCopy("the remote requires a signed snapshot, which only a registry of Pulp has")
    if order.selection.names is None:
        _listed(index)
    config = index.config
    needs_token = config is not None and config.auth_required
    host = config.dl if config is not None and needs_token and has_one_host(config) else None
    upstream.note_file_origin(order.remote, host)
    if needs_token and host is None and not order.is_immediate:
        raise CannotCopy(
            "the upstream needs a token for its files, whose host differs from crate to crate: only"
            " a sync with the policy `immediate` can send it"
        )


def _load(
    order: Order, index: Opened, policy: MirrorPolicy, report: SyncReport
) -> Generator[Loaded]:
    of_lines = IndexOrigin(str(order.remote.pk), index.registry, index.file_url())
    selection = order.selection
    with _counted("Reading the index", "sync.cargo.index") as count:
        found = _selected(index, selection, report)
        if selection.closure:
            selection, files_of = closure.expand(index.index, selection, found, report)
            found = files_of()
        chooser = Chooser(selection, policy, report)
        for batch in index_table.load(found, of_lines, chooser, mirrored_units.VERSIONS_AT_ONCE):
            count(len(batch.units))
            yield batch


def _store(order: Order, batches: Iterable[Loaded]) -> None:
    """Create the units of batches of versions, while the next ones are read."""
    replaced_count = total = 0
    repository, remote = order.repository, order.remote
    with (
        _counted("Storing crate versions", "sync.cargo.crates") as count,
        mirrored_units.writing(repository, remote.pk) as writer,
    ):
        for batch in batches:
            only = {"first": batch.first, "end": batch.end}
            replaced_count += replaced.refuse_replaced(
                repository, remote, url=order.upstream_url, mirror=order.mirror, only=only
            )
            writer.make_units(batch)
            count(len(batch.units))
            total = batch.end
    replaced.note_replaced(replaced_count)
    if total >= version_sets.MANY:
        mirrored_units.analyze()


def _selected(index: Opened, selection: Selection, report: SyncReport) -> Iterator[IndexFile]:
    if selection.names is not None:
        return _named(index, selection.names, report)
    return _listed(index).every(selection.wants_crate, report.refuse_path)


def _listed(index: Opened) -> ListedSource:
    """Return the index if its crates can be listed; raises CannotCopy for a sparse one."""
    if isinstance(index.index, ListedSource):
        return index.index
    raise CannotCopy("a sparse index cannot be listed: name the crates to mirror")


def _named(index: Opened, names: Iterable[str], report: SyncReport) -> Iterator[IndexFile]:
    """Yield the index files of crates that are named; hyphens may be underscores, as for cargo."""
    missing: list[str] = []
    wanted = sorted({name.lower() for name in names})
    # A lock file may have any name, and that of a crate becomes part of a path.
    for name in wanted:
        if not CRATE_NAME.fullmatch(name):
            report.refuse(name, "", "it is not the name of a crate")
    for name, body in index.index.named(filter(CRATE_NAME.fullmatch, wanted)):
        if body is None:
            missing.append(name)
        else:
            yield name, body
    others = [(name, other) for name in missing for other in _spellings(name)]
    found = set()
    bodies = index.index.named([other for _, other in others])
    for (name, _), (other, body) in zip(others, bodies, strict=True):
        if body is not None and name not in found:
            found.add(name)
            yield other, body
    for name in missing:
        if name not in found:
            report.refuse(name, "", "the upstream has no such crate")


def _spellings(name: str) -> list[str]:
    """Return the other names that cargo tries for a crate."""
    return sorted({name.replace("-", "_"), name.replace("_", "-")} - {name})


def _get_files(
    services: Services,
    order: Order,
    connected: ConnectedUpstream,
    index: Opened,
    report: SyncReport,
) -> None:
    refuse = files.refuse_by_leaving_out(report)
    if isinstance(index.index, LocalRegistry):
        files.copy_files(services.disk, order.repository, index.index, refuse=refuse)
    elif order.is_immediate:
        files.fetch_files(
            services.disk,
            order.repository,
            order.remote,
            connected,
            refuse=refuse,
            with_token=bool(index.config and index.config.auth_required),
        )


def _base(
    order: Order, made_of: dict[str, Any], now: datetime
) -> tuple[str | None, datetime | None]:
    """Return the commit of the last sync, if only what has changed since then is to be read.

    With it comes the time from which the crate policy lets in more of what has not changed.
    """
    # What is selected by name, and missing, is reported by every sync.
    if order.selection.has_names or order.selection.closure:
        return None, None
    # Others may have added what a mirror removes again; otherwise a sync only adds.
    note_of = newest_note if order.mirror else last_sync_if_complete
    note = dict(note_of(order.repository.pk))
    commit, text = note.pop(COMMIT, None), note.pop(UNTIL, None)
    until = datetime.fromisoformat(text) if text else None
    if note != made_of or (until is not None and until <= now):
        return None, None
    return commit, until


def _state(
    index: Opened, policy: MirrorPolicy, report: SyncReport, until: datetime | None
) -> dict[str, str]:
    """Return the commit for the next sync, unless that has to read everything again.

    `until` is the time for what has not changed, if only the rest was read.
    """
    if index.commit is None or not report.is_complete:
        return {}
    times = [policy.until, until if index.is_partial else None]
    soonest = min((one for one in times if one is not None), default=None)
    return {COMMIT: index.commit} | ({UNTIL: soonest.isoformat()} if soonest else {})


@contextmanager
def _counted(message: str, code: str) -> Iterator[Callable[[int], None]]:
    """Report progress; yields what counts further versions, which are saved now and then."""
    unsaved = 0
    with ProgressReport(message=message, code=code) as report:

        def count(more: int) -> None:
            nonlocal unsaved
            unsaved += more
            if unsaved >= REPORT_EVERY:
                report.increase_by(unsaved)
                unsaved = 0

        yield count
        report.increase_by(unsaved)
