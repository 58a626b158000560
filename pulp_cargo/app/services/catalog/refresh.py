"""Bringing the catalog of a repository up to date with the version that a registry serves.

Nothing is written when a crate is published, synced or removed: whoever asks for the catalog next
updates it first, for the crates whose versions or yanks have changed since. So a publish costs
nothing more, and every way in which a repository changes is covered, including core's own.

Registries with crate policies have catalogs of their own: a crate is found and described by the
versions that these let in, and counted only if there is one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from pulp_cargo.app.models import CrateCatalog
from pulp_cargo.app.queries import catalog as catalogs
from pulp_cargo.app.queries.catalog import CatalogState, Content
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import statements
from pulp_cargo.rules.crate_summary import CrateSummary, CrateVersion, summarize
from pulp_cargo.rules.policy_decision import AgelessRules

# Crates are summarized and written so many at a time.
BATCH_ROWS = 2_000
# So many characters of a readme are searched: PostgreSQL limits a document to 1 MB of words.
README_CHARACTERS = 40_000

CLEAR = "DELETE FROM cargo_catalogcrate WHERE catalog_id = %(catalog)s"
DELETE = """
    DELETE FROM cargo_catalogcrate
    WHERE catalog_id = %(catalog)s AND canonical_name = ANY(%(names)s::text[])
"""
# `english` takes the stems of words, `simple` words as they are, also those that English leaves out.
# Hyphens and underscores separate words.
INSERT = f"""
    INSERT INTO cargo_catalogcrate (catalog_id, canonical_name, name, unit, default_version,
        max_version, max_stable, newest_version, num_versions, yanked, created_at, updated_at,
        description, keywords, categories, dependencies, heading, document)
    SELECT %(catalog)s, s.*, unit.description, head.keywords, head.categories, ARRAY(
            SELECT DISTINCT translate(lower(name), '-', '_') FROM unnest(unit.dependency_names) name
        ), head.words,
        head.words || setweight(
            to_tsvector('english', left(coalesce(unit.readme, ''), {README_CHARACTERS})), 'D')
    FROM unnest(%(canonical)s::text[], %(names)s::text[], %(units)s::uuid[], %(default)s::text[],
        %(max)s::text[], %(stable)s::text[], %(newest)s::text[], %(counts)s::int[],
        %(yanked)s::bool[], %(created)s::timestamptz[], %(updated)s::timestamptz[])
        s (canonical_name, name, unit, default_version, max_version, max_stable, newest_version,
            num_versions, yanked, created_at, updated_at)
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = s.unit
    CROSS JOIN LATERAL (SELECT
        ARRAY(SELECT lower(keyword) FROM unnest(unit.keywords) keyword) AS keywords,
        ARRAY(SELECT lower(category) FROM unnest(unit.categories) category) AS categories,
        translate(s.name, '-_', '  ') AS name,
        translate(array_to_string(unit.keywords || unit.categories, ' '), '-_:', '   ') AS tags
    ) text
    CROSS JOIN LATERAL (SELECT text.keywords, text.categories,
        setweight(to_tsvector('simple', text.name), 'A')
        || setweight(to_tsvector('english', text.name), 'A')
        || setweight(to_tsvector('simple', text.tags), 'B')
        || setweight(to_tsvector('english', text.tags), 'B')
        || setweight(to_tsvector('english', coalesce(unit.description, '')), 'C') AS words
    ) head
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
    UPDATE cargo_cratecatalog
    SET described = %(version)s, number = %(number)s, stale = '{}', rules = %(rules)s
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
        # Nothing tells what has changed since a version that is deleted, or with other policies.
        statements.run(CLEAR, {"catalog": state.catalog})
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
            shown[name] = summarize(left)
        else:
            refused[name] = replace(summarize(versions), num_versions=0)
    for statement, rows in ((INSERT, shown), (INSERT_REFUSED, refused)):
        if rows:
            statements.run(statement, {"catalog": catalog} | _columns(rows))


def _is_let_in(version: CrateVersion, rules: AgelessRules | None) -> bool:
    return rules is None or rules.let_in(version.name, version.vers, version.license)


def _columns(crates: Mapping[str, CrateSummary]) -> dict[str, list[object]]:
    rows: Collection[CrateSummary] = crates.values()
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
    }
