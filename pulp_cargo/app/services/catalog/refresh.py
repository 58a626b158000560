"""Bringing the catalog of a repository up to date with the version that a registry serves.

Nothing is written when a crate is published, synced or removed: whoever asks for the catalog next
updates it first, for the crates whose versions or yanks have changed since. So a publish costs
nothing more, and every way in which a repository changes is covered, including core's own.

Registries with crate policies have catalogs of their own: a crate is found and described by the
versions that these let in, and counted only if there is one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from uuid import UUID

from django.db import transaction

from pulp_cargo.app.models import CrateCatalog
from pulp_cargo.app.queries import catalog as catalogs
from pulp_cargo.app.queries.catalog import CatalogState, Content
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import statements
from pulp_cargo.protocol.dependents import dependency_keys
from pulp_cargo.protocol.registry_url import registry_digest
from pulp_cargo.rules.crate_summary import CrateSummary, CrateVersion, rank, summarize
from pulp_cargo.rules.policies.policy_decision import AgelessRules

# Number of crates that are summarized and written at a time.
BATCH_ROWS = 2_000
# Number of characters of each text that are indexed: PostgreSQL limits a document to 1 MB of words.
SEARCHED_CHARACTERS = 40_000
# Longer keywords and categories do not fit into an index, and more would fill it; crates.io allows
# five of 20 characters.
LONGEST_TAG = 100
MOST_TAGS = 100

CLEAR = (
    "DELETE FROM cargo_catalogcrate WHERE catalog_id = %(catalog)s",
    "DELETE FROM cargo_catalogtag WHERE catalog_id = %(catalog)s",
    """
    UPDATE cargo_cratecatalog SET crates = 0, keywords = 0, categories = 0
    WHERE id = %(catalog)s
    """,
)
# The keywords and categories of the rows that a statement writes.
TAGS_OF = """
    tags AS (
        SELECT kind, tag, count(*) AS crates, min(created_at) AS created_at
        FROM {rows} r CROSS JOIN LATERAL (
            SELECT 'keywords' AS kind, unnest(r.keywords) AS tag
            UNION SELECT 'categories', unnest(r.categories)
        ) one GROUP BY kind, tag
    )
"""
DELETE = f"""
    WITH gone AS (
        DELETE FROM cargo_catalogcrate
        WHERE catalog_id = %(catalog)s AND canonical_name = ANY(%(names)s::text[])
        RETURNING keywords, categories, created_at, num_versions
    ), {TAGS_OF.format(rows="gone")}, fewer AS (
        UPDATE cargo_catalogtag t SET crates = t.crates - tags.crates FROM tags
        WHERE t.catalog_id = %(catalog)s AND t.kind = tags.kind AND t.tag = tags.tag
    )
    UPDATE cargo_cratecatalog SET crates = crates - (SELECT count(*) FROM gone WHERE num_versions > 0)
    WHERE id = %(catalog)s
"""
# `english` takes the stems of words, `simple` words as they are, also those that English leaves out.
# Hyphens and underscores separate words.
ROWS = f"""
    INSERT INTO cargo_catalogcrate (catalog_id, canonical_name, name, unit, default_version,
        max_version, max_stable, newest_version, num_versions, yanked, created_at, updated_at,
        description, keywords, categories, dependencies, heading, document)
    SELECT %(catalog)s, s.canonical_name, s.name, s.unit, s.default_version, s.max_version,
        s.max_stable, s.newest_version, s.num_versions, s.yanked, s.created_at, s.updated_at,
        unit.description, head.keywords, head.categories,
        string_to_array(s.dependencies, ','), head.words,
        head.words || setweight(
            to_tsvector('english', left(coalesce(unit.readme, ''), {SEARCHED_CHARACTERS})), 'D')
    FROM unnest(%(canonical)s::text[], %(names)s::text[], %(units)s::uuid[], %(default)s::text[],
        %(max)s::text[], %(stable)s::text[], %(newest)s::text[], %(counts)s::int[],
        %(yanked)s::bool[], %(created)s::timestamptz[], %(updated)s::timestamptz[],
        %(dependencies)s::text[])
        s (canonical_name, name, unit, default_version, max_version, max_stable, newest_version,
            num_versions, yanked, created_at, updated_at, dependencies)
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = s.unit
    CROSS JOIN LATERAL (SELECT
        ARRAY(
            SELECT lower(keyword) FROM unnest(unit.keywords[:{MOST_TAGS}]) keyword
            WHERE length(keyword) <= {LONGEST_TAG}
        ) AS keywords,
        ARRAY(
            SELECT lower(category) FROM unnest(unit.categories[:{MOST_TAGS}]) category
            WHERE length(category) <= {LONGEST_TAG}
        ) AS categories,
        translate(s.name, '-_', '  ') AS name,
        translate(left(
            array_to_string(unit.keywords || unit.categories, ' '), {SEARCHED_CHARACTERS}
        ), '-_:', '   ') AS tags
    ) text
    CROSS JOIN LATERAL (SELECT text.keywords, text.categories,
        setweight(to_tsvector('simple', text.name), 'A')
        || setweight(to_tsvector('english', text.name), 'A')
        || setweight(to_tsvector('simple', text.tags), 'B')
        || setweight(to_tsvector('english', text.tags), 'B')
        || setweight(to_tsvector(
            'english', left(coalesce(unit.description, ''), {SEARCHED_CHARACTERS})
        ), 'C') AS words
    ) head
