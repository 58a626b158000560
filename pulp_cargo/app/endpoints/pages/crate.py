"""The pages of a crate and of its versions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aiohttp import web
from markupsafe import Markup

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.visitor import is_user
from pulp_cargo.app.endpoints.pages.dependencies import Need, needs_of
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries import owners
from pulp_cargo.app.queries.crates import details
from pulp_cargo.app.queries.downloads import days_of, totals_of
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import crate as crates
from pulp_cargo.app.services.catalog.crate import CrateOutline, OutlinedVersion, ServedVersion
from pulp_cargo.app.services.catalog.served import has_catalog
from pulp_cargo.app.services.crates.contents import CrateContents
from pulp_cargo.protocol.cargo_config import registry_key
from pulp_cargo.protocol.errors import VersionNotFound
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.owners import ShownOwner
from pulp_cargo.protocol.registry_url import is_crates_io
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.web_api.search import Paging
from pulp_cargo.protocol.web_api.versions import features_of
from pulp_cargo.rules.plot import Series, plot, series_of

# Longer lists are cut on the page of a crate; the page of its versions has all of them.
MOST_VERSIONS = 30
MOST_DEPENDENTS = 20
MOST_FEATURES = 500
MOST_NEEDS = 500


@dataclass(frozen=True, slots=True)
class Statistics:
    """Downloads of a crate: in all, of the last 90 days, and the plot of these days by version."""

    total: int
    recent: int
    plot: Markup
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class CratePage:
    """What the page of a crate shows: the highest versions, and the one that it is about.

    `default` is the `vers` of the default version, and `previous` that of the version below the one
    that is shown, to compare with it.
    """

    versions: Sequence[ServedVersion]
    versions_total: int
    shown: ServedVersion
    default: str
    previous: str | None
    dependents: Sequence[ServedVersion]
    dependents_total: int
    readme_text: str | None
    # None for a crate that was never downloaded.
    statistics: Statistics | None = None
    # None for strangers, and where crates have no owners.
    owners: Sequence[ShownOwner] | None = None


async def get_crate_page(cargo: CargoRequest, name: str) -> web.Response:
    """`GET crates/{name}`: the crate, described by its default version."""
    return await _show(cargo, name, None)


async def get_version_page(cargo: CargoRequest, name: str, vers: str) -> web.Response:
    """`GET crates/{name}/{vers}`: the same page, about one version."""
    parse_version(vers)
    return await _show(cargo, name, vers)


async def get_versions_page(cargo: CargoRequest, name: str) -> web.Response:
    """`GET crates/{name}/versions`: all versions of a crate."""
    return answer(cargo, await asked(cargo, _versions, name))


async def _show(cargo: CargoRequest, name: str, vers: str | None) -> web.Response:
    # As in the web API: names of users are not public, even where crates are.
    has_owners = cargo.registry.crate_owners
    with_owners = has_owners and await is_user(cargo)
    # Owners change without a new version of the repository.
    html = None if with_owners else cargo.process.pages.get(cargo.registry, cargo.path)
    if html is None:
        contents = cargo.process.contents
        page = await asked(cargo, load_page, contents, name, vers, with_owners)
        readme = await _readme(contents, page)
        html = await threads.work(_render, cargo.registry, page, readme)
        if not with_owners:
            cargo.process.pages.put(cargo.registry, cargo.path, html)
    return answer(cargo, html, depends_on_user=has_owners)


def load_page(
    registry: Registry,
    contents: CrateContents,
    name: str,
    vers: str | None,
    with_owners: bool = False,
) -> CratePage:
    """Load what the page of a crate shows, with a number of queries that does not depend on the crate."""
    # First, since it finds out that catalogs are outdated, and then all of this is repeated.
    total, dependents = 0, list[ServedVersion]()
    if has_catalog(registry):
        total, dependents = crates.dependents(registry, name, Paging(1, MOST_DEPENDENTS))
    crate = crates.outline(registry, name)
    listed = list(crate.versions)
    place = listed.index(crate.default if vers is None else _version(crate, vers))
    highest = listed[:MOST_VERSIONS]
    loaded = crates.with_details(registry, name, [*highest, listed[place]])
    shown = loaded[listed[place].version.vers]
    unit = shown.details.unit
    is_needed = shown.details.has_readme and contents.cached_readme(unit) is None
    return CratePage(
        versions=[loaded[one.version.vers] for one in highest],
        versions_total=len(listed),
        shown=shown,
        default=crate.default.version.vers,
        previous=listed[place + 1].version.vers if place + 1 < len(listed) else None,
        dependents=dependents,
        dependents_total=total,
        readme_text=details.readme(unit) if is_needed else None,
        statistics=_statistics(registry, crate),
        owners=_owners(registry, crate) if with_owners else None,
    )


def _owners(registry: Registry, crate: CrateOutline) -> Sequence[ShownOwner] | None:
    """Return the owners of a crate, None for one of another upstream than the registry's own."""
    repository = registry.content.repository
    if repository is None or crate.default.upstream.repository != repository:
        return None
    return owners.shown_owners(repository, canonical_name(crate.name))


