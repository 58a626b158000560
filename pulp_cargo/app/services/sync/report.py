"""What a sync reports: the crates and versions that it has left out, each with the reason."""

from dataclasses import dataclass, field
from typing import Any

from pulp_cargo.protocol.errors import printable

# The first ones are in the result of the task, the others are only counted.
MOST_LISTED = 1000
LONGEST_REASON = 500


@dataclass(slots=True)
class SyncReport:
    """The refused crates and versions; a crate as a whole has an empty `vers`."""

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

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the result of a task."""
        return {"refused_count": self.count, "refused": self.listed}
