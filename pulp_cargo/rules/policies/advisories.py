"""Security advisories about versions of crates.

Two formats are supported: RustSec's, which is TOML before Markdown (advisory-db, README), and OSV's
JSON (OSV schema, `affected`), in which RustSec and others export theirs. Ranges are read as in
`cargo audit`: a pre-release is affected if it is between affected versions.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from pulp_cargo.protocol.errors import InvalidAdvisory, InvalidRequirement, InvalidVersion
from pulp_cargo.protocol.names import CanonicalName, canonical_name
from pulp_cargo.protocol.requirement import Comparator, parse_requirement
from pulp_cargo.protocol.semver import Version, VersionRange, parse_version
from pulp_cargo.protocol.table import Table, parse_json_object
from pulp_cargo.protocol.toml import parse_toml

T = TypeVar("T")
R = TypeVar("R")

_FENCE = "```"
# Maximum length of the TOML in an advisory, in characters; real advisories have some kilobytes.
MAX_TOML = 128 * 1024
# OSV calls crates.io an ecosystem; other registries have none.
_ECOSYSTEM = "crates.io"


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory about one crate; `informational` is the reason why it is no vulnerability."""

    id: str
    name: CanonicalName
    affected: tuple[VersionRange, ...]
    unaffected: tuple[VersionRange, ...]
    patched: tuple[VersionRange, ...]
    informational: str | None = None
    withdrawn: bool = False


def affects(advisory: Advisory, vers: Version) -> bool:
    """Return whether a version is affected."""
    if advisory.withdrawn or any(vers in range_ for range_ in advisory.unaffected):
        return False
    return any(vers in range_ for range_ in advisory.affected)


def is_patched(advisory: Advisory, vers: Version) -> bool:
    """Return whether the vulnerability existed before the version and is fixed in it."""
    patched = any(vers in range_ for range_ in advisory.patched)
    return patched and not advisory.withdrawn and not affects(advisory, vers)


def fixes(advisories: Iterable[Advisory], vers: Version, older: Iterable[Version]) -> list[str]:
    """Return the ids of advisories that affect the newest older version and are fixed in this one.

    `older` has only versions that are served, so the first patched release counts as a fix, but not
    the next one: otherwise any release after a fix would be let through.
    """
    newest = max((other for other in older if other < vers), default=None)
    if newest is None:
        return []
    return [a.id for a in advisories if affects(a, newest) and is_patched(a, vers)]


def parse_advisory(text: str, left_out: list[str] | None = None) -> tuple[Advisory, ...]:
    """Parse an advisory into one for each crate, or raise with the reason.

    An invalid part does not discard the valid parts, whose crates would seem to be unaffected. Its
    fault is added to `left_out`. If no part is valid, InvalidAdvisory is raised.

    >>> parse_advisory('{"id": "OSV-1", "affected": []}')
    ()
    """
    faults: list[str] = []
    if text.lstrip().startswith("{"):
        osv = parse_json_object(text, "the OSV advisory", InvalidAdvisory)
        found = tuple(_parse_osv(osv, faults))
    else:
        found = (_parse_rustsec(_front_matter(text), faults),)
    if faults and not found:
        raise InvalidAdvisory(faults[0])
    if left_out is not None:
        left_out.extend(faults)
    return found


def _good_ones(parse: Callable[[T], R], parts: Iterable[T], left_out: list[str]) -> tuple[R, ...]:
    """Return the valid parts; the faults of the others are added to `left_out`.

    If none is valid, the first fault is raised.
    """
    good: list[R] = []
    faults: list[InvalidAdvisory] = []
    for part in parts:
        try:
            good.append(parse(part))
        except InvalidAdvisory as error:
            faults.append(error)
    if faults and not good:
        raise faults[0]
    left_out.extend(map(str, faults))
    return tuple(good)


def _front_matter(text: str) -> Table:
    lines = text.replace("\r\n", "\n").strip().split("\n")
    if lines[0] == f"{_FENCE}toml":
        if _FENCE not in lines:
            raise InvalidAdvisory(f"the TOML at the start of the advisory has no end, {_FENCE}")
        lines = lines[1 : lines.index(_FENCE)]
    toml = "\n".join(lines)
    if len(toml) > MAX_TOML:
        raise InvalidAdvisory("the TOML at the start of the advisory is too long")
    # Older advisories are nothing but the TOML.
    return parse_toml(toml, "the advisory", InvalidAdvisory)


