"""What a sync reports: the crates and versions that it has left out, each with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulp_cargo.protocol.errors import printable
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.semver import Version, parse_version
from pulp_cargo.rules.mirror_selection import Selection
from pulp_cargo.rules.project_needs import NeededCrate

# The first ones are in the result of the task, the others are only counted.
MOST_LISTED = 1000
LONGEST_REASON = 500
LONGEST_PATH = 200


@dataclass(slots=True)
class SyncReport:
    """The refused crates and versions; a crate or file as a whole has an empty `vers`."""

    count: int = 0
    # Whether a later sync with the same index would refuse the same versions.
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

    def require_needed(
        self,
        needed: Mapping[str, Iterable[NeededCrate]],
        mirrored: Iterable[tuple[str, str]],
    ) -> None:
        """Record the requirements of projects that no mirrored version meets.

        Both have the crates by their canonical names.
        """
        versions: dict[str, list[Version]] = {}
        for name, vers in mirrored:
            versions.setdefault(name, []).append(parse_version(vers))
        missing = {canonical_name(one["name"]) for one in self.listed if not one["vers"]}
        for name, deps in needed.items():
            for one in deps if name not in missing else ():
                if not any(map(one.is_met_by, versions.get(name, ()))):
                    self.refuse(one.name, str(one.requirement), "no mirrored version meets it")

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the result of a task."""
        return {"refused_count": self.count, "refused": self.listed}
