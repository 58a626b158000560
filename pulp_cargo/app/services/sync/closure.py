"""The closure of what is selected, read from an index crate by crate (`rules/closure`).

The index files are read once: they are compressed in memory until their versions are loaded, so the
memory depends on the closure, not on the index.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec

from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.index_sources import IndexFile, IndexSource
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name
from pulp_cargo.protocol.packed_index import MAX_SIZE, pack, unpack
from pulp_cargo.protocol.upstream_index import UpstreamVersion, parse_index_file
from pulp_cargo.rules.closure import ClosureSearch, Dependent, Root
from pulp_cargo.rules.matching import Reason
from pulp_cargo.rules.mirror_selection import Offered, Selection

# A closure with more versions is everything, and is mirrored as such.
MOST_VERSIONS = 200_000
WHY = {
    Reason.NO_CRATE: "the upstream has no such crate",
    Reason.NO_VERSION: "no version of the upstream meets the requirement",
    Reason.ONLY_YANKED: "only yanked versions of the upstream meet the requirement",
}


class _Name(msgspec.Struct, gc=False):
    name: str = ""


_NAME = msgspec.json.Decoder(_Name)


def expand(
    index: IndexSource, selection: Selection, begin: Iterable[IndexFile], report: SyncReport
) -> tuple[Selection, Callable[[], Iterator[IndexFile]]]:
    """Return the selection of exactly the closure, and its index files.

    `begin` are the index files of the selected crates. What the closure lacks is reported.
    """
    packed: dict[str, bytes] = {}
    roots: list[Root] = []
    for name, body in begin:
        if body is None:
            continue
        try:
            roots += _roots(name, body, selection)
        except RegistryError as error:
            report.refuse(name, "", str(error))
        else:
            packed[name] = pack(body)
    search: ClosureSearch[UpstreamVersion] = ClosureSearch(roots, selection.scope)
    while missing := search.missing:
        search.add(_looked_up(index, missing, packed))
        if search.size > MOST_VERSIONS:
            raise CannotCopy(f"the closure has more than {MOST_VERSIONS} versions")
    closure = search.closure()
    for unmet in closure.unmet:
        needed = f", which {_said(unmet.needed_by)} needs" if unmet.needed_by else ""
        report.refuse(unmet.name, unmet.req, f"{WHY[unmet.reason]}{needed}")
    chosen = [(canonical_name(one.name), one.version.vers) for one in closure.versions]
    locked: dict[tuple[str, str], str | None] = {key: selection.locked.get(key) for key in chosen}
    names = {one.name.lower() for one in closure.versions}

    def files() -> Iterator[IndexFile]:
        for name in sorted(names):
            yield name, unpack(packed[name])

    exactly = replace(selection, crates=(), needed={}, locked=locked, newest=None, closure=False)
    return exactly, files


def _roots(name: str, body: bytes, selection: Selection) -> list[Root]:
    """Return the selected versions of a crate, each of which is mirrored as it is.

    Raises RegistryError for an index file that cannot be used.
    """
    versions = parse_index_file(body, name).versions
    spelled = {vers: _spelling(one) for vers, one in versions.items()}
    offered = (Offered(name, one.vers, one.yanked) for one in versions.values())
    return [selection.root(spelled[one], one) for one in sorted(selection.choose(name, offered))]


def _looked_up(
    index: IndexSource, missing: Iterable[str], packed: dict[str, bytes]
) -> Mapping[str, list[UpstreamVersion]]:
    """Return the versions of crates that are spelled exactly so; cargo finds no others."""
    wanted = [name for name in missing if CRATE_NAME.fullmatch(name)]
    unknown = sorted({name.lower() for name in wanted} - packed.keys())
    for name, body in index.named(unknown):
        # Unpacking would cut off a larger one.
        if body is not None and len(body) <= MAX_SIZE:
            packed[name] = pack(body)
    found: dict[str, list[UpstreamVersion]] = {}
    for name in wanted:
        if name.lower() in packed:
            versions = _versions(name.lower(), unpack(packed[name.lower()])).values()
            same = [one for one in versions if _spelling(one) == name]
            if same:
                found[name] = same
    return found


def _versions(name: str, body: bytes) -> Mapping[str, UpstreamVersion]:
    try:
        return parse_index_file(body, name).versions
    except RegistryError:
        return {}


def _spelling(version: UpstreamVersion) -> str:
    try:
        return _NAME.decode(version.line).name
    except msgspec.MsgspecError:
        return ""


def _said(dependents: Iterable[Dependent]) -> str:
    return ", ".join(f"`{one}`" for one in list(dependents)[:3])
