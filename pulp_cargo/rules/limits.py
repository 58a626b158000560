"""Size limits of published crates.

crates.io has lower limits, but grants exceptions: web-sys has 1,727 features. A private registry
only has to protect itself.
"""

from dataclasses import dataclass

from pulp_cargo.protocol.crate_file import Limits
from pulp_cargo.protocol.errors import RuleBroken
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.manifest_deps import MOST_DEPENDENCIES

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PublishLimits:
    """The limits of a registry, with defaults that all crates on crates.io meet."""

    max_crate_bytes: int = 50 * _MIB
    max_metadata_bytes: int = 1 * _MIB
    unpacked_bytes: int = 512 * _MIB
    entries: int = 20_000
    manifest_bytes: int = 1 * _MIB
    readme_bytes: int = 1 * _MIB
    features: int = 10_000
    feature_values: int = 10_000
    dependencies: int = MOST_DEPENDENCIES

    def of_crate_file(self) -> Limits:
        """Return the limits of the archive; a file of the allowed size may unpack to that size."""
        return Limits(
            unpacked_bytes=max(self.unpacked_bytes, self.max_crate_bytes),
            entries=self.entries,
            manifest_bytes=self.manifest_bytes,
            readme_bytes=self.readme_bytes,
        )


def require_within(manifest: Manifest, limits: PublishLimits) -> None:
    """Raise with each limit that a manifest exceeds, and by how much."""
    counts = [
        ("dependencies", len(manifest.deps), limits.dependencies),
        ("features", len(manifest.features), limits.features),
        *(
            (f"values in the feature `{name}`", len(values), limits.feature_values)
            for name, values in manifest.features.items()
        ),
    ]
    over = [
        f"the crate has {count} {what}, but this registry allows at most {limit}"
        for what, count, limit in counts
        if count > limit
    ]
    if over:
        raise RuleBroken(over)
