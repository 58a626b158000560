"""What repositories have, crate by crate and not version by version: for search, pages and the web API."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

_CHANGED_BY = """
    SELECT unit.canonical_name FROM core_repositorycontent rc
    JOIN core_repositoryversion edge ON edge.pulp_id = rc.{edge}
    JOIN {table} unit ON unit.content_ptr_id = rc.content_id
    WHERE rc.repository_id = {repository} AND edge.number > {since}
"""


def changed_names(repository: str, since: str) -> str:
    """Return the query for the names of crates with a version or yank that changed since a number.

    It needs every version since then to be there: deleting one may remove the trace of a unit that
    was added before and removed after it.
    """
    return "UNION".join(
        _CHANGED_BY.format(edge=edge, table=table, repository=repository, since=since)
        for edge in ("version_added_id", "version_removed_id")
        for table in ("cargo_cratecontent", "cargo_crateyank")
    )


# For a clean-up of old versions, while the table `cargo_heirs` is there (models/retention).
CARRY_OVER = f"""
    UPDATE cargo_cratecatalog c SET described = heir.pulp_id, number = heir.number, stale = ARRAY(
        SELECT unnest(c.stale) UNION SELECT name.canonical_name
        FROM ({changed_names("c.repository_id", "c.number")}) name
    )
    FROM cargo_heirs h JOIN core_repositoryversion heir ON heir.pulp_id = h.heir
    WHERE c.described = h.gone
"""


class CrateCatalog(models.Model):
    """The crates of a repository's newest version, or of one that a registry is pinned to.

    It is derived from the repository version `described`, number `number`, and brought up to date
    when it is asked for a newer one (`services/catalog`). `version` is null for the newest version.
    `stale` are the names of crates that changed before `number` and have to be described again.
    `crates`, `keywords` and `categories` are how many of them it has, since counting them would take
    longer with each crate.

    A registry with crate policies has catalogs of its own, without the versions that these refuse;
    `rules` changes with the policies. `registry` is null for the catalog of all others.
    """

    id = models.BigAutoField(primary_key=True)
    repository = models.ForeignKey(
        "CargoRepository", on_delete=models.CASCADE, related_name="catalogs"
    )
    version = models.ForeignKey(
        "core.RepositoryVersion", null=True, on_delete=models.CASCADE, related_name="cargo_catalogs"
    )
    registry = models.ForeignKey(
        "CargoDistribution", null=True, on_delete=models.CASCADE, related_name="catalogs"
    )
    rules = models.CharField(max_length=64, default="")
    described = models.UUIDField(null=True)
    number = models.IntegerField(default=0)
    stale = ArrayField(models.TextField(), default=list)
    crates = models.IntegerField(default=0)
    keywords = models.IntegerField(default=0)
    categories = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository"],
                condition=Q(version=None, registry=None),
                name="cargo_catalog_of_newest",
            ),
            models.UniqueConstraint(
                fields=["version"], condition=Q(registry=None), name="cargo_catalog_of_version"
            ),
            models.UniqueConstraint(
                fields=["repository", "registry"],
                condition=Q(version=None),
                name="cargo_catalog_of_registry",
            ),
            models.UniqueConstraint(
                fields=["version", "registry"], name="cargo_catalog_of_pinned_registry"
            ),
        ]


class CatalogCrate(models.Model):
    """A crate of a catalog, described by its default version.

    `unit` is the content unit of the default version: the highest release that is not yanked, or
    else the highest version that is not, or else the highest. `max_version` and `max_stable` ignore
    yanked versions; they are empty if there is none. `created_at` and `updated_at` are the times
    when its first and its latest version were published. `dependencies` are the keys of the crates
    that the default version needs (`protocol/dependents`).
    A crate of which crate policies refuse all versions has no texts and a `num_versions` of 0: it is
    not shown, but no other upstream answers for it.

    `document` has the words of all texts, the readme among them; `heading` those of name, keywords,
    categories and description, by which hits are ranked before those that only the readme gives.
    """

    id = models.BigAutoField(primary_key=True)
    catalog = models.ForeignKey(CrateCatalog, on_delete=models.CASCADE, related_name="rows")
    canonical_name = models.TextField()
    name = models.TextField()
    unit = models.UUIDField()
    default_version = models.TextField()
    max_version = models.TextField()
    max_stable = models.TextField()
    newest_version = models.TextField()
    num_versions = models.IntegerField()
    yanked = models.BooleanField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    description = models.TextField(null=True)
    keywords = ArrayField(models.TextField(), default=list)
    categories = ArrayField(models.TextField(), default=list)
    dependencies = ArrayField(models.TextField(), default=list)
    heading = SearchVectorField()
    document = SearchVectorField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "canonical_name"], name="cargo_catalog_crate_name"
            )
        ]
        indexes = [
            GinIndex(fields=["catalog", "document"], name="cargo_catalog_document"),
            GinIndex(fields=["catalog", "heading"], name="cargo_catalog_heading"),
            GinIndex(
                fields=["catalog", "canonical_name"],
                opclasses=["int8_ops", "gin_trgm_ops"],
                name="cargo_catalog_trigrams",
            ),
            models.Index(
                fields=["catalog", "canonical_name"],
                opclasses=["int8_ops", "text_pattern_ops"],
                include=["id"],
                condition=Q(num_versions__gt=0),
                name="cargo_catalog_beginnings",
            ),
            GinIndex(fields=["keywords"], name="cargo_catalog_keywords"),
            GinIndex(fields=["categories"], name="cargo_catalog_categories"),
            GinIndex(fields=["dependencies"], name="cargo_catalog_dependencies"),
            models.Index(fields=["catalog", "updated_at"], name="cargo_catalog_updated"),
            models.Index(fields=["catalog", "created_at"], name="cargo_catalog_created"),
        ]


class CatalogTag(models.Model):
    """A keyword or category of a catalog, and the number of its crates.

    `kind` is the name of the column of the crates. `created_at` is when the first crate that the
    catalog ever had with it was published.
    """

    id = models.BigAutoField(primary_key=True)
    catalog = models.ForeignKey(CrateCatalog, on_delete=models.CASCADE, related_name="tags")
    kind = models.TextField()
    tag = models.TextField()
    crates = models.IntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["catalog", "kind", "tag"], name="cargo_catalog_tag")
        ]
        indexes = [
            models.Index(
                fields=["catalog", "kind", "-crates", "tag"], name="cargo_catalog_tag_crates"
            )
        ]
