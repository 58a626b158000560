"""Which URLs mean a registry: cargo identifies a registry by its URL alone."""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from pulp_cargo.app.models import CargoDistribution, CargoRepository, CargoUpstream
from pulp_cargo.app.models.distribution import root_url


def own_urls(repository: CargoRepository) -> set[str]:
    """Return every index URL that means a registry of this repository (docs/user/guides/names)."""
    return own_urls_of([repository])


def own_urls_of(repositories: Collection[CargoRepository]) -> set[str]:
    """Return every index URL that means a registry of one of these, which share a domain.

    A list of upstreams is another registry, even if its uploads go into one of these, because a
    dependency on it may mean a crate that only the list has.
    """
    if not repositories:
        return set()
    domain = next(iter(repositories)).pulp_domain
    served = CargoDistribution.objects.filter(pulp_domain=domain)
    of_these = Q(repository__in=repositories) | Q(repository_version__repository__in=repositories)
    is_list = Exists(CargoUpstream.objects.filter(distribution=OuterRef("pk")))
    own_paths = set(served.filter(of_these, ~is_list).values_list("base_path", flat=True))
    urls = urls_at(domain.name, own_paths)
    aliases = {url for one in repositories for url in one.index_aliases} - urls
    if aliases:
        # An alias at the present base path of another registry means that registry.
        paths = {urlsplit(url).path.partition("/pulp/cargo/")[2].rstrip("/") for url in aliases}
        paths |= {path.removeprefix(f"{domain.name}/") for path in paths}
        others = served.filter(base_path__in=paths - own_paths)
        aliases -= urls_at(domain.name, others.values_list("base_path", flat=True))
    return urls | aliases


def urls_at(domain: str, base_paths: Iterable[str]) -> set[str]:
    """Return the index URLs of registries at these base paths, under every origin of this Pulp."""
    origins = [settings.CONTENT_ORIGIN, *settings.CARGO_ORIGIN_ALIASES]
    return {f"sparse+{root_url(domain, path, one)}" for path in base_paths for one in origins}