"""
INSERT = f"""
    WITH added AS ({ROWS} RETURNING keywords, categories, created_at),
    {TAGS_OF.format(rows="added")}, new AS (
        SELECT kind FROM tags WHERE NOT EXISTS (
            SELECT 1 FROM cargo_catalogtag t
            WHERE t.catalog_id = %(catalog)s AND t.kind = tags.kind AND t.tag = tags.tag
        )
    ), more AS (
        INSERT INTO cargo_catalogtag AS t (catalog_id, kind, tag, crates, created_at)
        SELECT %(catalog)s, kind, tag, crates, created_at FROM tags
        ON CONFLICT (catalog_id, kind, tag) DO UPDATE SET
            crates = t.crates + excluded.crates,
            created_at = least(t.created_at, excluded.created_at)
    )
    UPDATE cargo_cratecatalog SET crates = crates + (SELECT count(*) FROM added),
        keywords = keywords + (SELECT count(*) FROM new WHERE kind = 'keywords'),
        categories = categories + (SELECT count(*) FROM new WHERE kind = 'categories')
    WHERE id = %(catalog)s
"""
# Crates of which crate policies refuse all versions: they have no texts by which they are found.
INSERT_REFUSED = """
    INSERT INTO cargo_catalogcrate (catalog_id, canonical_name, name, unit, default_version,
        max_version, max_stable, newest_version, num_versions, yanked, created_at, updated_at,
        keywords, categories, dependencies, heading, document)
    SELECT %(catalog)s, s.*, '{}', '{}', '{}', '', ''
    FROM unnest(%(canonical)s::text[], %(names)s::text[], %(units)s::uuid[], %(default)s::text[],
        %(max)s::text[], %(stable)s::text[], %(newest)s::text[], %(counts)s::int[],
        %(yanked)s::bool[], %(created)s::timestamptz[], %(updated)s::timestamptz[]) s
"""
ADVANCE = """
    WITH unused AS (
        DELETE FROM cargo_catalogtag WHERE catalog_id = %(catalog)s
        AND kind IN ('keywords', 'categories') AND crates = 0 RETURNING kind
    )
    UPDATE cargo_cratecatalog SET described = %(version)s, number = %(number)s, stale = '{}', rules = %(rules)s,
        keywords = keywords - (SELECT count(*) FROM unused WHERE kind = 'keywords'),
        categories = categories - (SELECT count(*) FROM unused WHERE kind = 'categories')
    WHERE id = %(catalog)s
"""


def catalog_of(content: Content) -> int:
    """Return the id of the catalog that describes a repository version, updated if it must be.

    Raises VersionGone.
    """
    state = catalogs.state_of(content)
    if state is not None and state.is_good:
        return state.catalog
    with transaction.atomic():
        pinned_to = content.version if content.pinned else None
        which = {
            "repository_id": content.repository,
            "version_id": pinned_to,
            "registry_id": content.registry,
        }
        CrateCatalog.objects.bulk_create([CrateCatalog(**which)], ignore_conflicts=True)
        # Others who update the same catalog wait until the transaction ends.
        CrateCatalog.objects.select_for_update().get(**which)
        state, served = catalogs.state_of(content), catalogs.number_of(content.version)
        if state is None or served is None:
            raise VersionGone
        if not state.is_good:
            _update(state, content, served)
        return state.catalog


def _update(state: CatalogState, content: Content, served: int) -> None:
    version, number = content.version, served
    if state.described is not None and state.is_covered and state.number > served:
        version, number = state.described, state.number
    if state.is_covered:
        names = catalogs.changed_since(state, content.repository)
    else:
        # The repository version that the catalog describes was deleted, or the policies are others.
        for statement in CLEAR:
            statements.run(statement, {"catalog": state.catalog})
        names = catalogs.names_in(content.repository, number)
    for start in range(0, len(names), BATCH_ROWS):
        batch = names[start : start + BATCH_ROWS]
        statements.run(DELETE, {"catalog": state.catalog, "names": batch})
        _insert(state.catalog, catalogs.versions_of(content.repository, number, batch), content)
    values = {"catalog": state.catalog, "version": version, "number": number}
    statements.run(ADVANCE, values | {"rules": content.digest})


def _insert(catalog: int, crates: Mapping[str, Sequence[CrateVersion]], content: Content) -> None:
    shown: dict[str, CrateSummary] = {}
    refused: dict[str, CrateSummary] = {}
    for name, versions in crates.items():
        if left := [one for one in versions if _is_let_in(one, content.rules)]:
            shown[name] = summarize(rank(left))
        else:
            refused[name] = replace(summarize(rank(versions)), num_versions=0)
    for statement, rows in ((INSERT, shown), (INSERT_REFUSED, refused)):
        if rows:
            lines = catalogs.index_lines([one.default.unit for one in rows.values()])
            statements.run(statement, {"catalog": catalog} | _columns(rows, lines))


def _is_let_in(version: CrateVersion, rules: AgelessRules | None) -> bool:
    return rules is None or rules.let_in(version.name, version.vers, version.license)


def _columns(
    crates: Mapping[str, CrateSummary], lines: Mapping[UUID, str]
) -> dict[str, list[object]]:
    rows: Collection[CrateSummary] = crates.values()
    # Most dependencies of a batch are on few registries.
    digest_of = cache(registry_digest)
    return {
        "canonical": list(crates),
        "names": [one.name for one in rows],
        "units": [one.default.unit for one in rows],
        "default": [one.default.vers for one in rows],
        "max": [one.max_version for one in rows],
        "stable": [one.max_stable for one in rows],
        "newest": [one.newest for one in rows],
        "counts": [one.num_versions for one in rows],
        "yanked": [one.yanked for one in rows],
        "created": [one.created_at for one in rows],
        "updated": [one.updated_at for one in rows],
        # Names and digests have no commas.
        "dependencies": [
            ",".join(dependency_keys(lines.get(one.default.unit, "{}"), digest_of)) for one in rows
        ],
    }
