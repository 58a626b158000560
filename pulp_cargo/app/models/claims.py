"""What a repository has ever had: names, which a private one claims for good, and used versions."""

from uuid import UUID

from django.db import models

from pulp_cargo.app.runtime import statements


def claims_of(units: str) -> str:
    """Return the parts of a WITH that record the names and versions of units.

    `units` are rows of `repository_id` and `content_id`. The lateral join prevents the planner from
    reading all crates, as it may while PostgreSQL has no statistics of new tables.
    """
    return f"""
        added AS MATERIALIZED (
            SELECT rc.repository_id, unit.*
            FROM {units} rc CROSS JOIN LATERAL (
                SELECT c.canonical_name, c.vers_key, c.cksum FROM cargo_cratecontent c
                WHERE c.content_ptr_id = rc.content_id OFFSET 0
            ) unit
        ), versions AS (
            INSERT INTO cargo_usedversion (repository_id, canonical_name, vers_key, cksum)
            SELECT repository_id, canonical_name, vers_key, cksum FROM added
            ON CONFLICT (repository_id, canonical_name, vers_key, cksum) DO NOTHING
        ), names AS (
            INSERT INTO cargo_claimedname (repository_id, canonical_name)
            SELECT DISTINCT repository_id, canonical_name FROM added
            ON CONFLICT (repository_id, canonical_name) DO NOTHING
        )
    """


# The added names are read from the version's rows, whoever wrote them.
ADDED_BY_VERSION = """(
    SELECT repository_id, content_id FROM core_repositorycontent
    WHERE version_added_id = %(version)s
)"""
CLAIM = f"WITH {claims_of(ADDED_BY_VERSION)} SELECT"


class ClaimedName(models.Model):
    """A name that a repository had in any version, even if it is removed or the version deleted.

    Recorded for every repository, since it may become private in a list after the publish.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="claimed_names"
    )
    canonical_name = models.TextField()

    class Meta:
        unique_together = ("repository", "canonical_name")


class UsedVersion(models.Model):
    """A version that a repository had with these bytes, which must not be published with others."""

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="used_versions"
    )
    canonical_name = models.TextField()
    vers_key = models.TextField()
    cksum = models.CharField(max_length=64)

    class Meta:
        unique_together = ("repository", "canonical_name", "vers_key", "cksum")


def claim_names(version: UUID) -> None:
    """Record names and versions that a repository version adds, in its transaction."""
    statements.run(CLAIM, {"version": version})
