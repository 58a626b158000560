"""A category of a registry with those above and below it, as crates.io's web API describes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog.summary import tags_named
from pulp_cargo.protocol.web_api.tags import Tag
from pulp_cargo.rules.crates_io import known_categories

BELOW = "::"


@dataclass(frozen=True, slots=True)
class Category:
    """A category, those that contain it, and those directly below it that crates have."""

    tag: Tag
    parents: Sequence[Tag]
    children: Sequence[Tag]


def category(registry: Registry, slug: str) -> Category | None:
    """Return a category that crates have, itself or one below it; raises CatalogsOutdated."""
    below = sorted(one for one in known_categories() if one.startswith(slug + BELOW))
    parts = slug.split(BELOW)
    above = [BELOW.join(parts[:count]) for count in range(1, len(parts))]
    rows = tags_named(registry, "categories", [*above, slug, *below])
    found = {one.text: one for one in rows}
    there = [found[one] for one in (slug, *below) if one in found]
    if not there:
        return None
    # crates.io has categories without crates; here, one is as old as its first crate.
    oldest = min(there, key=lambda one: (one.created_at is None, one.created_at))
    without = replace(oldest, crates=0)
    children = [one for one in below if one.count(BELOW) == slug.count(BELOW) + 1]
    return Category(
        _tag(found, slug, without),
        [_tag(found, one, without) for one in above],
        [found[one] for one in children if one in found],
    )


def _tag(found: Mapping[str, Tag], slug: str, without: Tag) -> Tag:
    return found.get(slug) or replace(without, text=slug)
