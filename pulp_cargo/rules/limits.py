"""Placeholder."""
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class PublishLimits:
    max_crate_bytes: int = 50*1024*1024
    max_metadata_bytes: int = 1024*1024
    unpacked_bytes: int = 512*1024*1024
    entries: int = 20000
    features: int = 10000
    dependencies: int = 5000
def require_within(manifest, limits): pass
