"""Storing many crates in the database, and their files in the storage, with few statements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.services.crates import artifacts, unit_rows
from pulp_cargo.app.services.crates.artifacts import Placed
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.unit_rows import NewRows

Crates = Sequence[tuple[CrateContent, IncomingFile]]

LINK_FILES = """
    INSERT INTO core_contentartifact (pulp_id, pulp_created, pulp_last_updated, relative_path,
        artifact_id, content_id)
    SELECT gen_random_uuid(), now(), now(), path, artifact, unit
    FROM unnest(%(paths)s::text[], %(artifacts)s::uuid[], %(units)s::uuid[]) _ (path, artifact, unit)
    ON CONFLICT (content_id, relative_path) DO UPDATE SET artifact_id = EXCLUDED.artifact_id
    WHERE core_contentartifact.artifact_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class There:
    """What was stored of some crates before: artifacts by their SHA-256, and units."""

    artifacts: Mapping[str, UUID]
    units: Mapping[unit_rows.Key, UUID]


def save_crates(crates: Crates, domain: Domain) -> list[UUID]:
    """Store the files and units of crates that are not stored yet, and return the units' ids."""
    artifacts.lock_digests([file for _, file in crates])
    there = ask(crates, domain)()
    units, placed = place_crates(crates, there, domain)
    placed.settle()
    return units


def ask(crates: Crates, domain: Domain) -> Callable[[], There]:
    """Query what is stored of the crates; the caller has locked out other writers of their files."""
    if not crates:
        return lambda: There({}, {})
    files = artifacts.ask_for_stored([file.cksum for _, file in crates], domain)
    units = unit_rows.ask([unit for unit, _ in crates], domain)
    return lambda: There(artifacts.found(files), unit_rows.known(units))


def place_crates(crates: Crates, there: There, domain: Domain) -> tuple[list[UUID], Placed]:
    """Store the missing files and units of crates, and return the units' ids, in order."""
    if not crates:
        return [], Placed({}, ())
    rows = NewRows()
    placed = artifacts.place_files([file for _, file in crates], there.artifacts, domain, rows)
    units = unit_rows.add_unknown([unit for unit, _ in crates], there.units, domain, rows)
    rows.insert()
    linked = [(unit, pk) for (unit, _), pk in zip(crates, units, strict=True)]
    values = {
        "paths": [unit.relative_path for unit, _ in linked],
        "artifacts": [placed.artifacts[unit.cksum] for unit, _ in linked],
        "units": [pk for _, pk in linked],
    }
    statements.run(LINK_FILES, values)
    return units, placed


def save_apart(crates: Crates, domain: Domain) -> list[UUID]:
    """Store crates in a separate transaction, in no repository; a failure leaves no files."""
    with (
        artifacts.forgotten_after_errors([file for _, file in crates], domain),
        transaction.atomic(),
    ):
        return save_crates(crates, domain)
