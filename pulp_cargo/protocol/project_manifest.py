"""The dependencies in the Cargo.toml files of a project, as people write them (Cargo Book,
Specifying Dependencies).

Unlike the manifest in a .crate file (`protocol/manifest`), such a file has paths, git repositories,
names of registries, and dependencies that are inherited from a workspace. `[patch]` may replace a
crate by one of another registry, so its crates count as dependencies. `[replace]` is ignored.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulp_cargo.protocol.errors import BadRequest, InvalidManifest, TooLarge
from pulp_cargo.protocol.line_deps import LineDep, LineDeps
from pulp_cargo.protocol.manifest_deps import DEFAULT_FEATURES, MOST_DEPENDENCIES, TABLES, spelling
from pulp_cargo.protocol.names import parse_crate_name, parse_dependency_name
from pulp_cargo.protocol.registry_url import CRATES_IO, parse_registry_url
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.protocol.table import Table
from pulp_cargo.protocol.target import parse_target
from pulp_cargo.protocol.toml import parse_toml

MAX_SIZE = 1024 * 1024
# Maximum number of dependencies of all files of a project.
MOST_IN_ALL = 20_000


@dataclass(frozen=True, slots=True)
class ByUrl:
    """A registry by the URL of its index; crates.io is by default."""

    url: str = CRATES_IO


@dataclass(frozen=True, slots=True)
class ByName:
    """A registry by its name in cargo's configuration, which a manifest does not have."""

    name: str


@dataclass(frozen=True, slots=True)
class Local:
    """Something that is in no registry; `what` says where it comes from."""

    what: str


_Shared = Mapping[str, Sequence[Table]]
"""The dependencies of workspaces by their names."""

Source = ByUrl | ByName | Local


@dataclass(frozen=True, slots=True)
class ProjectDep:
    """A dependency, and where it comes from; its `registry` has no meaning."""

    dep: LineDep
    source: Source


@dataclass(frozen=True, slots=True)
class Project:
    """The dependencies and features of a Cargo.toml; `label` names it in sentences."""

    label: str
    deps: tuple[ProjectDep, ...]
    features: Mapping[str, tuple[str, ...]]

    def having(self, deps: Iterable[LineDep]) -> LineDeps:
        """Return the project with only these dependencies."""
        return LineDeps(tuple(deps), self.features)


def parse_projects(texts: Sequence[str]) -> list[Project]:
    """Parse Cargo.toml files, or raise with the place and the reason.

    What a member inherits is looked up in its own file, otherwise in all others. The dependencies of
    a workspace count, whether or not a member uses them.

    >>> [project] = parse_projects(['[package]\\nname = "a"\\n[dependencies]\\nserde = "1"'])
    >>> [(one.dep.crate, one.dep.req, one.source.url == CRATES_IO) for one in project.deps]
    [('serde', '^1', True)]
    """
    files = [_parse_toml(text, number) for number, text in enumerate(texts, 1)]
    shared: defaultdict[str, list[Table]] = defaultdict(list)
    for file in files:
        for name, table in _tables(_workspace(file)):
            shared[name].append(table)
    projects: list[Project] = []
    count = 0
    for file in files:
        projects.append(_project(file, shared))
        count += len(projects[-1].deps)
        if count > MOST_IN_ALL:
            raise TooLarge(f"the Cargo.toml files have more than {MOST_IN_ALL} dependencies")
    return projects


def _parse_toml(text: str, number: int) -> Table:
    where = f"Cargo.toml number {number}"
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_SIZE:
        raise TooLarge(f"{where} has {size} bytes, more than {MAX_SIZE}")
    file = parse_toml(text.removeprefix("\ufeff"), where, InvalidManifest)
    # An empty file would pass for one without dependencies, and so would any other kind of TOML.
    if not file.values.keys() & {"package", "project", "workspace"}:
        raise InvalidManifest(f"{where} has neither `[package]` nor `[workspace]`")
    return file


def _workspace(file: Table) -> Table:
    return file.table("workspace").table("dependencies")


def _project(file: Table, shared: _Shared) -> Project:
    _require_few(file)
    own = dict(_tables(_workspace(file)))
    found = [_dependency(name, table, table, "normal", None) for name, table in own.items()]
    shared = {**shared, **{name: [table] for name, table in own.items()}}
    found += _of_target(file, None, shared)
    for target, table in file.table("target").tables():
        found += _of_target(table, _target(target, table), shared)
    found += _patches(file, found)
    features = file.table("features")
    name = file.table("package" if "package" in file.values else "project").values.get("name")
    return Project(
        label=f"the Cargo.toml of `{name}`" if isinstance(name, str) else file.where,
        deps=tuple(found),
        features={name: features.texts(name) for name in features.values},
    )