def _statistics(registry: Registry, crate: CrateOutline) -> Statistics | None:
    totals = totals_of(registry.pk, [crate.name]).get(canonical_name(crate.name))
    if totals is None:
        return None
    counts: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for one in days_of(registry.pk, crate.name):
        counts[one.vers][one.day] = one.downloads
    series = series_of(counts, {one.version.vers for one in crate.versions})
    drawn = Markup(plot(series, title="Downloads per day and version"))
    return Statistics(totals.downloads, totals.recent, drawn, series)


def _version(crate: CrateOutline, vers: str) -> OutlinedVersion:
    for one in crate.versions:
        if one.version.vers == vers:
            return one
    raise VersionNotFound(crate.name, vers)


async def _readme(contents: CrateContents, page: CratePage) -> str | None:
    one = page.shown.details
    if page.readme_text is None:
        return contents.cached_readme(one.unit)
    return await threads.make_page(contents.readme, one.unit, page.readme_text, one.repository_url)


def _render(registry: Registry, page: CratePage, readme: str | None) -> str:
    one = page.shown.details
    needs = needs_of(one.index_line, registry.urls)
    features = features_of(one.index_line)
    return render_of(
        registry,
        "crate.html",
        page=page,
        one=one,
        readme=None if readme is None else Markup(readme),
        needs=_by_kind(needs[:MOST_NEEDS]),
        needs_total=len(needs),
        features=dict(sorted(features.items())[:MOST_FEATURES]),
        features_total=len(features),
        versions=page.versions,
        versions_total=page.versions_total,
        install=_install_lines(registry, one.name, one.vers),
        upstream=page.shown.upstream if registry.upstreams.listed else None,
        from_file=one.metadata_source == "",
        has_catalog=has_catalog(registry),
    )


def _versions(registry: Registry, name: str) -> str:
    view = crates.crate(registry, name)
    shown = view.default.details
    return render_of(
        registry, "versions.html", name=shown.name, versions=view.versions, default=shown.vers
    )


def _by_kind(needs: Sequence[Need]) -> Mapping[str, Sequence[Need]]:
    """Return dependencies by their kinds, those of a normal build first; kinds without any are left out."""
    kinds = {"normal": "Dependencies", "build": "Build", "dev": "Development"}
    grouped = {title: [one for one in needs if one.kind == kind] for kind, title in kinds.items()}
    return {title: found for title, found in grouped.items() if found}


def _install_lines(registry: Registry, name: str, vers: str) -> tuple[str, str]:
    """Return the command that adds a version to a project, and the line of Cargo.toml.

    Where the registry replaces crates.io in cargo's configuration, cargo finds it without a name.
    """
    key = _registry_key(registry)
    number = vers.partition("+")[0]
    if key is None:
        return f"cargo add {name}@{number}", f'{name} = "{number}"'
    return (
        f"cargo add {name}@{number} --registry {key}",
        f'{name} = {{ version = "{number}", registry = "{key}" }}',
    )


def _registry_key(registry: Registry) -> str | None:
    """Return the name by which cargo knows a registry, None for one that stands in for crates.io."""
    upstream = registry.urls.upstream
    return None if upstream and is_crates_io(upstream) else registry_key(registry.name)
