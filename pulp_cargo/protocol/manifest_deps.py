"""The dependencies in a published Cargo.toml, as the index has them (Cargo Book, Registry Index).

A renamed dependency is inverted: the manifest has `alias = { package = "crate" }`. A dependency
without a registry is from crates.io here, but in an index it is from the index's own registry.
"""

import re
from collections.abc import Iterator

from pulp_cargo.protocol.errors import InvalidManifest, RuleBroken
from pulp_cargo.protocol.index import Dependency, sort_deps
from pulp_cargo.protocol.names import parse_crate_name, parse_dependency_name
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io, parse_registry_url
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.protocol.table import Table
from pulp_cargo.protocol.target import parse_target

TABLES = {
    "normal": ("dependencies",),
    "dev": ("dev-dependencies", "dev_dependencies"),
    "build": ("build-dependencies", "build_dependencies"),
}
DEFAULT_FEATURES = ("default-features", "default_features")
# A packaged manifest has `registry-index`: names and paths are meaningless on other machines.
_LOCAL_KEYS = ("git", "branch", "tag", "rev", "registry", "workspace")
# A cargo that knows artifact dependencies loses a version with any other kind.
_ARTIFACT = re.compile(r"bin(?::.+)?|cdylib|staticlib")


# No crate of crates.io has more.
MOST_DEPENDENCIES = 5_000
# Maximum total length of all targets, in characters. An index line repeats for each dependency
# what the manifest has once for many.
MOST_TARGETS = 1024 * 1024


def parse_dependencies(manifest: Table, most: int) -> tuple[Dependency, ...]:
    """Return the dependencies of every kind and target, in the order of an index line."""
    _require_few(manifest, most)
    found = list(_of_target(manifest, None))
    for target, table in manifest.table("target").tables():
        found += _of_target(table, parse_target(target))
    if sum(len(dep.target) for dep in found if dep.target) > MOST_TARGETS:
        raise InvalidManifest(
            f"the targets of all dependencies have more than {MOST_TARGETS} characters in total"
        )
    return sort_deps(found)


def _require_few(manifest: Table, most: int) -> None:
    tables = [manifest, *(table for _, table in manifest.table("target").tables())]
    count = sum(
        len(table.table(spelling(table, keys)).values)
        for table in tables
        for keys in TABLES.values()
    )
    if count > most:
        raise RuleBroken(
            [f"the crate has {count} dependencies, but this registry allows at most {most}"]
        )


def _of_target(table: Table, target: str | None) -> Iterator[Dependency]:
    for kind, keys in TABLES.items():
        deps = table.table(spelling(table, keys))
        for name, value in deps.values.items():
            dep = {"version": value} if isinstance(value, str) else value
            yield _dependency(name, deps.below(name, dep), kind=kind, target=target)


def _dependency(name: str, table: Table, *, kind: str, target: str | None) -> Dependency:
    _refuse_local(table)
    package = table.text_or_none("package")
    parse_crate_name(name) if package is None else parse_crate_name(package)
    public, version = table.values.get("public"), table.text_or_none("version")
    return Dependency(
        name=parse_dependency_name(name),
        req=normalise_requirement("*" if version is None else version),
        # Old manifests may have empty strings here, which cargo and crates.io drop.
        features=tuple(feature for feature in table.texts("features") if feature),
        optional=table.flag("optional", default=False),
        default_features=table.flag(spelling(table, DEFAULT_FEATURES), default=True),
        target=target,
        kind=kind,
        registry=_registry(table.text_or_none("registry-index")),
        package=package,
        public=None if public is None else table.flag("public", default=False),
        artifact=_artifact(table),
        bindep_target=table.text_or_none("target"),
        lib=table.flag("lib", default=False),
    )


def _registry(url: str | None) -> str:
    """Return the URL of a registry; all URLs of crates.io are normalised to one."""
    if url is None or url == "" or is_crates_io(parse_registry_url(url)):
        return CRATES_IO
    return url


def _refuse_local(table: Table) -> None:
    local = [key for key in _LOCAL_KEYS if key in table.values]
    # The first releases of cargo packaged the manifest unchanged, so crates.io has crates (block
    # 0.1.6) with a path beside the version. Consumers use the index and ignore it.
    if "path" in table.values and "version" not in table.values:
        local.append("path")
    if local:
        raise InvalidManifest(
            f"{table.where} has the key `{local[0]}`, which `cargo package` removes"
        )


def _artifact(table: Table) -> tuple[str, ...] | None:
    is_one = isinstance(table.values.get("artifact"), str)
    artifact = (table.text("artifact"),) if is_one else table.texts_or_none("artifact")
    for kind in artifact or ():
        if not _ARTIFACT.fullmatch(kind):
            raise InvalidManifest(
                f"`artifact` of {table.where} has {kind!r}; it may have `bin`, `bin:NAME`,"
                " `cdylib` and `staticlib`"
            )
    return artifact


def spelling(table: Table, keys: tuple[str, ...]) -> str:
    """Return the spelling of a key that is used; cargo prefers the one with hyphens."""
    return next((key for key in keys if key in table.values), keys[0])