def _require_few(file: Table) -> None:
    tables = [file, *(table for _, table in file.table("target").tables())]
    count = len(_workspace(file).values) + sum(
        len(table.table(spelling(table, keys)).values)
        for table in tables
        for keys in TABLES.values()
    )
    count += sum(len(table.values) for _, table in file.table("patch").tables())
    if count > MOST_DEPENDENCIES:
        raise TooLarge(f"{file.where} has {count} dependencies, more than {MOST_DEPENDENCIES}")


def _target(text: str, table: Table) -> str:
    try:
        return parse_target(text)
    except BadRequest as error:
        raise InvalidManifest(f"{table.where}: {error}") from error


def _of_target(table: Table, target: str | None, shared: _Shared) -> Iterator[ProjectDep]:
    for kind, keys in TABLES.items():
        for name, own in _tables(table.table(spelling(table, keys))):
            if not own.flag("workspace", default=False):
                yield _dependency(name, own, own, kind, target)
                continue
            inherited = shared.get(name, ())
            if not inherited:
                dep = LineDep(name=parse_dependency_name(name), req="*", kind=kind, target=target)
                yield ProjectDep(dep, Local("a workspace whose Cargo.toml was not given"))
            for there in inherited:
                yield _dependency(name, own, there, kind, target)


def _patches(file: Table, deps: Sequence[ProjectDep]) -> Iterator[ProjectDep]:
    """Yield the crates of registries by which others are replaced, with the features of these.

    Which dependency a patch is for does not matter here.
    """
    features: defaultdict[str, set[str]] = defaultdict(set)
    for one in deps:
        features[one.dep.crate].update(one.dep.features)
    for _, table in file.table("patch").tables():
        for name, own in _tables(table):
            patch = _dependency(name, own, own, "normal", None)
            if not isinstance(patch.source, Local):
                enabled = tuple(sorted(features[patch.dep.crate]))
                # Cargo ignores everything else of a patch, such as its own features.
                dep = LineDep(
                    name=patch.dep.name,
                    req=patch.dep.req,
                    features=enabled,
                    kind="normal",
                    package=patch.dep.package,
                )
                yield ProjectDep(dep, patch.source)


def _tables(deps: Table) -> Iterator[tuple[str, Table]]:
    """Yield the tables of dependencies; a string is a version."""
    for name, value in deps.values.items():
        yield name, deps.below(name, {"version": value} if isinstance(value, str) else value)


def _dependency(name: str, own: Table, origin: Table, kind: str, target: str | None) -> ProjectDep:
    """Return a dependency, the `origin` of which may be that of a workspace."""
    try:
        return ProjectDep(_read(name, own, origin, kind, target), _source(origin))
    except BadRequest as error:
        sentence = str(error)
        # The errors of a table say where it is, those of a value only what is wrong with it.
        raise InvalidManifest(
            sentence
            if own.where in sentence or origin.where in sentence
            else f"{own.where}: {error}"
        ) from error


def _read(name: str, own: Table, origin: Table, kind: str, target: str | None) -> LineDep:
    package, version = origin.text_or_none("package"), origin.text_or_none("version")
    parse_crate_name(name if package is None else package)
    if version is None and not origin.values.keys() & {"path", "git"}:
        raise InvalidManifest(
            f"{origin.where} has none of `version`, `path`, `git` and `workspace`"
        )
    features = (*origin.texts("features"), *(own.texts("features") if own is not origin else ()))
    # A member can enable the default features that its workspace disables, not disable them.
    default = origin.flag(spelling(origin, DEFAULT_FEATURES), default=True)
    enabled = own.flag(spelling(own, DEFAULT_FEATURES), default=False)
    return LineDep(
        name=parse_dependency_name(name),
        req=normalise_requirement("*" if version is None else version),
        features=features,
        optional=own.flag("optional", default=False),
        default_features=default or enabled,
        target=target,
        kind=kind,
        package=package,
    )


def _source(table: Table) -> Source:
    if (path := table.text_or_none("path")) is not None:
        return Local(f"the folder `{path}`")
    if (git := table.text_or_none("git")) is not None:
        return Local(f"the git repository `{git}`")
    if (name := table.text_or_none("registry")) is not None:
        return ByName(name)
    url = table.text_or_none("registry-index")
    return ByUrl(parse_registry_url(url)) if url else ByUrl()
