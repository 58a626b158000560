"""The names of crates that a repository has ever had: a private one claims them for good."""

from uuid import UUID

from django.db import connection, models

# Which names a version adds shows in its rows, whoever wrote them. The lateral join keeps the planner
# from reading all crates, as it may while PostgreSQL has no statistics of new tables.
CLAIM = """
    INSERT INTO cargo_claimedname (repository_id, canonical_name)
    SELECT DISTINCT rc.repository_id, unit.canonical_name
    FROM core_repositorycontent rc CROSS JOIN LATERAL (
        SELECT c.canonical_name FROM cargo_cratecontent c
        WHERE c.content_ptr_id = rc.content_id OFFSET 0
    ) unit
    WHERE rc.version_added_id = %(version)s
    ON CONFLICT (repository_id, canonical_name) DO NOTHING
"""


class ClaimedName(models.Model):
    """A name that a repository had in some version, which may be gone meanwhile.

    Of every repository: which are private in a list is decided later than what is published.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="claimed_names"
    )
    canonical_name = models.TextField()

    class Meta:
        unique_together = ("repository", "canonical_name")


def claim_names(version: UUID) -> None:
    """Note the names that a repository version adds, in the transaction that makes it."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"version": version})
