"""Creating the units of a listing that the domain lacks, with few statements.

Each gets a content artifact for its file, and a remote artifact with its URL at the upstream. The
table `cargo_listed` (services/sync/listing_table) must exist.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import BinaryIO

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.expressions import RawSQL
from psycopg.errors import DeadlockDetected

from pulpcore.plugin.models import Content, Domain, ProgressReport

from pulp_cargo.app.models import CargoRemote, CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.runtime.batches import batches
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.crates import build_unit, unit_rows
from pulp_cargo.app.services.sync import listing_table
from pulp_cargo.app.services.sync.listing_table import ALL
from pulp_cargo.app.upstream.connection import registry_root

# Number of units in one statement.
UNITS_AT_ONCE = 500
# Maximum number of attempts to write a batch while others write the same rows.
MOST_ATTEMPTS = 5

MISSING = """
    SELECT at, metadata_source FROM cargo_listed WHERE NOT is_found ORDER BY at
"""
# Units that are not in the repository yet; touching them protects them from orphan cleanup.
LOOSE = f"""
    SELECT l.content_id FROM cargo_listed l
    WHERE l.at >= %s AND l.at < %s AND l.is_found
    AND NOT {has_row("l.content_id", is_in_newest("%s"))}
"""
MISSING_MARKS = """
    SELECT l.canonical_name, l.vers FROM cargo_listed l WHERE l.yanked AND NOT EXISTS (
        SELECT 1 FROM cargo_crateyank y WHERE y.canonical_name = l.canonical_name
        AND y.vers = l.vers AND y._pulp_domain_id = %s
    ) ORDER BY 1, 2
"""
WANTED_MARKS = """
    SELECT y.content_ptr_id FROM cargo_listed l
    JOIN cargo_crateyank y USING (canonical_name, vers)
    WHERE l.yanked AND y._pulp_domain_id = %s
"""
# The condition that the repository has or had the stored file `a`. Only such files are used for a
# listed checksum, since an upstream could list that of a private crate in another repository.
HAD_FILE = """EXISTS (
    SELECT 1 FROM core_contentartifact other
    JOIN core_repositorycontent rc ON rc.content_id = other.content_id
    WHERE other.artifact_id = a.pulp_id AND rc.repository_id = %(repository)s
)"""
LINK_FILES = f"""
    INSERT INTO core_contentartifact (pulp_id, pulp_created, pulp_last_updated, relative_path,
        artifact_id, content_id)
    SELECT gen_random_uuid(), now(), now(), l.name || '/' || l.name || '-' || l.vers || '.crate',
        a.pulp_id, l.content_id
    FROM cargo_listed l
    LEFT JOIN core_artifact a ON a.sha256 = l.cksum AND a.pulp_domain_id = %(domain)s
    AND {HAD_FILE}
    WHERE l.at >= %(first)s AND l.at < %(end)s AND l.is_found AND NOT EXISTS (
        SELECT 1 FROM core_contentartifact ca WHERE ca.content_id = l.content_id
    )
    ORDER BY l.content_id
    ON CONFLICT (content_id, relative_path) DO NOTHING
"""
# Names and versions have only characters that need no encoding in a URL.
NOTE_SOURCES = """
    INSERT INTO core_remoteartifact AS known (pulp_id, pulp_created, pulp_last_updated, url, size,
        sha256, content_artifact_id, remote_id, pulp_domain_id)
    SELECT gen_random_uuid(), now(), now(),
        coalesce(l.url, %(root)s || 'api/v1/crates/' || l.name || '/' || l.vers || '/download'),
        l.size, l.cksum, ca.pulp_id, %(remote)s, %(domain)s
    FROM cargo_listed l JOIN core_contentartifact ca ON ca.content_id = l.content_id
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT l.is_replaced
    AND (l.url IS NOT NULL OR %(root)s <> '')
    ORDER BY ca.pulp_id
    ON CONFLICT (content_artifact_id, remote_id, pulp_domain_id) DO UPDATE
    SET url = EXCLUDED.url, size = EXCLUDED.size, sha256 = EXCLUDED.sha256, failed_at = NULL
    WHERE (known.url, known.size, known.sha256) IS DISTINCT FROM
        (EXCLUDED.url, EXCLUDED.size, EXCLUDED.sha256) OR known.failed_at IS NOT NULL
"""


def make_units(file: BinaryIO, repository: CargoRepository, remote: CargoRemote) -> None:
    """Create the crate versions and yank marks of the listing that the domain lacks."""
    domain = repository.pulp_domain
    listing_table.find_units(domain.pk, repository.pk)
    places = all_rows(MISSING)
    with _progress("Storing crate versions", "sync.cargo.crates", len(places)) as progress:
        for batch in batches(places, UNITS_AT_ONCE):
            units = [
                build_unit.of_listing(listing_table.read_again(file, at), source)
                for at, source in batch
            ]
            save_batch(units, repository.pulp_domain)
            progress.increase_by(len(batch))
    listing_table.find_units(domain.pk, repository.pk)
    touch_loose(repository, *ALL.values())
    make_marks(repository)
    source = {
        "root": registry_root(remote),
        "remote": remote.pk,
        "domain": domain.pk,
        "repository": repository.pk,
        **ALL,
    }
    for statement in (LINK_FILES, NOTE_SOURCES):
        again_if_taken(partial(_execute, statement, source))


def touch_loose(repository: CargoRepository, first: object, end: object) -> None:
    """Protect the found units that are not in the repository yet from orphan cleanup."""
    Content.objects.filter(pk__in=RawSQL(LOOSE, [first, end, repository.pk])).touch()


def save_batch(units: Sequence[CrateContent], domain: Domain) -> None:
    """Insert the units that the domain lacks, even if others insert the same ones."""
    # All syncs insert in the same order, which prevents deadlocks between them.
    ordered = sorted(units, key=lambda unit: (unit.name, unit.vers, unit.cksum))
    again_if_taken(lambda: unit_rows.save_units(ordered, domain))


def make_marks(repository: CargoRepository) -> None:
    """Create the yank marks of the listing that the domain lacks."""
    domain = repository.pulp_domain

    def make() -> None:
        keys = all_rows(MISSING_MARKS, [domain.pk])
        marks = [CrateYank(canonical_name=name, vers=vers) for name, vers in keys]
        unit_rows.insert_units(CrateYank, marks, domain)

    again_if_taken(make)
    Content.objects.filter(pk__in=RawSQL(WANTED_MARKS, [domain.pk])).touch()


def again_if_taken(change: Callable[[], object]) -> None:
    """Make a change, and retry it after a unique violation or a deadlock.

    The retry finds the rows that the other transaction has inserted.
    """
    for left in reversed(range(MOST_ATTEMPTS)):
        try:
            with transaction.atomic():
                change()
        except (IntegrityError, OperationalError) as error:
            if not left or not is_taken(error):
                raise
        else:
            return


def is_taken(error: Exception) -> bool:
    """Return whether others have written the same rows, or rows in another order."""
    return isinstance(error, IntegrityError) or isinstance(error.__cause__, DeadlockDetected)


def _progress(message: str, code: str, total: int) -> ProgressReport:
    return ProgressReport(message=message, code=code, total=total)


def _execute(statement: str, values: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
