"""What a sync reports: the crates and versions that it has left out, each with the reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pulp_cargo.protocol.errors import printable
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.mirror_selection import Selection, WantedCrate
from pulp_cargo.rules.project_needs import NeededCrate

# Returns the mirrored versions of crates; both with the canonical names.
VersionsOf = Callable[[Iterable[str]], Iterable[tuple[str, str]]]
# Returns the numbers of the mirrored versions of all crates that a pattern matches.
VersionsLike = Callable[[str], Iterable[str]]

# The first ones are in the result of the task, the others are only counted.
MOST_LISTED = 1000
LONGEST_REASON = 500
LONGEST_PATH = 200


@dataclass(slots=True)
class SyncReport:
    """The refused crates and versions; a crate or file as a whole has an empty `vers`."""

    count: int = 0
    # Whether a later sync with the same index has nothing to try again or to report.
    is_complete: bool = True
    listed: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, name: str, vers: str, reason: str) -> None:
        """Record that a version, or with an empty `vers` a crate, is left out."""
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            shown = printable(reason[:LONGEST_REASON])
            self.listed.append({"name": printable(name), "vers": printable(vers), "reason": shown})

    def refuse_path(self, path: str) -> None:
        """Record that a file of the index is not read, because no index file belongs there."""
        self.refuse(path[-LONGEST_PATH:], "", "it is not at the path of the index file of a crate")

    def leave_out(self, selection: Selection) -> None:
        """Record the dependencies of projects that are not from the upstream."""
        for one in selection.left_out:
            self.refuse(one.name, one.req, one.reason)

    def require_selected(
        self, selection: Selection, versions_of: VersionsOf, versions_like: VersionsLike
    ) -> None:
        """Record the selected versions, and requirements, of which there is nothing in the mirror."""
        before = self.count
        self._require_patterns(selection, versions_like)
        self._require_named(selection, versions_of)
        self.is_complete = self.is_complete and self.count == before

    def _require_patterns(self, selection: Selection, versions_like: VersionsLike) -> None:
        for one in selection.crates:
            if one.is_pattern and not any(
                one.is_met_by(parse_version(vers)) for vers in versions_like(one.pattern)
            ):
                self.refuse(one.name, str(one.requirement), "no mirrored version matches it")

    def _require_named(self, selection: Selection, versions_of: VersionsOf) -> None:
        wanted: list[WantedCrate | NeededCrate] = [
            *(one for one in selection.crates if not one.is_pattern),
            *(one for deps in selection.needed.values() for one in deps),
        ]
        names = {canonical_name(one.name) for one in wanted} | {
            name for name, _ in selection.locked
        }
        mirrored: dict[str, set[str]] = {name: set() for name in names}
        for name, vers in versions_of(names):
            mirrored[name].add(vers)
        reported = {(canonical_name(one["name"]), one["vers"]) for one in self.listed}
        for one in wanted:
            name = canonical_name(one.name)
            is_met = any(one.is_met_by(parse_version(vers)) for vers in mirrored[name])
            if not is_met and (name, "") not in reported:
                self.refuse(one.name, str(one.requirement), "no mirrored version meets it")
        for name, vers in sorted(selection.locked):
            if vers not in mirrored[name] and not {(name, ""), (name, vers)} & reported:
                self.refuse(name, vers, "the upstream has no such version")

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the result of a task."""
        return {"refused_count": self.count, "refused": self.listed}