def _parse_rustsec(front: Table, left_out: list[str]) -> Advisory:
    about, versions = front.table("advisory"), front.table("versions")
    patched = versions.texts_or_none("patched")
    if patched is None:
        raise InvalidAdvisory("`versions` of the advisory has no `patched`")
    # Versions that are neither patched nor unaffected are affected.
    mended = _good_ones(_range, patched, left_out)
    unaffected = _good_ones(_range, versions.texts("unaffected"), left_out)
    return Advisory(
        id=about.text("id"),
        name=canonical_name(about.text("package")),
        affected=(VersionRange(),),
        unaffected=(*mended, *unaffected),
        patched=mended,
        informational=about.text_or_none("informational"),
        withdrawn=about.values.get("withdrawn") is not None,
    )


def _range(text: str) -> VersionRange:
    try:
        requirement = parse_requirement(text)
    except InvalidRequirement as error:
        raise InvalidAdvisory(str(error)) from error
    whole = tuple(_whole(comparator) for comparator in requirement.comparators)
    return dataclasses.replace(requirement, comparators=whole).range()


def _whole(comparator: Comparator) -> Comparator:
    # In RustSec `> 0` means `> 0.0.0`, not `>= 1.0.0` as in cargo.
    if comparator.op not in (">", "<=", "="):
        return comparator
    major, minor, patch = (*comparator.numbers, 0, 0)[:3]
    return dataclasses.replace(comparator, numbers=(major, minor, patch))


def _parse_osv(osv: Table, left_out: list[str]) -> Iterator[Advisory]:
    parts = osv.values.get("affected")
    if not isinstance(parts, list):
        what = "has no `affected`" if parts is None else "has an `affected` that is not a list"
        raise InvalidAdvisory(f"the OSV advisory {what}")
    for number, part in enumerate(parts):
        try:
            affected = osv.below(f"affected[{number}]", part)
            package = affected.table("package")
            if package.text("ecosystem") == _ECOSYSTEM:
                yield _parse_affected(osv, package.text("name"), affected, left_out)
        except InvalidAdvisory as error:
            left_out.append(str(error))


def _parse_affected(osv: Table, name: str, affected: Table, left_out: list[str]) -> Advisory:
    ranges = _good_ones(
        lambda table: list(_events(table)),
        # Ranges of other types are about commits.
        (
            table
            for table in (
                affected.list_of_tables("ranges") if affected.values.get("ranges") else ()
            )
            if table.text("type") in ("SEMVER", "ECOSYSTEM")
        ),
        left_out,
    )
    named = _good_ones(_osv_version, affected.texts("versions"), left_out)
    return Advisory(
        id=osv.text("id"),
        name=canonical_name(name),
        affected=(
            *(affected for events in ranges for affected in _affected(events)),
            *(VersionRange(vers, vers.next) for vers in named),
        ),
        unaffected=(),
        patched=tuple(
            VersionRange(at) for events in ranges for at, _, what in events if what == "fixed"
        ),
        informational=affected.table("database_specific").text_or_none("informational"),
        withdrawn=osv.text_or_none("withdrawn") is not None,
    )


def _events(table: Table) -> Iterator[tuple[Version, bool, str]]:
    """Iterate over the events of a range: version, whether it is affected from there, and name."""
    for event in table.list_of_tables("events"):
        for what in ("introduced", "fixed", "last_affected"):
            text = event.text_or_none(what)
            if text is not None:
                vers = _osv_version(text)
                yield (vers.next if what == "last_affected" else vers, what == "introduced", what)


def _affected(events: Iterable[tuple[Version, bool, str]]) -> Iterator[VersionRange]:
    start = None
    # `introduced` and `fixed` at the same version, as in RustSec's exports, cancel each other.
    for at, begins, _ in sorted(events, key=itemgetter(0)):
        if begins:
            start = at if start is None else start
        elif start is not None:
            yield VersionRange(start, at)
            start = None
    if start is not None:
        yield VersionRange(start)


def _osv_version(text: str) -> Version:
    """Parse a version; `0` precedes all others, and missing numbers are zeros."""
    if text == "0":
        return Version(0, 0, 0, "0")
    missing = 2 - text.count(".") if text.replace(".", "").isdigit() else 0
    try:
        return parse_version(text + ".0" * missing)
    except InvalidVersion as error:
        raise InvalidAdvisory(str(error)) from error
