"""The registry that a command means if none is named.

It is the one of this Pulp that cargo's configuration in the current folder names, or else the only
one that there is.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import EntityDefinition, EntityFieldDefinition, PulpContext

from pulpcore.cli.cargo.cargo_config import CargoConfig, read_cargo_config
from pulpcore.cli.cargo.options import COMMANDLINE, NAMING

# How many registries are named in a message.
MOST_NAMES = 5


def registry_for(
    pulp_ctx: PulpContext,
    distribution: EntityFieldDefinition,
    *,
    prefers: Callable[[CargoConfig], Sequence[str | None]],
    suits: Callable[[EntityDefinition], bool] = lambda registry: True,
    what: str = "registry",
) -> PulpCargoDistributionContext:
    """Return the registry of `--distribution`, or else the one that is found.

    Of several in cargo's configuration, `prefers` returns the index URLs to choose first; only
    registries that `suits` accepts are considered.
    """
    if isinstance(distribution, PulpCargoDistributionContext):
        return distribution
    config = read_cargo_config(Path.cwd(), os.environ)
    named = [one for one in _named(pulp_ctx, config.index_urls) if suits(one)]
    for url in filter(None, prefers(config)):
        for registry in named:
            if len(named) > 1 and is_same(registry["base_url"], url):
                return _chosen(pulp_ctx, registry, "cargo's configuration names it")
    if len(named) == 1:
        return _chosen(pulp_ctx, named[0], "cargo's configuration names it")
    if named:
        raise _several("Cargo's configuration names several registries of this Pulp", named)
    there = [one for one in _all(pulp_ctx) if suits(one)]
    if len(there) == 1:
        return _chosen(pulp_ctx, there[0], "there is no other")
    if there:
        raise _several("This Pulp has several registries", there)
    raise click.UsageError(f"This Pulp has no {what}.")


def given_registry(distribution_ctx: PulpCargoDistributionContext) -> EntityFieldDefinition:
    """Return the registry that the command line names, None if it names none."""
    ctx = click.get_current_context()
    given = any(ctx.get_parameter_source(one) is COMMANDLINE for one in (*NAMING, "name_or_href"))
    return distribution_ctx if given else None


def crates_io_first(config: CargoConfig) -> Sequence[str | None]:
    """Prefer the registry that stands in for crates.io: most packages come from there."""
    return config.replacement, config.default


def default_first(config: CargoConfig) -> Sequence[str | None]:
    """Prefer the registry to which cargo publishes."""
    return config.default, config.replacement


def is_same(one: str, other: str) -> bool:
    """Whether two index URLs mean the same registry.

    >>> is_same("sparse+http://127.0.0.1:24816/pulp/cargo/a/", "sparse+http://localhost:24816/pulp/cargo/a")
    True
    """
    return _parts(one) == _parts(other)


def _parts(url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(url.removeprefix("sparse+"))
    except ValueError:
        return "", "", None, url
    host = "localhost" if parts.hostname in ("127.0.0.1", "::1") else parts.hostname or ""
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, host, port, parts.path.rstrip("/")


def _named(pulp_ctx: PulpContext, urls: Sequence[str]) -> list[EntityDefinition]:
    """Return the registries of this Pulp that have one of these URLs."""
    # Any part of the path may be the base path, since content apps may be below another path.
    paths = {
        "/".join(segments[start:])
        for url in urls
        for segments in [_parts(url)[3].strip("/").split("/")]
        for start in range(len(segments))
    }
    if not paths:
        return []
    found = _list(pulp_ctx, base_path__in=sorted(paths))
    return [one for one in found if any(is_same(one["base_url"], url) for url in urls)]


def _all(pulp_ctx: PulpContext) -> list[EntityDefinition]:
    return _list(pulp_ctx)


def _list(pulp_ctx: PulpContext, **filters: Any) -> list[EntityDefinition]:
    found: list[EntityDefinition] = PulpCargoDistributionContext(pulp_ctx).list(
        limit=1000, offset=0, parameters=filters
    )
    return found


def _chosen(
    pulp_ctx: PulpContext, registry: EntityDefinition, reason: str
) -> PulpCargoDistributionContext:
    click.echo(f"Registry: {registry['name']} ({reason}).", err=True)
    return PulpCargoDistributionContext.known(pulp_ctx, registry)


def _several(sentence: str, registries: Sequence[EntityDefinition]) -> click.UsageError:
    names = [f"`{one['name']}`" for one in registries[:MOST_NAMES]]
    more = ["…"] if len(registries) > MOST_NAMES else []
    return click.UsageError(
        f"{sentence}: select one with --distribution ({', '.join(names + more)})."
    )
